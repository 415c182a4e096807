from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_records import protocol, record
from toy_world import Toy

from harness.errors import RecordError
from harness.record import Record, read_record, write_record
from harness.recorded import recorded_suite
from harness.seal import sealed
from harness.verification import Verification, verify

NAMES = ("spread", "distance", "overlap", "pooled", "learned", "drawn")
METRICS = [{"name": f"toy_{name}"} for name in NAMES]


@pytest.fixture
def run(toy: Toy) -> Path:
    """The folder of a finished run with six metrics, one of which the method cannot have."""
    toy.suite(metrics=METRICS)
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    return outcome.folder


def verified(toy: Toy, folder: Path) -> tuple[Verification, dict[str, str]]:
    found = verify(folder, toy.known)
    return found, {one.metric.removeprefix("toy_"): one.status for one in found.scores}


def edit(folder: Path, change: Any, *, sign: bool) -> None:
    """Change the record by hand; a forger computes its hash anew."""
    path = folder / "record.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    if sign:
        write_record(sealed(Record.model_validate(content), folder), path)


def test_every_number_of_a_run_holds_without_the_method(toy: Toy, run: Path) -> None:
    found, status = verified(toy, run)
    assert (found.holds, found.signed, found.problems, found.unscored) == (True, True, (), "")
    assert status == {**dict.fromkeys(NAMES, "holds"), "drawn": "no value"}
    spread = found.scores[0]
    assert spread.found == spread.recorded == found.record.scores[0].value
    assert verify(run / "record.json", toy.known) == found


def test_changed_score_is_found_by_the_hash_and_by_scoring_again(toy: Toy, run: Path) -> None:
    def better(content: dict[str, Any]) -> None:
        content["scores"][1]["value"] *= 0.99

    edit(run, better, sign=False)
    found, status = verified(toy, run)
    assert not found.holds
    assert ["does not have the hash" in text for text in found.problems] == [True]
    assert (status["spread"], status["distance"]) == ("holds", "differs")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("value", 0.123, "value"),
        ("ci95", [0.0, 0.1], "lower end of the interval, upper end of the interval"),
        ("n", 5000, "number of images"),
        ("also", {"unscaled": 0.0, "nothing": None}, "unscaled"),
    ],
)
def test_forger_who_signs_anew_is_found_by_the_numbers(
    toy: Toy, run: Path, field: str, value: object, reason: str
) -> None:
    def forge(content: dict[str, Any]) -> None:
        content["scores"][0][field] = value

    edit(run, forge, sign=True)
    found = verify(run, toy.known)
    assert (found.problems, found.holds) == ((), False)
    assert (found.scores[0].status, found.scores[0].reason) == ("differs", reason)


def test_difference_of_rounding_holds_and_one_beyond_does_not(toy: Toy, run: Path) -> None:
    for factor, status in ((1 + 1e-8, "holds"), (1 + 1e-4, "differs")):

        def scale(content: dict[str, Any], factor: float = factor) -> None:
            content["scores"][0]["value"] *= factor

        edit(run, scale, sign=True)
        assert verify(run, toy.known).scores[0].status == status


def test_changed_predictions_are_found_by_their_hash_and_their_scores(toy: Toy, run: Path) -> None:
    arrays = dict(np.load(run / "predictions.npz"))
    arrays["test_keypoints"] = arrays["test_keypoints"] * np.float32(0.5)
    np.savez(run / "predictions.npz", **arrays)
    found, status = verified(toy, run)
    assert ["predictions.npz: changed" in text for text in found.problems] == [True]
    assert (status["spread"], status["overlap"]) == ("differs", "holds")


def test_unsigned_record_is_scored_again_and_said_to_be_unsigned(toy: Toy, run: Path) -> None:
    def unsign(content: dict[str, Any]) -> None:
        content["digest"], content["files"] = "", {}

    edit(run, unsign, sign=False)
    found, status = verified(toy, run)
    assert (found.signed, found.holds, status["spread"]) == (False, True, "holds")


