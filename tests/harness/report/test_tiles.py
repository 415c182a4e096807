from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from toy_world import Toy

from harness.figures import palette
from harness.finished import FinishedRun, read_run
from harness.report.tiles import TestImages as Shown
from harness.report.tiles import read_test_images, shows_images
from harness.web.pictures import Picture


@pytest.fixture
def run(toy: Toy) -> FinishedRun:
    folder = toy.runner().run(toy.cell("toy_centre")).folder
    assert folder is not None
    return read_run(folder)


def pixels(picture: Picture) -> np.ndarray:
    data = base64.b64decode(picture.uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)


def test_tiles_show_the_test_images_with_predictions_beside_the_truth(
    toy: Toy, run: FinishedRun
) -> None:
    found = read_test_images(run, toy.known)
    assert found.count == len(found.tiles)
    for tile in found.tiles:
        side = tile.found.width
        centre = pixels(tile.found)[side // 2, side // 2]
        # The method puts all keypoints at the centre; the last one lies on top.
        assert np.abs(centre - palette(2)[1]).max() < 40, tile.name
        assert tile.truth is not None
        assert tile.truth.uri != tile.found.uri


def test_best_and_worst_are_those_of_the_values_an_image(toy: Toy, run: FinishedRun) -> None:
    found = read_test_images(run, toy.known)
    values = run.per_image()
    ids = run.test_ids()
    assert ids is not None
    assert found.extremes
    for one in found.extremes:
        known = {n: v for n, v in zip(ids, values[one.metric], strict=True) if np.isfinite(v)}
        order = sorted(known, key=lambda name: known[name])
        score = run.record.score(one.metric)
        assert score is not None
        order = order[::-1] if score.direction == "higher" else order
        count = len(one.best)
        assert {known[t.name] for t in one.best} == {known[n] for n in order[:count]}
        assert {known[t.name] for t in one.worst} == {known[n] for n in order[-count:]}
        assert not {t.name for t in one.best} & {t.name for t in one.worst}
        assert one.images == len(known)
        assert float(one.mean[1]) == pytest.approx(np.mean(list(known.values())), abs=1e-3)


def test_runs_that_say_nothing_of_the_test_images_show_none(toy: Toy, run: FinishedRun) -> None:
    assert shows_images(run)
    ids = np.array(run.test_ids())
    np.savez(run.folder / "predictions.npz", test_ids=ids)
    unsealed = FinishedRun(run.folder, run.record.model_copy(update={"files": {}}))
    assert not shows_images(unsealed)


def test_values_of_unknown_images_are_no_extremes(toy: Toy, run: FinishedRun) -> None:
    np.savez(run.folder / "per_image.npz", **run.per_image())
    method = run.record.method.model_copy(update={"kind": "external"})
    changed = run.record.model_copy(update={"files": {}, "method": method})
    found: Shown = read_test_images(FinishedRun(run.folder, changed), toy.known)
    assert found.tiles
    assert found.extremes == ()
    assert "do not say which images" in found.without_values
