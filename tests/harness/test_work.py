from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from toy_plugin.data import ToyDataset
from toy_plugin.methods import BEFORE_FIT, FITS
from toy_plugin.options import ToyConfig, ToyData
from toy_world import Toy

from harness.fit_note import read_note
from harness.record import Record
from harness.runner import Outcome
from harness.saved import Fitted, load_fitted
from harness.training.images import FitImages, resize_images
from harness.training.run import TrainingRun
from harness.watching import CellWatcher


class Interrupting(CellWatcher):
    """Asks the process to end after some steps, like Ctrl-C."""

    def __init__(self, after: int) -> None:
        self.after = after

    def loop_advanced(self, loop: str, step: int) -> None:
        if step == self.after:
            os.kill(os.getpid(), signal.SIGINT)


def record_of(outcome: Outcome) -> Record:
    assert outcome.record is not None, outcome.trace or outcome.error
    return outcome.record


def test_an_interrupted_cell_resumes_to_the_same_scores(toy: Toy, tmp_path: Any) -> None:
    cell = toy.cell(preset="paper")
    expected = record_of(toy.runner().run(cell))
    toy.output = tmp_path / "elsewhere"
    runner = toy.runner()
    for after in (2, 5):
        runner.watcher = Interrupting(after)
        with pytest.raises(KeyboardInterrupt):
            runner.run(cell)
        assert list(toy.output.rglob("record.json")) == []
    resumed = record_of(toy.runner().run(cell))
    assert resumed.scores == expected.scores
    assert resumed.cost is not None
    assert resumed.cost.resumed == 2
    assert expected.cost is not None
    assert expected.cost.resumed == 0


def test_an_interrupted_fit_goes_on_with_its_threads_and_precision(toy: Toy) -> None:
    cell = toy.cell(preset="paper")
    runner = toy.runner()
    runner.watcher = Interrupting(3)
    with pytest.raises(KeyboardInterrupt):
        runner.run(cell)
    (folder,) = (toy.output / "toy").iterdir()
    note = read_note(folder)
    assert note is not None
    assert (note.finished, note.threads, note.precision) == (False, 1, "fp32")
    cost = record_of(toy.runner(precision="bf16", threads=2).run(cell)).cost
    assert cost is not None
    assert (cost.threads, cost.precision) == (1, "fp32")


def test_the_cost_says_what_the_cell_took(toy: Toy) -> None:
    cost = record_of(toy.runner().run(toy.cell())).cost
    assert cost is not None
    assert cost.parameters == 3 * 3 * 3 * 3 + 3
    assert cost.peak_memory_bytes > 2**20
    assert (cost.device, cost.threads, cost.precision) == ("cpu", 1, "fp32")
    assert cost.fit_seconds > 0