def test_scores_of_the_method_itself_are_named(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_drawn"}])
    folder = toy.runner().run(toy.cell("toy_painter")).folder
    assert folder is not None
    found = verify(folder, toy.known)
    (drawn,) = found.scores
    assert (drawn.status, drawn.reason) == (
        "not scored",
        "it needs the method itself (samples, render)",
    )


def test_score_of_an_older_metric_is_superseded(
    toy: Toy, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.raise_version("toy_distance", monkeypatch)
    found = verify(run, toy.known)
    assert [one.status for one in found.scores[:3]] == ["holds", "superseded", "holds"]
    assert found.scores[1].reason == "measured by version 1 of the metric, now 2"
    assert found.holds


def test_record_of_an_older_suite_is_scored_by_its_own_protocol(toy: Toy, run: Path) -> None:
    toy.suite(version=2, parts=1, metrics=[{"name": "toy_spread", "params": {"scale": 9.0}}])
    found, status = verified(toy, run)
    assert found.superseded == "suite version 1, now 2"
    assert (status["spread"], found.holds) == ("holds", True)
    suite = recorded_suite(found.record, toy.known)
    assert (suite.version, suite.parts, len(suite.metrics)) == (1, 2, len(NAMES))


def test_other_data_are_refused_with_what_differs(toy: Toy, run: Path) -> None:
    def swap(content: dict[str, Any]) -> None:
        content["suite"]["protocol"]["data"]["test"] = "e" * 64

    edit(run, swap, sign=True)
    found = verify(run, toy.known)
    assert found.scores == ()
    assert "differ in data.test (eeeeeeeeeeee, " in found.unscored
    assert str(run / "record.json") in found.unscored


def test_record_without_predictions_or_with_damaged_ones_is_not_scored(toy: Toy, run: Path) -> None:
    (run / "predictions.npz").write_bytes(b"PK broken")
    said = verify(run, toy.known).unscored
    assert "not a readable npz" in said
    assert str(run) in said
    (run / "predictions.npz").unlink()
    found = verify(run, toy.known)
    assert "does not lie beside it" in found.unscored
    assert ["predictions.npz: missing" in text for text in found.problems] == [True]
    alone = run.parent / "copy.json"
    write_record(read_record(run / "record.json"), alone)
    assert "copy.json: predictions.npz does not lie beside it" in verify(alone, toy.known).unscored


def test_failed_missing_and_foreign_records_are_mistakes(toy: Toy) -> None:
    failed = record(protocol(toy), status="failed", error="out of memory", scores=[])
    write_record(failed, toy.output / "record.json")
    with pytest.raises(RecordError, match="failed and has no scores: out of memory"):
        verify(toy.output, toy.known)
    with pytest.raises(RecordError, match="not a readable record"):
        verify(toy.output / "nothing.json", toy.known)


def test_predictions_made_outside_are_verified_too(toy: Toy, run: Path) -> None:
    from harness.external import Submission, score_submission, suite_with

    arrays = dict(np.load(run / "predictions.npz"))
    for role in ("regress", "test"):  # in another order than the dataset's
        for name in [name for name in arrays if name.startswith(role)]:
            arrays[name] = arrays[name][::-1]
    np.savez(toy.folder / "p.npz", **arrays)
    submission = Submission(name="theirs", predictions=toy.folder / "p.npz")
    suite = suite_with("toy", {}, toy.known)
    _, folder = score_submission(submission, suite, toy.known, output=toy.output)
    found, status = verified(toy, folder)
    assert (found.holds, found.signed) == (True, True)
    assert (status["spread"], status["overlap"]) == ("holds", "holds")
    ids = np.load(folder / "per_image.npz")["test_ids"]
    assert list(ids) == list(np.load(folder / "predictions.npz")["test_ids"])[::-1]
