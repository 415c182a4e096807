from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import InProcess
from toy_world import Toy

from harness.record import Record, read_record
from harness.registry import registry

REPLAY = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "replay" / "mafl_k10.npz"


@pytest.fixture
def run(toy: Toy) -> Path:
    """The folder of a finished run, whose predictions are then scored as if made elsewhere."""
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    return outcome.folder


def scored(cli: InProcess, run: Path, *more: str) -> Record:
    predictions = ("--predictions", str(run / "predictions.npz"))
    done = cli("score", "--suite", "toy", *predictions, "--name", "theirs", "--json", *more)
    assert done.code == 0, done.err
    return Record.model_validate_json(done.out)


def test_predictions_of_a_run_get_the_scores_of_the_run(cli: InProcess, run: Path) -> None:
    original, outside = read_record(run / "record.json"), scored(cli, run)
    assert outside.scores == original.scores
    assert outside.suite == original.suite
    assert (outside.method.kind, outside.method.preset) == ("external", "external")
    assert outside.method.name == "theirs"
    assert outside.cost is None


def test_record_is_kept_and_joins_the_leaderboard(cli: InProcess, run: Path) -> None:
    scored(cli, run, "--seed", "3", "--sees", "images,labels")
    (folder,) = (cli.folder / "runs" / "toy").glob("theirs-external-seed3-*")
    kept = read_record(folder / "record.json")
    assert (kept.seed, kept.method.sees) == (3, ["images", "labels"])
    for name in kept.artifacts.values():
        assert (folder / name).exists()
    assert "measured outside" in cli("leaderboard").out


def test_file_with_gaps_in_its_names_is_refused_and_nothing_is_written(
    cli: InProcess, run: Path
) -> None:
    arrays = dict(np.load(run / "predictions.npz"))
    arrays["test_ids"] = np.array(["strange", *arrays["test_ids"][1:]])
    np.savez(cli.folder / "p.npz", **arrays)
    done = cli("score", "--suite", "toy", "--predictions", "p.npz", "--name", "theirs")
    assert done.code == 2
    assert "'strange'" in done.error
    assert not list((cli.folder / "runs" / "toy").glob("theirs*"))


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        (("test_ids",), "nothing to score"),
        (("test_ids", "test_keypoints"), "regress_ids and regress_keypoints are missing"),
    ],
    ids=["nothing", "no regressor"],
)
def test_incomplete_file_says_what_it_lacks(
    cli: InProcess, run: Path, kept: tuple[str, ...], sentence: str
) -> None:
    with np.load(run / "predictions.npz") as arrays:
        np.savez(cli.folder / "p.npz", **{name: arrays[name] for name in kept})
    done = cli("score", "--suite", "toy", "--predictions", "p.npz", "--name", "theirs")
    assert (done.code, sentence in done.error) == (2, True)


def test_suite_settings_give_another_protocol(cli: InProcess, run: Path) -> None:
    changed = scored(cli, run, "--set", "suite.scale=2.0")
    original = read_record(run / "record.json")
    assert changed.suite.fingerprint != original.suite.fingerprint
    assert changed.scores[0].value == pytest.approx(2 * (original.scores[0].value or 0))


def test_record_of_other_parameters_is_put_aside(cli: InProcess, toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_distance"}, {"name": "toy_spread"}])
    run = toy.runner().run(toy.cell()).folder
    assert run is not None
    before, after = scored(cli, run), scored(cli, run, "--set", "suite.scale=2.0")
    assert after.suite.fingerprint == before.suite.fingerprint
    (folder,) = (cli.folder / "runs" / "toy").glob("theirs-*")
    assert read_record(folder / "record.json") == after
    assert [read_record(path) for path in (folder / "records").iterdir()] == [before]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Name either --suite"),
        (["--suite", "toy", "--metric", "toy_spread"], "Name either --suite"),
        (["--suite", "toy"], "--name"),
        (["--metric", "toy_spread"], "--truth"),
        (["--suite", "toy", "--name", "a/b"], "use letters"),
        (["--suite", "toy", "--name", "a", "--sees", "label"], "Did you mean 'labels'"),
        (["--suite", "toi", "--name", "a"], "Did you mean 'toy'"),
    ],
)
def test_wrong_words_are_one_sentence(cli: InProcess, words: list[str], sentence: str) -> None:
    done = cli("score", "--predictions", "p.npz", *words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.error


def test_metric_alone_prints_a_table(cli: InProcess) -> None:
    points = np.linspace(0, 1, 12).reshape(3, 2, 2)
    np.savez(cli.folder / "p.npz", test_keypoints=points)
    np.savez(cli.folder / "t.npz", test_landmarks=points)
    words = ["--predictions", "p.npz", "--truth", "t.npz", "--set", "scale=2"]
    done = cli("score", "--metric", "toy_spread", *words)
    assert done.code == 0, done.err
    assert f"{2 * points[..., 0].mean():.4f}" in done.out
    assert "unscaled" in done.out


@pytest.fixture
def mafl(cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Scores of a real 10-keypoint model on all of MAFL, whose arrays are (y, x) minus 0.5."""
    if not REPLAY.exists():
        pytest.skip("shared/data/replay/mafl_k10.npz does not lie beside the checkout")
    monkeypatch.delenv("HARNESS_PLUGINS")
    registry.cache_clear()
    arrays = {name: values[..., ::-1] + 0.5 for name, values in _points(np.load(REPLAY)).items()}
    ours = {"regress_keypoints": arrays["train_pred"], "test_keypoints": arrays["test_pred"]}
    theirs = {"regress_landmarks": arrays["train_gt"], "test_landmarks": arrays["test_gt"]}

    def call(scale: float, *words: str) -> float:
        np.savez(cli.folder / "p.npz", **{name: scale * value for name, value in ours.items()})
        np.savez(cli.folder / "t.npz", **{name: scale * value for name, value in theirs.items()})
        files = ("--predictions", "p.npz", "--truth", "t.npz", "--json")
        eyes = ("--set", "left_eye=0", "--set", "right_eye=1")
        done = cli("score", "--metric", "inter_ocular_error", *files, *eyes, *words)
        assert done.code == 0, done.err
        return float(json.loads(done.out)["scores"][0]["value"])

    return call


def _points(file: Any) -> dict[str, Any]:
    return {name: file[name] for name in file.files if not name.endswith("_file")}


@pytest.mark.parametrize(
    ("words", "expected"),
    [((), 3.4815), (("--set", "origin=corner"), 3.5618), (("--set", "bias=true"), 3.2609)],
    ids=["centre", "corner", "bias"],
)
def test_real_model_has_its_known_error(mafl: Any, words: tuple[str, ...], expected: float) -> None:
    """The three conventions of one set of predictions; the paper printed 3.46 for its own run."""
    assert mafl(1.0, *words) == pytest.approx(expected, abs=5e-5)
    sized = ("--units", "pixels", "--set", "image_size=80")
    assert mafl(80.0, *sized, *words) == pytest.approx(expected, abs=5e-5)
