from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from tracked_run import Tracked

from harness.errors import ConfigError, UserError
from harness.runner import Outcome
from harness_trackers.mlflow import MLflow

# MLflow still uses what SQLAlchemy 2.1 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def the_runs(uri: str, suite: str = "toy") -> list[Run]:
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(suite)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def steps(uri: str, run: Run, metric: str = "train/loss") -> list[tuple[int, float]]:
    history = MlflowClient(tracking_uri=uri).get_metric_history(run.info.run_id, metric)
    return sorted((point.step, point.value) for point in history)


def curves_file(folder: Path | None) -> list[tuple[int, float]]:
    """What the run itself keeps of its loop."""
    assert folder is not None
    with (folder / "curves.csv").open(newline="") as file:
        return [(int(row["step"]), float(row["value"])) for row in csv.DictReader(file)]


def values(outcome: Outcome) -> dict[str, float | None]:
    assert outcome.record is not None
    return {score.metric: score.value for score in outcome.record.scores}


def test_a_run_has_its_configuration_curve_scores_identity_and_files(
    run: Tracked, store: str
) -> None:
    outcome = run("mlflow")
    (found,) = the_runs(store)
    assert (found.info.run_name, found.info.status) == ("toy_net-quick-seed-0", "FINISHED")
    assert found.data.params["rate"] == "0.05"
    assert found.data.params["fail"] == ""
    assert steps(store, found) == curves_file(outcome.folder)
    assert {k: v for k, v in found.data.metrics.items() if "/" not in k} == values(outcome)
    record: Any = outcome.record
    assert found.data.tags["harness.suite.fingerprint"] == record.suite.fingerprint
    assert found.data.tags["harness.method.fingerprint"] == record.method.fingerprint
    assert found.data.tags["harness.method.plugin"] == "toy-package 1.2"
    kept = run.toy.output / "mlartifacts" / "toy" / found.info.run_id / "artifacts"
    assert json.loads((kept / "record.json").read_text())["id"] == record.id
    assert (kept / "pictures" / "predictions.png").stat().st_size > 0
    assert not list(run.toy.folder.glob("mlruns"))


def test_an_interrupted_run_goes_on_as_the_same_run_without_a_doubled_step(
    run: Tracked, store: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("mlflow", stop_at=3)
    (found,) = the_runs(store)
    assert found.info.status == "KILLED"
    assert [step for step, _ in steps(store, found)] == [0, 1, 2]
    outcome = run("mlflow")
    (again,) = the_runs(store)
    assert (again.info.run_id, again.info.status) == (found.info.run_id, "FINISHED")
    got = steps(store, again)
    assert [step for step, _ in got] == [0, 1, 2, 3]
    assert got == curves_file(outcome.folder)


def test_a_failed_run_is_marked_with_its_reason_until_it_is_mended(
    run: Tracked, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("toy_plugin.methods.ToyNet.detect", None)
        outcome = run("mlflow")
    (found,) = the_runs(store)
    assert found.info.status == "FAILED"
    assert found.data.tags["harness.error"] == outcome.error
    assert found.data.tags["mlflow.note.content"] == outcome.error
    assert found.data.tags["harness.method.preset"] == "quick"
    assert run("mlflow").status == "finished"
    (found,) = the_runs(store)
    assert found.info.status == "FINISHED"
    assert not {"harness.error", "mlflow.note.content"} & set(found.data.tags)


def test_a_fresh_run_and_one_that_mlflow_lost_begin_anew(run: Tracked, store: str) -> None:
    run("mlflow")
    run("mlflow", fresh=True)
    one, two = the_runs(store)
    assert one.info.run_id != two.info.run_id
    MlflowClient(tracking_uri=store).delete_run(two.info.run_id)
    MlflowClient(tracking_uri=store).delete_run(one.info.run_id)
    for record in run.toy.output.glob("toy/*/record.json"):
        record.unlink()
    assert run("mlflow").status == "finished"
    assert len(the_runs(store)) == 1


def test_the_variable_and_the_place_name_a_store(
    run: Tracked, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        shutil.copy(empty_store, run.toy.folder / f"{name}.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///one.db")
    run("mlflow", settings=("rate=0.1",))
    run("mlflow=sqlite:///two.db", settings=("rate=0.2",))
    for name, rate in (("one", "0.1"), ("two", "0.2")):
        assert [found.data.params["rate"] for found in the_runs(f"sqlite:///{name}.db")] == [rate]
    assert not (run.toy.output / "mlflow.db").exists()


def test_a_store_that_is_gone_is_one_warning_and_the_run_goes_on(
    run: Tracked, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise ConnectionError("no route to the server")

    monkeypatch.setattr("mlflow.MlflowClient.log_batch", gone)
    with pytest.warns(UserWarning, match="mlflow failed in harness_run_started.*no route") as said:
        outcome = run("mlflow")
    assert outcome.status == "finished"
    assert len(said) == 1


@pytest.mark.parametrize("uri", ["ftp://somewhere", "file:mlruns"])
def test_a_place_that_mlflow_cannot_use_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=f"--track mlflow: '{uri}' cannot be used"):
        MLflow(uri)


def test_without_the_package_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UserError, match=r"needs mlflow.*pip install 'harness\[trackers\]'"):
        MLflow()
