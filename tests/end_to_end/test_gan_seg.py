"""The main job at its smallest: GANSeg on drawn faces, on CelebA's official tree, on photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import SMALL_FACES, InProcess
from trees import make_celeba_tree, make_photo_folder

from harness.record import Record, read_record

TINY = (
    *("run", "--method", "gan_seg", "--preset", "smoke", "--threads", "1"),
    *("--set", "batch_size=4", "--set", "segmenter_batch_size=4"),
    *("--set", "steps=4", "--set", "segmenter_steps=3"),
)


def record_of(method: str, preset: str) -> Record:
    (path,) = Path("runs").glob(f"*/{method}-{preset}-*/record.json")
    return read_record(path)


def test_gan_seg_learns_on_the_drawn_faces_and_offers_its_parts(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness_metrics.features.face_attributes.STEPS", 5)
    done = cli(*TINY, *SMALL_FACES)
    assert done.code == 0, done.err
    record = record_of("gan_seg", "smoke")
    assert record.notes == ["keypoints: part_centres"]
    assert record.method.sees == ["images"]
    assert record.cost is not None
    assert record.cost.parameters > 10_000
    for metric in ("inter_ocular_error", "foreground_iou", "part_iou", "nmi", "ari", "parts_used"):
        score = record.score(metric)
        assert score is not None
        assert score.n == 24
    for metric in ("frechet_distance", "diversity", "edit_locality", "move_consistency"):
        score = record.score(metric)
        assert score is not None
        assert score.value is not None
    assert record_of("gan_seg", "untrained").method.kind == "trivial"
    (folder,) = Path("runs/synthetic_faces").glob("gan_seg-smoke-*")
    make_photo_folder(Path("photos"), 3, labelled=False)
    assert cli("predict", str(folder), "photos", "--out", "found").code == 0
    assert len(list(Path("found/overlays").iterdir())) == 3


@pytest.mark.parametrize("root", ["tree", "tree/celeba"])
def test_gan_seg_runs_on_the_official_tree_of_celeba(root: str, cli: InProcess) -> None:
    make_celeba_tree(Path("tree"), 60)
    more = ("--set", "suite.image_size=32", "--set", "suite.count=8", "--no-baselines")
    done = cli(*TINY, "--suite", "celeba_wild", "--data", root, *more)
    assert done.code == 0, done.err
    record = record_of("gan_seg", "smoke")
    assert record.score("fid") or any("fid was not measured" in note for note in record.notes)
    error = record.score("inter_ocular_error")
    assert error is not None
    # Test is MAFL's: every fifth photo, without every seventh, whose face is too small.
    assert error.n == len([i for i in range(1, 61) if i % 5 == 0 and i % 7]) == 11
    assert error.params["left_eye"] == [0]


def test_gan_seg_learns_on_own_photos_without_labels(cli: InProcess) -> None:
    make_photo_folder(Path("photos"), 12, labelled=False)
    more = ("--set", "suite.image_size=32", "--no-baselines")
    done = cli(*TINY, "--suite", "own_images", "--data", "photos", *more)
    assert done.code == 0, done.err
    record = record_of("gan_seg", "smoke")
    missing = {score.metric: score.missing for score in record.scores if score.value is None}
    assert missing["landmark_error"] == "the dataset has no landmarks"
    assert missing["foreground_iou"] == "the dataset has no foreground masks"
    (folder,) = Path("runs/own_images").glob("gan_seg-smoke-*")
    assert (folder / "pictures" / "predictions.png").exists()
