"""Generators without keypoints on drawn faces, from the command to the record and to samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import SMALL_FACES, InProcess

from harness.record import read_record

SMALL = {
    "stylegan2": ("--set", "images=32", "--set", "batch_size=8"),
    "progressive_gan": (
        *("--set", "stable_images=8", "--set", "fading_images=8"),
        *("--set", "images=64", "--set", "batch_sizes=[8, 8, 8, 8]"),
    ),
}


@pytest.mark.parametrize("method", SMALL)
def test_smoke_learns_on_the_drawn_faces_and_draws_new_ones(method: str, cli: InProcess) -> None:
    command = ("run", "--method", method, "--preset", "smoke", "--no-baselines")
    done = cli(*command, *SMALL[method], "--metrics", "diversity", *SMALL_FACES)
    assert done.code == 0, done.err
    (path,) = Path("runs").glob(f"*/{method}-smoke-*/record.json")
    score = read_record(path).score("diversity")
    assert score is not None
    assert score.value > 0
    pictures = {picture.name.split("-")[0] for picture in (path.parent / "pictures").iterdir()}
    assert "samples" in pictures
    assert cli("sample", str(path.parent), "-n", "3", "--out", "drawn").code == 0
    assert len(list(Path("drawn").iterdir())) == 2
