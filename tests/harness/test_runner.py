from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_plugin.data import READS
from toy_plugin.methods import BEFORE_FIT, FITS
from toy_plugin.plugin import HEARD
from toy_world import Toy

from harness.contract import RunFailed, RunFinished, RunStarted, ScalarsLogged
from harness.errors import AssetMissing, RunError
from harness.files import replacing
from harness.plan import Cell
from harness.record import Record, read_record, write_record
from harness.runner import Outcome, Runner
from harness.seal import sealed
from harness.watching import CellWatcher

SPREAD, DISTANCE, OVERLAP = ({"name": f"toy_{n}"} for n in ("spread", "distance", "overlap"))


def run(toy: Toy, *methods: str, fresh: bool = False, **request: Any) -> Outcome:
    outcome = toy.runner(fresh=fresh).run(toy.cell(*methods, **request))
    if outcome.trace and "broke" not in outcome.error:
        raise AssertionError(outcome.trace)
    return outcome


def on_disk(outcome: Outcome) -> Any:
    assert outcome.folder is not None
    return read_record(outcome.folder / "record.json")


def values(outcome: Outcome) -> dict[str, float | None]:
    assert outcome.record is not None
    return {score.metric: score.value for score in outcome.record.scores}


def test_a_finished_cell_leaves_its_record_weights_and_arrays(toy: Toy) -> None:
    outcome = run(toy)
    assert (outcome.status, outcome.exit_code, outcome.error) == ("finished", 0, "")
    assert outcome.folder is not None
    assert outcome.folder.parent == toy.output / "toy"
    record = on_disk(outcome)
    assert record == outcome.record
    assert record.status == "finished"
    for name in record.artifacts.values():
        assert (outcome.folder / name).stat().st_size > 0
    assert not (outcome.folder / "checkpoints").exists()


def test_a_record_stands_beside_files_that_the_disk_has(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    placed: dict[str, bool] = {}
    rename = Path.replace

    def seen(path: Path, target: Path) -> Path:
        placed[target.name] = path.stat().st_ino in synced
        if target.name == "record.json":
            beside = [target.with_name(name) for name in ("predictions.npz", "per_image.npz")]
            placed["beside"] = {file.stat().st_ino for file in beside} <= synced
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", lambda file: synced.add(os.fstat(file).st_ino))
    monkeypatch.setattr(Path, "replace", seen)
    run(toy, metrics=("toy_overlap",))
    assert placed.pop("beside")
    assert placed.pop("record.json")
    synced.clear()
    run(toy, metrics=("toy_spread",))
    assert (placed["predictions.npz"], placed["per_image.npz"]) == (True, True)
    assert (placed["record.json"], placed["beside"]) == (True, True)


def test_one_seed_gives_the_same_scores_anywhere(toy: Toy, tmp_path: Path) -> None:
    first = run(toy)
    toy.output = tmp_path / "elsewhere"
    second = run(toy)
    assert second.folder != first.folder
    assert values(second) == values(first)
    assert values(run(toy, seeds=(1,))) != values(first)


def test_a_finished_cell_is_kept(toy: Toy) -> None:
    first, second = run(toy), run(toy)
    assert second.status == "kept"
    assert second.record == first.record
    assert len(FITS) == 1


def test_a_fresh_run_starts_again(toy: Toy) -> None:
    first = run(toy)
    assert first.folder is not None
    (first.folder / "pictures" / "old.png").write_bytes(b"old")
    second = run(toy, fresh=True)
    assert second.status == "finished"
    assert len(FITS) == 2
    assert not (first.folder / "pictures" / "old.png").exists()


def test_another_seed_or_configuration_is_another_folder(toy: Toy) -> None:
    folders = {
        run(toy).folder,
        run(toy, seeds=(1,)).folder,
        run(toy, settings=("rate=0.1",)).folder,
        run(toy, preset="untrained").folder,
    }
    assert len(folders) == 4


def test_only_the_metrics_asked_for_are_measured(toy: Toy) -> None:
    assert list(values(run(toy, metrics=("toy_overlap",)))) == ["toy_overlap"]


def test_metrics_are_added_to_those_already_measured(toy: Toy) -> None:
    run(toy, metrics=("toy_overlap",))
    both = run(toy, metrics=("toy_spread",))
    assert (both.status, list(values(both))) == ("finished", ["toy_spread", "toy_overlap"])
    assert run(toy, metrics=("toy_overlap",)).status == "kept"
    whole = run(toy)
    assert (whole.status, len(values(whole))) == ("finished", 3)
    assert len(FITS) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Other words."},
        {"notes": ["A note."]},
        {"metrics": [SPREAD, OVERLAP, DISTANCE]},
        {"metrics": [SPREAD, DISTANCE]},
    ],
    ids=["summary", "notes", "order", "fewer metrics"],
)
def test_a_change_that_asks_for_no_other_score_keeps_the_record(
    toy: Toy, change: dict[str, Any]
) -> None:
    run(toy)
    toy.suite(**change)
    assert run(toy).status == "kept"


