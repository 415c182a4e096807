from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from toy_world import Toy
from tracked_run import Tracked

from harness.contract import RunStarted, ScalarsLogged
from harness.errors import UserError
from harness.runner import Outcome
from harness_trackers.tensorboard import TensorBoard


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def curve(folder: Path, tag: str = "loss") -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


def curves_file(folder: Path) -> list[tuple[int, float]]:
    """What the run itself keeps of its loop."""
    with (folder / "curves.csv").open(newline="") as file:
        return [(int(row["step"]), float(row["value"])) for row in csv.DictReader(file)]


def same(got: list[tuple[int, float]], expected: list[tuple[int, float]]) -> bool:
    """TensorBoard keeps float32."""
    return [step for step, _ in got] == [step for step, _ in expected] and np.allclose(
        [value for _, value in got], [value for _, value in expected], rtol=1e-6
    )


def the_folder(outcome: Outcome) -> Path:
    assert outcome.folder is not None
    return outcome.folder


def test_a_run_has_its_curve_scores_configuration_and_pictures(run: Tracked) -> None:
    outcome = run("tensorboard")
    folder = the_folder(outcome)
    assert same(curve(folder / "tensorboard" / "train"), curves_file(folder))
    cell = read(folder / "tensorboard")
    for score in outcome.record.scores:
        (event,) = cell.Scalars(score.metric)
        assert event.value == pytest.approx(score.value)
    facts = cell.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    values = HParamsPluginData.FromString(facts).session_start_info.hparams
    assert values["rate"].number_value == 0.05
    assert values["cell"].string_value == "toy/toy_net/quick/seed-0"
    (shown,) = cell.Images("predictions")
    with Image.open(folder / "pictures" / "predictions.png") as picture:
        assert (shown.width, shown.height) == picture.size


def test_an_interrupted_run_goes_on_without_a_doubled_or_lost_step(
    run: Tracked, tracked: Toy
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("tensorboard", stop_at=3)
    (before,) = tracked.output.glob("toy/*/tensorboard/train")
    assert [step for step, _ in curve(before)] == [0, 1, 2]
    folder = the_folder(run("tensorboard"))
    got = curve(folder / "tensorboard" / "train")
    assert [step for step, _ in got] == [0, 1, 2, 3]
    assert same(got, curves_file(folder))


def test_a_named_folder_has_the_run_below_its_suite(run: Tracked, tracked: Toy) -> None:
    folder = the_folder(run("tensorboard=logs"))
    assert same(curve(Path("logs", "toy", folder.name, "train")), curves_file(folder))
    assert not (folder / "tensorboard").exists()
    again = the_folder(run("tensorboard=logs", fresh=True))
    assert same(curve(Path("logs", "toy", folder.name, "train")), curves_file(again))
    assert len(read(Path("logs", "toy", folder.name)).Scalars("toy_spread")) == 1


def test_a_failed_run_says_why(run: Tracked) -> None:
    outcome = run("tensorboard", settings=("fail=diverge",))
    place = the_folder(outcome) / "tensorboard"
    (event,) = read(place).Tensors("error/text_summary")
    assert event.tensor_proto.string_val[0].decode() == outcome.error
    assert "loss became nan at step 0" in outcome.error


def test_curves_of_a_shared_asset_lie_beside_the_editor_s_own(tmp_path: Path) -> None:
    tracker = TensorBoard()
    tracker.harness_run_started(RunStarted(cell="f/sgf/quick/seed-0", folder=tmp_path, config={}))
    for cell, value in (("f/stylegan2/quick/seed-0", 2.0), ("f/sgf/quick/seed-0", 3.0)):
        tracker.harness_scalars_logged(
            ScalarsLogged(cell=cell, loop="train", step=0, scalars={"loss": value})
        )
    tracker.close()
    assert curve(tmp_path / "tensorboard" / "stylegan2-quick-train") == [(0, 2.0)]
    assert curve(tmp_path / "tensorboard" / "train") == [(0, 3.0)]


def test_a_kept_run_is_left_alone_and_a_picture_of_a_step_stands_at_it(
    run: Tracked, tracked: Toy
) -> None:
    outcome = run()
    folder = the_folder(outcome)
    Image.new("RGB", (4, 2), (9, 8, 7)).save(folder / "pictures" / "drawn-train-000120.png")
    assert run("tensorboard").status == "kept"
    assert not (folder / "tensorboard").exists()
    (folder / "record.json").unlink()
    run("tensorboard")
    (shown,) = read(folder / "tensorboard").Images("drawn-train")
    assert (shown.step, shown.width, shown.height) == (120, 4, 2)


def test_without_the_package_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UserError, match=r"needs tensorboard.*pip install 'harness\[trackers\]'"):
        TensorBoard()
