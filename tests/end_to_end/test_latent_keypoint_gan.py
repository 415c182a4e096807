"""LatentKeypointGAN on drawn faces, from the command to the record and to samples."""

from __future__ import annotations

from pathlib import Path

from commands import SMALL_FACES, InProcess

from harness.record import read_record

SMALL = (
    *("run", "--method", "latent_keypoint_gan", "--preset", "smoke", "--no-baselines"),
    *("--set", "stage_images=[16]", "--set", "batch_sizes=[4]", "--set", "background_pairs=2"),
    *("--set", "detector_pairs=12", "--set", "detector_batch_size=4"),
    *("--metrics", "inter_ocular_error,keypoint_spread"),
)


def test_smoke_learns_on_the_drawn_faces_and_offers_keypoints_and_samples(cli: InProcess) -> None:
    done = cli(*SMALL, *SMALL_FACES)
    assert done.code == 0, done.err
    (path,) = Path("runs").glob("*/latent_keypoint_gan-smoke-*/record.json")
    record = read_record(path)
    error = record.score("inter_ocular_error")
    assert error is not None
    assert error.n == 24
    pictures = {picture.name.split("-")[0] for picture in (path.parent / "pictures").iterdir()}
    assert {"samples", "detected"} <= pictures
    assert cli("sample", str(path.parent), "-n", "3", "--out", "drawn").code == 0