def test_other_parameters_of_a_metric_are_measured_with_the_same_weights(toy: Toy) -> None:
    first = run(toy)
    toy.suite(metrics=[{"name": "toy_spread", "params": {"scale": 2.0}}, DISTANCE])
    second = run(toy)
    assert second.status == "finished"
    assert second.folder == first.folder
    assert len(FITS) == 1
    before, after = values(first)["toy_spread"], values(second)["toy_spread"]
    assert before is not None
    assert after == pytest.approx(2 * before)


def aside(outcome: Outcome) -> list[Record]:
    """The records that were put aside in a cell's folder."""
    assert outcome.folder is not None
    return [read_record(path) for path in sorted((outcome.folder / "records").glob("*.json"))]


def test_a_metric_that_a_suite_gains_is_measured_with_the_same_weights(toy: Toy) -> None:
    toy.suite(metrics=[SPREAD, DISTANCE])
    first = run(toy)
    toy.suite(metrics=[SPREAD, DISTANCE, OVERLAP])
    second = run(toy)
    assert (second.status, len(FITS)) == ("finished", 1)
    assert second.folder == first.folder
    assert on_disk(second).suite == on_disk(first).suite
    assert values(second) == {**values(first), "toy_overlap": values(second)["toy_overlap"]}
    assert aside(second) == []
    assert run(toy).status == "kept"


def test_records_of_other_parameters_are_put_aside_and_none_is_lost(toy: Toy) -> None:
    records = []
    for scale in (1.0, 2.0, 3.0):
        toy.suite(metrics=[DISTANCE, {"name": "toy_spread", "params": {"scale": scale}}])
        outcome = run(toy)
        assert outcome.status == "finished"
        records.append(on_disk(outcome))
    assert len({record.suite.fingerprint for record in records}) == 1
    assert len(FITS) == 1
    kept = sorted(aside(outcome), key=lambda record: record.scores[1].params["scale"])
    assert kept == records[:2]


def test_a_record_with_a_metric_that_is_no_longer_asked_for_is_put_aside(toy: Toy) -> None:
    toy.suite(metrics=[SPREAD, DISTANCE])
    first = run(toy)
    toy.suite(metrics=[SPREAD, OVERLAP])
    second = run(toy)
    assert list(values(second)) == ["toy_spread", "toy_overlap"]
    assert aside(second) == [first.record]


