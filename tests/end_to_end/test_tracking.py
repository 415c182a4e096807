"""A tracked run that is killed goes on in the same logs, and nothing is written unless asked."""

from __future__ import annotations

import csv
import shutil
import sys
import time
from pathlib import Path

import pytest
from commands import TOY, Command, InProcess

ASKED = ("--track", "tensorboard,mlflow")
#: Some seconds of training in short steps, saved often.
SLOW = (
    *(*TOY, "--no-baselines", "--checkpoint-seconds", "0.2"),
    *("--set", "steps=50", "--set", "pause_seconds=0.04"),
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_killed_run_goes_on_in_the_same_logs_without_a_doubled_step(
    command: Command, cli: InProcess, empty_store: Path
) -> None:
    from mlflow import MlflowClient
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Path("runs").mkdir()
    shutil.copy(empty_store, "runs")
    process = command.start(*SLOW, *ASKED)
    while not list(command.folder.glob("runs/*/*/checkpoints/train.pt")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.kill()
    process.communicate()
    time.sleep(1)  # TensorBoard orders its files by the second in which they were begun
    done = cli(*SLOW, *ASKED)
    assert done.code == 0, done.err
    assert "goes on at step" in done.err

    (folder,) = command.folder.glob("runs/*/*-seed0-*")
    with (folder / "curves.csv").open(newline="") as file:
        expected = [(int(row["step"]), float(row["value"])) for row in csv.DictReader(file)]
    assert [step for step, _ in expected] == list(range(50))

    events = EventAccumulator(str(folder / "tensorboard" / "train"))
    events.Reload()
    shown = [(event.step, pytest.approx(event.value)) for event in events.Scalars("loss")]
    assert shown == expected

    client = MlflowClient(tracking_uri="sqlite:///runs/mlflow.db")
    experiment = client.get_experiment_by_name("toy_discs")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert sorted((point.step, point.value) for point in history) == expected


def test_nothing_is_written_unless_it_is_asked_for(cli: InProcess) -> None:
    assert cli(*TOY, "--preset", "smoke", "--no-baselines").code == 0
    found = {path.name for path in Path().rglob("*")}
    assert not found & {"tensorboard", "mlflow.json", "mlflow.db", "mlruns", "mlartifacts"}
    assert not any(name.startswith("events.out") for name in found)


@pytest.mark.parametrize(
    ("track", "words"),
    [
        ("tensorbord", ("Unknown tracker 'tensorbord'. Did you mean 'tensorboard'?",)),
        ("mlflow", ("needs mlflow, not installed here", "pip install 'harness[trackers]'")),
        ("mlflow,mlflow=x", ("--track names mlflow twice",)),
    ],
)
def test_a_wrong_tracker_is_refused_before_anything_is_run(
    track: str, words: tuple[str, ...], cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    done = cli(*TOY, "--track", track)
    assert done.code == 2
    for word in words:
        assert word in done.error
    assert not Path("runs").exists()
