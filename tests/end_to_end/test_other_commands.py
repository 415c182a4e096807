"""Scoring, predicting, looking at data, leaderboards and the doctor, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from commands import TOY, InProcess
from PIL import Image
from trees import dotted_photo, encoded, make_photo_folder, write_files

from harness.record import Record, read_record
from harness.registry import registry

Arrays = dict[str, np.ndarray]

CELL = (*TOY, "--no-baselines", "--preset", "smoke")


@pytest.fixture
def run_folder(cli: InProcess) -> Path:
    """The folder of a finished toy run."""
    assert cli(*CELL).code == 0
    (path,) = Path("runs").glob("toy_discs/toy_colours-*")
    return path


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def score(cli: InProcess, predictions: Path | str, *more: str, name: str = "theirs") -> Record:
    arguments = ("--suite", "toy_discs", "--predictions", str(predictions), "--name", name)
    done = cli("score", *arguments, "--json", *more)
    assert done.code == 0, done.err
    return Record.model_validate_json(done.out)


def test_predictions_of_a_run_score_the_same_from_outside(cli: InProcess, run_folder: Path) -> None:
    record = score(cli, run_folder / "predictions.npz")
    own = read_record(run_folder / "record.json")
    assert [s.value for s in record.scores] == [s.value for s in own.scores]
    assert record.suite.fingerprint == own.suite.fingerprint
    assert record.method.kind == "external"
    boards = cli("leaderboard", "toy_discs").out
    assert "theirs" in boards
    assert "toy_colours" in boards


def test_lost_keypoints_are_counted_and_never_help(cli: InProcess, run_folder: Path) -> None:
    arrays = dict(np.load(run_folder / "predictions.npz"))
    arrays["test_keypoints"][:5] = np.nan
    np.savez("lost.npz", **arrays)
    whole = score(cli, run_folder / "predictions.npz", "--set", "origin=centre").scores[0]
    lost = score(cli, "lost.npz", name="lost").scores[0]
    assert lost.value is not None
    assert whole.value is not None
    assert lost.value > whole.value
    assert lost.excluded == {"keypoints: missing in test, set to image centre": 10}
    assert lost.n == 48


def test_score_without_a_suite(cli: InProcess) -> None:
    truth = np.array([[[0.25, 0.5], [0.75, 0.5]]] * 2)
    np.savez("truth.npz", test_landmarks=truth)
    np.savez("found.npz", test_landmarks=truth + np.array([0.05, 0.0]))
    arguments = ("--metric", "inter_ocular_error", "--truth", "truth.npz")
    eyes = ("--set", "left_eye=[0]", "--set", "right_eye=[1]")
    done = cli("score", *arguments, *eyes, "--predictions", "found.npz", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["scores"][0]["value"] == pytest.approx(10.0)


#: What is changed in good predictions, and a word of the one sentence.
REFUSED_PREDICTIONS: Mapping[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "missing ids": (lambda a: {k: v for k, v in a.items() if k != "test_ids"}, "'test_ids'"),
    "repeated ids": (
        lambda a: {**a, "test_ids": np.array([a["test_ids"][0]] * len(a["test_ids"]))},
        "'test-000' stands there twice",
    ),
    "unknown ids": (
        lambda a: {**a, "test_ids": np.array([f"x{i}" for i in a["test_ids"]])},
        "'xtest-000'",
    ),
    "too few images": (
        lambda a: {k: v[:-1] if k.startswith("test_") else v for k, v in a.items()},
        "'test-047'",
    ),
    "pixels instead of fractions": (
        lambda a: {**a, "test_keypoints": 16 * a["test_keypoints"]},
        "fractions",
    ),
    "three coordinates": (
        lambda a: {**a, "test_keypoints": np.zeros((48, 2, 3))},
        "[48, 2, 3], expected [N, K, 2]",
    ),
    "too many keypoints": (
        lambda a: {**a, "test_keypoints": np.zeros((48, 9, 2))},
        "at most 2",
    ),
    "masks of another size": (
        lambda a: {**a, "test_parts": np.zeros((48, 8, 8), np.uint8)},
        "[48, 8, 8], expected [48, 16, 16]",
    ),
    "nothing to score": (lambda a: {"test_ids": a["test_ids"]}, "nothing to score"),
    "objects": (lambda a: {**a, "test_ids": a["test_ids"].astype(object)}, "plain arrays"),
}


@pytest.mark.parametrize(
    ("change", "word"), REFUSED_PREDICTIONS.values(), ids=REFUSED_PREDICTIONS.keys()
)
def test_wrong_predictions_are_refused_in_one_sentence(
    change: Callable[[Arrays], Arrays], word: str, cli: InProcess, run_folder: Path
) -> None:
    np.savez("wrong.npz", **change(dict(np.load(run_folder / "predictions.npz"))))
    before = set(Path("runs").rglob("record.json"))
    done = cli("score", "--suite", "toy_discs", "--predictions", "wrong.npz", "--name", "wrong")
    assert done.code == 2
    assert word in done.error
    assert set(Path("runs").rglob("record.json")) == before


def test_predict_writes_keypoints_masks_and_overlays_in_the_photos_own_pixels(
    cli: InProcess, run_folder: Path
) -> None:
    for name, size in {"portrait": (30, 50), "landscape": (64, 20)}.items():
        write_files(Path("photos"), {f"{name}.jpg": encoded(dotted_photo(size), "JPEG")})
    done = cli("predict", str(run_folder), "photos", "--out", "found")
    assert done.code == 0, done.err
    assert all(Path(line).exists() for line in done.out.splitlines())
    coco = json.loads(Path("found/keypoints.json").read_text())
    sizes = {image["file_name"]: (image["width"], image["height"]) for image in coco["images"]}
    assert sorted(sizes.values()) == [(30, 50), (64, 20)]
    assert len(coco["annotations"]) == 2
    for folder in ("masks", "overlays"):
        found = sorted(size_of(path) for path in Path("found", folder).iterdir())
        assert found == [(30, 50), (64, 20)]


def test_predict_names_what_is_no_photo(cli: InProcess, run_folder: Path) -> None:
    write_files(Path("photos"), {"a.png": "hello", "b.png": encoded(dotted_photo((20, 20)))})
    done = cli("predict", str(run_folder), "photos", "--out", "found")
    assert done.code == 2
    assert "a.png" in done.error
    done = cli("predict", str(run_folder), "photos", "--out", "found", "--skip-broken")
    assert done.code == 0
    assert "a.png" in done.err


@pytest.mark.parametrize("what", ["nowhere", "photos"])
def test_predict_from_a_folder_without_a_run_is_refused(what: str, cli: InProcess) -> None:
    write_files(Path("photos"), {"a.png": encoded(dotted_photo((20, 20)))})
    done = cli("predict", what, "photos", "--out", "found")
    assert done.code == 2
    assert what in done.error
    assert not Path("found").exists()


def test_data_check_counts_and_approves(cli: InProcess) -> None:
    done = cli("data", "check", "toy_discs", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    assert report["ok"] is True
    assert {one["split"]: one["images"] for one in report["splits"]}["test"] == 48


def test_data_check_refuses_a_broken_photo(cli: InProcess) -> None:
    root = make_photo_folder(Path("photos"), 10)
    (root / "photo-003.png").write_text("hello")
    done = cli("data", "check", "own_images", "--data", "photos")
    assert done.code == 1
    assert "photo-003.png" in done.out
    assert "1 checks failed" in done.error or "2 checks failed" in done.error


def test_data_preview_draws_a_picture(cli: InProcess) -> None:
    done = cli("data", "preview", "toy_discs", "--count", "4", "--out", "preview.png")
    assert done.code == 0
    assert done.out == "preview.png\n"
    assert min(size_of(Path("preview.png"))) > 100


def test_data_preview_of_an_unknown_split_is_refused(cli: InProcess) -> None:
    done = cli("data", "preview", "toy_discs", "--split", "tset", "--out", "preview.png")
    assert done.code == 2
    assert "tset" in done.error
    assert not Path("preview.png").exists()


def test_leaderboard_check_notices_a_stale_file(cli: InProcess, run_folder: Path) -> None:
    arguments = ("leaderboard", "--records", "runs", "--out", "boards")
    assert cli(*arguments).code == 0
    assert cli(*arguments, "--check").code == 0
    board = Path("boards/toy_discs.md")
    board.write_text(board.read_text().replace("toy_colours", "toy_colors"))
    done = cli(*arguments, "--check")
    assert done.code == 1
    assert "toy_discs.md" in done.error
    board.unlink()
    assert cli(*arguments, "--check").code == 1


def test_leaderboard_without_a_folder_of_records_says_so(cli: InProcess) -> None:
    done = cli("leaderboard")
    assert done.code == 2
    assert done.error.startswith("runs: no such folder")


def test_leaderboard_never_mixes_fingerprints(cli: InProcess, run_folder: Path) -> None:
    assert cli(*CELL, "--set", "suite.parts=1", "--output", "runs").code == 0
    (board,) = json.loads(cli("leaderboard", "--json").out)
    tables = board["tables"]
    assert [len(table["rows"]) for table in tables] == [1, 1]
    assert tables[0]["fingerprint"] != tables[1]["fingerprint"]


def test_doctor_finds_nothing_wrong_here(cli: InProcess) -> None:
    done = cli("doctor", "--json")
    assert done.code == 0, done.out
    found = {(one["topic"], one["what"]): one["status"] for one in json.loads(done.out)}
    assert found["device", "cpu"] == found["data", "toy_discs"] == "ok"
    assert found["data", "celeba_wild"] == "note"


def test_doctor_names_a_plugin_that_is_broken(
    cli: InProcess, broken_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(broken_site))
    registry.cache_clear()
    done = cli("doctor")
    assert "no toys on Sundays" in " ".join(done.out.split())