def test_free_cores_are_taken_where_threads_are_not_named(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.fitting.free_cores", lambda: 1)
    cost = record_of(toy.runner(threads=None).run(toy.cell())).cost
    assert cost is not None
    assert cost.threads == 1


def test_a_run_that_fits_in_half_precision_says_so(toy: Toy) -> None:
    cost = record_of(toy.runner(precision="bf16").run(toy.cell())).cost
    assert cost is not None
    assert cost.precision == "bf16"


def test_the_run_a_method_gets_is_cut_for_untrained_only(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    class Spying(TrainingRun):
        def __init__(self, *args: Any, **given: Any) -> None:
            limits.append(given["step_limit"])
            super().__init__(*args, **given)

    monkeypatch.setattr("harness.fitting.TrainingRun", Spying)
    toy.runner().run(toy.cell())
    toy.runner().run(toy.cell(preset="untrained"))
    assert limits == [None, 0]


def test_a_finished_folder_predicts_what_was_scored(toy: Toy) -> None:
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    fitted = load_fitted(outcome.folder, "cpu", toy.known)
    assert (fitted.spec.name, fitted.parts, fitted.image_size) == ("toy_net", 2, 16)
    images = ToyDataset(None, ToyData()).read("test", range(6), 16).images
    spread = float(fitted.predict(images).keypoints[..., 0].mean())  # type: ignore[index]
    score = record_of(outcome).score("toy_spread")
    assert score is not None
    assert score.value == pytest.approx(spread, rel=1e-6)


def test_the_sheet_shows_the_test_images(toy: Toy) -> None:
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    path = outcome.folder / record_of(outcome).artifacts["picture:predictions"]
    with Image.open(path) as picture:
        assert picture.width > 6 * 16


def test_a_suite_without_images_for_regression_is_scored_without_them(toy: Toy) -> None:
    toy.suite(dataset_options={"regress_images": 0})
    record = record_of(toy.runner().run(toy.cell()))
    missing = {score.metric: score.missing for score in record.scores}
    assert missing == {
        "toy_spread": "",
        "toy_distance": "the dataset has no labelled images for the regressor",
        "toy_overlap": "",
    }


def test_the_method_is_named_in_full_beside_its_weights(toy: Toy) -> None:
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    note = read_note(outcome.folder)
    assert note is not None
    assert (note.method, note.suite, note.finished) == ("toy-package/toy_net", "toy", True)


def test_a_fit_is_not_begun_when_the_device_is_wrong(toy: Toy) -> None:
    BEFORE_FIT.append(lambda: pytest.fail("the fit began"))
    outcome = toy.runner(device="gpu").run(toy.cell())
    assert (outcome.exit_code, FITS) == (2, [])
    assert "--device gpu" in outcome.error


@pytest.mark.parametrize(("method", "shown"), [("toy_disc", True), ("toy_net", False)])
def test_methods_that_reconstruct_get_a_picture_of_manipulations(
    toy: Toy, method: str, shown: bool
) -> None:
    outcome = toy.runner().run(toy.cell(method))
    pictures = record_of(outcome).artifacts
    assert ("picture:manipulation" in pictures) is shown
    assert outcome.folder is not None
    path = outcome.folder / "pictures" / "manipulation.png"
    assert path.exists() is shown
    if shown:
        assert pictures["picture:manipulation"] == "pictures/manipulation.png"
        with Image.open(path) as picture:
            assert min(picture.size) > 6 * 192


@pytest.mark.parametrize(("method", "shown"), [("toy_painter", True), ("toy_disc", False)])
def test_methods_that_render_get_pictures_of_edits(toy: Toy, method: str, shown: bool) -> None:
    outcome = toy.runner().run(toy.cell(method))
    pictures = record_of(outcome).artifacts
    assert outcome.folder is not None
    for name in ("edits", "interpolation"):
        path = outcome.folder / "pictures" / f"{name}.png"
        assert path.exists() is shown
        assert pictures.get(f"picture:{name}") == (f"pictures/{name}.png" if shown else None)
        if shown:
            with Image.open(path) as picture:
                assert min(picture.size) > 6 * 192


def test_metrics_see_new_images_and_the_images_learned_on(toy: Toy) -> None:
    """At the suite's size, also where the method works at another one."""
    toy.suite(metrics=[{"name": "toy_drawn"}, {"name": "toy_learned"}])
    outcome = toy.runner().run(toy.cell("toy_painter", settings=["image_size=8"]))
    drawn, learned = record_of(outcome).scores
    assert outcome.folder is not None
    fitted = load_fitted(outcome.folder, "cpu", toy.known)
    assert fitted.image_size == 8
    made = resize_images(fitted.sample(3, 7).images, 16).numpy()
    assert drawn.value == pytest.approx(made.mean())
    assert drawn.details["side"] == 16
    assert drawn.details["labels"] == 2
    assert drawn.details["moved"] != pytest.approx(made.mean())
    images = ToyDataset(None, ToyData()).read("train", range(6), 16).images
    assert learned.value == pytest.approx(images.mean())
    assert learned.details == {"images": 6, "side": 16}


def test_metrics_of_generators_do_not_apply_to_other_methods(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_drawn"}, {"name": "toy_learned"}])
    drawn, learned = record_of(toy.runner().run(toy.cell())).scores
    assert (drawn.value, drawn.missing) == (None, "the method generates no images")
    assert learned.value is not None
    drawn, _ = record_of(toy.runner().run(toy.cell("toy_disc"))).scores
    assert drawn.missing == "the method draws no images from changed latents"


def test_weights_name_their_owner_before_and_after_they_are_read_back(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Fitted] = []
    monkeypatch.setattr(
        "harness.fitting.Fitted", lambda *given: made.append(Fitted(*given)) or made[-1]
    )
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    assert len(made[0].owner) == 64
    assert load_fitted(outcome.folder, "cpu", toy.known).owner == made[0].owner


@pytest.mark.parametrize(
    ("spec", "config", "seen"),
    [
        (("images",), (), False),
        (("images", "labels"), ("imagenet weights",), False),
        (("images", "video"), (), True),
        (("images",), ("video",), True),
    ],
    ids=["images", "other things", "the method says so", "its settings say so"],
)
def test_clips_reach_only_methods_that_say_that_they_see_video(
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
    spec: tuple[str, ...],
    config: tuple[str, ...],
    seen: bool,
) -> None:
    given = []

    class Spying(FitImages):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            given.append(None if self.clips is None else self.clips.tolist())

    read = ToyDataset.read
    numbers = np.array([0, 0, 1, 1, 1, -1])
    monkeypatch.setattr(
        ToyDataset, "read", lambda self, *asked: replace(read(self, *asked), clips=numbers)
    )
    monkeypatch.setattr(ToyConfig, "also_sees", lambda self: config)
    monkeypatch.setattr("harness.fitting.FitImages", Spying)
    cell = toy.cell()
    entry = replace(cell.entry, spec=replace(cell.entry.spec, sees=spec))
    record_of(toy.runner().run(replace(cell, entry=entry)))
    assert given == [numbers.tolist() if seen else None]


def test_a_dataset_without_clips_has_none_to_see(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(ToyConfig, "also_sees", lambda self: ("video",))
    monkeypatch.setattr(
        "harness.fitting.FitImages", lambda *args: given.append(args[2]) or FitImages(*args)
    )
    record_of(toy.runner().run(toy.cell()))
    assert given == [None]
