from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from toy_world import Toy


@pytest.fixture
def photos(toy: Toy) -> Path:
    folder = toy.folder / "photos"
    folder.mkdir()
    for index, (width, height) in enumerate([(40, 30), (20, 50)]):
        Image.fromarray(np.full((height, width, 3), 90, np.uint8)).save(folder / f"{index}.png")
    return folder


def fitted(toy: Toy, method: str = "toy_net") -> str:
    outcome = toy.runner().run(toy.cell(method))
    assert outcome.folder is not None, outcome.error
    return str(outcome.folder)


def test_photos_get_keypoints_masks_and_overlays(cli: InProcess, toy: Toy, photos: Path) -> None:
    done = cli("predict", fitted(toy), "photos", "--out", "found", "--device", "cpu")
    assert done.code == 0, done.err
    found = set(done.out.splitlines())
    assert found == {
        "found/keypoints.json",
        *(f"found/{kind}/{index}.png" for kind in ("masks", "overlays") for index in (0, 1)),
    }
    assert all((cli.folder / path).exists() for path in found)


def test_broken_photo_stops_unless_it_may_be_skipped(
    cli: InProcess, toy: Toy, photos: Path
) -> None:
    (photos / "bad.jpg").write_text("<html>")
    run = fitted(toy)
    done = cli("predict", run, "photos", "--out", "found")
    assert done.code == 2
    assert "photos/bad.jpg" in done.error
    done = cli("predict", run, "photos", "--out", "found", "--skip-broken")
    assert done.code == 0
    assert "warning: photos/bad.jpg" in done.err
    done = cli("predict", run, "photos/bad.jpg", "--out", "other", "--skip-broken")
    assert (done.code, done.error) == (2, "No photo could be read.")


def test_oracle_and_folder_without_run_are_refused(cli: InProcess, toy: Toy, photos: Path) -> None:
    done = cli("predict", fitted(toy, "toy_oracle"), "photos", "--out", "found")
    assert (done.code, "true labels" in done.error) == (2, True)
    done = cli("predict", "photos", "photos", "--out", "found")
    assert (done.code, "no finished run" in done.error) == (2, True)