def test_a_new_version_of_a_metric_is_measured_with_the_same_weights(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(toy)
    toy.raise_version("toy_overlap", monkeypatch)
    assert run(toy, metrics=("toy_spread",)).status == "kept"
    second = run(toy)
    assert (second.status, len(FITS)) == ("finished", 1)
    assert {score.metric: score.version for score in on_disk(second).scores} == {
        **{"toy_spread": 1, "toy_distance": 1},
        "toy_overlap": 2,
    }
    assert aside(second) == [first.record]


def test_other_images_are_learned_anew(toy: Toy) -> None:
    run(toy)
    toy.suite(dataset_options={"seed": 1})
    assert run(toy).status == "finished"
    assert len(FITS) == 2


def test_a_damaged_record_is_measured_again(toy: Toy) -> None:
    first = run(toy)
    assert first.folder is not None
    (first.folder / "record.json").write_text("{")
    assert run(toy).status == "finished"
    assert len(FITS) == 1
    assert values(run(toy)) == values(first)


def test_lost_weights_are_learned_again(toy: Toy) -> None:
    first = run(toy)
    assert first.folder is not None
    (first.folder / "weights.safetensors").unlink()
    (first.folder / "record.json").unlink()
    with pytest.warns(UserWarning, match="has no checkpoint: it starts anew"):
        assert values(run(toy)) == values(first)
    assert len(FITS) == 2


def test_a_fit_that_died_before_its_record_is_scored_alike(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = values(run(toy))
    toy.output = tmp_path / "elsewhere"

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("harness.work.score_evaluation", die)
        with pytest.raises(KeyboardInterrupt):
            run(toy)
    assert list(toy.output.rglob("record.json")) == []
    assert values(run(toy)) == expected
    assert len(FITS) == 2


@pytest.mark.parametrize(
    ("fail", "code", "words"),
    [
        ("crash", 1, r"^RuntimeError: the toy broke \(in toy_plugin\.methods, package toy-package"),
        ("user", 2, r"^the toy wants other data\.$"),
        ("diverge", 1, "training diverged"),
        ("points", 2, r"detect\(\) gave points \[6, 2\]"),
    ],
)
def test_a_failing_method_is_contained_and_recorded(
    toy: Toy, fail: str, code: int, words: str
) -> None:
    outcome = run(toy, settings=(f"fail={fail}",))
    assert (outcome.status, outcome.exit_code) == ("failed", code)
    assert re.search(words, outcome.error)
    record = on_disk(outcome)
    assert record == outcome.record
    assert (record.status, record.error, record.scores) == ("failed", outcome.error, [])
    assert bool(outcome.trace) == (fail == "crash")


def test_a_failing_metric_is_blamed_on_its_own_package(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_undefined", "params": {"crash": True}}])
    assert "in toy_plugin.metrics, package toy-package 1.2" in run(toy, "toy_centre").error


def test_a_failed_cell_is_run_again(toy: Toy) -> None:
    def die() -> None:
        raise RuntimeError("it broke")

    BEFORE_FIT.append(die)
    assert run(toy).status == "failed"
    BEFORE_FIT.clear()
    assert run(toy).status == "finished"
    assert on_disk(run(toy)).status == "finished"


def test_a_failed_measurement_leaves_an_earlier_record(toy: Toy) -> None:
    first = run(toy)
    toy.suite(metrics=[SPREAD, {"name": "toy_undefined", "params": {"crash": True}}])
    second = run(toy)
    assert second.status == "failed"
    assert second.record is not None
    assert second.record.status == "failed"
    assert on_disk(second) == first.record


def without_weights(*_: object) -> None:
    raise AssetMissing("Get big.pth from its home.")


def test_a_metric_without_its_weights_is_noted_and_measured_later(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("toy_plugin.metrics.Overlap.measure", without_weights)
        first = run(toy)
        assert (first.status, list(values(first))) == ("finished", ["toy_spread", "toy_distance"])
        expected = "toy_overlap was not measured: Get big.pth from its home."
        assert on_disk(first).notes[-1] == expected
    second = run(toy)
    assert (second.status, len(FITS)) == ("finished", 1)
    assert values(second) == {**values(first), "toy_overlap": values(second)["toy_overlap"]}
    assert not any("not measured" in note for note in on_disk(second).notes)
    assert run(toy).status == "kept"


def test_a_metric_that_ranks_or_was_asked_for_needs_its_weights(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("toy_plugin.metrics.Spread.measure", without_weights)
        failed = run(toy)
    assert (failed.status, failed.exit_code) == ("failed", 2)
    assert failed.error == "Get big.pth from its home."
    monkeypatch.setattr("toy_plugin.metrics.Overlap.measure", without_weights)
    assert run(toy, metrics=("toy_spread", "toy_overlap")).status == "failed"
    assert run(toy).status == "finished"


def test_a_score_is_not_lost_with_its_weights(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.suite(metrics=[SPREAD, OVERLAP])
    first = run(toy)
    toy.suite(metrics=[SPREAD, OVERLAP, DISTANCE])
    monkeypatch.setattr("toy_plugin.metrics.Overlap.measure", without_weights)
    assert run(toy).status == "failed"
    assert on_disk(first) == first.record


def test_other_cells_go_on_after_a_failure(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre"])
    runner = toy.runner()
    cells = toy.cells("toy_net", "toy_parts", settings=("fail=crash",))
    cells += toy.cells("toy_labelled", baselines=False)
    outcomes = [runner.run(cell) for cell in cells]
    assert [outcome.status for outcome in outcomes] == ["finished", "failed", "failed", "finished"]


def test_a_record_that_cannot_be_written_is_a_failed_run(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("record.json: cannot be written: No space left on device.")

    monkeypatch.setattr("harness.runner.write_record", full)
    outcome = run(toy)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "No space left" in outcome.error


def test_a_run_folder_that_cannot_be_made_is_a_failed_run(toy: Toy) -> None:
    toy.output.write_text("a file")
    outcome = run(toy)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "cannot be written" in outcome.error


@pytest.mark.parametrize("flaw", ["shared_id", "shared_image"])
def test_test_images_among_those_to_learn_from_stop_the_cell(toy: Toy, flaw: str) -> None:
    toy.suite(dataset_options={"flaw": flaw})
    outcome = run(toy)
    assert (outcome.status, outcome.exit_code, outcome.folder) == ("failed", 2, None)
    assert "also in fit" in outcome.error
    assert FITS == []


def test_an_official_overlap_is_noted_in_the_record(toy: Toy) -> None:
    toy.suite(dataset_options={"flaw": "shared_image"}, official_overlap=True)
    assert "1 test images (by content)" in on_disk(run(toy)).notes[0]


def test_data_that_were_refused_are_not_read_again(toy: Toy) -> None:
    toy.suite(dataset_options={"flaw": "broken"})
    runner = toy.runner()
    first = runner.run(toy.cell())
    reads = len(READS)
    second = runner.run(toy.cell(seeds=(1,)))
    assert first.error == second.error == "test-0: the file is broken."
    assert (first.exit_code, second.exit_code) == (2, 2)
    assert len(READS) == reads == 3


def test_labels_are_given_only_to_those_who_declare_them(toy: Toy) -> None:
    run(toy, "toy_net")
    run(toy, "toy_labelled")
    bare, labelled = FITS
    assert bare.labelled is None
    assert labelled.labelled is not None
    assert labelled.labelled.ids == [f"labelled-{i}" for i in range(6)]


def test_an_oracle_sees_the_truth(toy: Toy) -> None:
    toy.suite(metrics=[DISTANCE])
    assert values(run(toy, "toy_oracle")) == {"toy_distance": 0.0}


def test_a_method_sees_images_of_the_size_it_asks_for(toy: Toy) -> None:
    outcome = run(toy, settings=("image_size=8",))
    assert (FITS[0].image_size, FITS[0].images, FITS[0].parts) == (8, 6, 2)
    assert outcome.folder is not None
    with np.load(outcome.folder / "predictions.npz") as arrays:
        assert arrays["test_parts"].shape == (6, 16, 16)


def test_an_untrained_method_takes_no_step(toy: Toy) -> None:
    trained, untrained = run(toy), run(toy, preset="untrained")
    assert untrained.record is not None
    assert untrained.record.method.kind == "trivial"
    assert "curves" not in untrained.record.artifacts
    assert values(untrained) != values(trained)


def test_centres_of_parts_are_noted_where_they_stand_for_keypoints(toy: Toy) -> None:
    assert on_disk(run(toy, "toy_parts")).notes == ["keypoints: part_centres"]
    assert on_disk(run(toy, "toy_net")).notes == []


def test_arrays_hold_what_was_predicted_and_scored(toy: Toy) -> None:
    outcome = run(toy)
    assert outcome.folder is not None
    with np.load(outcome.folder / "predictions.npz") as arrays:
        assert sorted(arrays) == sorted(
            f"{role}_{name}"
            for role in ("regress", "test")
            for name in ("ids", "keypoints", "parts")
        )
        assert list(arrays["test_ids"]) == [f"test-{i}" for i in range(6)]
    with np.load(outcome.folder / "per_image.npz") as per_image:
        assert float(per_image["toy_overlap"].mean()) == values(outcome)["toy_overlap"]


def test_listeners_hear_the_course_of_a_cell(toy: Toy) -> None:
    outcome = run(toy, metrics=("toy_overlap",))
    kinds = [type(event) for event in HEARD]
    assert kinds == [RunStarted, *[ScalarsLogged] * 4, RunFinished]
    started, finished = HEARD[0], HEARD[-1]
    assert isinstance(started, RunStarted)
    assert (started.cell, started.folder) == ("toy/toy_net/quick/seed-0", outcome.folder)
    assert started.config["steps"] == 4
    assert isinstance(finished, RunFinished)
    assert finished.scores == values(outcome)
    HEARD.clear()
    run(toy, metrics=("toy_overlap",))
    assert HEARD == []


def test_listeners_hear_of_a_failure(toy: Toy) -> None:
    outcome = run(toy, settings=("fail=crash",))
    failed = HEARD[-1]
    assert isinstance(failed, RunFailed)
    assert failed.error == outcome.error
    assert read_record(failed.record).error == outcome.error


class Waiting(CellWatcher):
    def __init__(self) -> None:
        self.waits = threading.Event()

    def waiting(self, cell: Cell, folder: Path) -> None:
        self.waits.set()


def test_a_second_run_of_a_cell_waits_and_keeps_the_first_ones_record(toy: Toy) -> None:
    watcher, began = Waiting(), threading.Event()

    def hold() -> None:
        began.set()
        assert watcher.waits.wait(60)

    BEFORE_FIT.append(hold)
    cell, known = toy.cell(), toy.known
    outcomes: list[Outcome] = []

    def first() -> None:
        outcomes.append(Runner(toy.options(), known).run(cell))

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(60)
    second = Runner(toy.options(), known, watcher).run(cell)
    thread.join()
    assert [outcomes[0].status, second.status] == ["finished", "kept"]
    assert len(FITS) == 1


def test_a_record_of_another_protocol_is_not_kept(toy: Toy) -> None:
    first = run(toy)
    assert first.folder is not None
    assert first.record is not None
    other = first.record.suite.model_copy(update={"fingerprint": "0" * 64})
    changed = sealed(first.record.model_copy(update={"suite": other}), first.folder)
    write_record(changed, first.folder / "record.json")
    assert run(toy).status == "finished"
    assert on_disk(first).suite.fingerprint == first.record.suite.fingerprint


def test_a_damaged_note_of_the_fit_is_named(toy: Toy) -> None:
    first = run(toy)
    assert first.folder is not None
    (first.folder / "record.json").unlink()
    with replacing(first.folder / "fit.json") as temporary:
        temporary.write_text(json.dumps({"broke": 1}))
    outcome = run(toy)
    assert (outcome.status, outcome.exit_code) == ("failed", 2)
    assert "fit.json: damaged" in outcome.error
