"""The suites of birds, flowers and Tai Chi, and those of animals and house numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from official_trees_d import (
    make_awa_tree,
    make_cub_tree,
    make_flowers_tree,
    make_svhn_tree,
    make_taichi_tree,
)

from harness.cache import open_dataset
from harness.contract import Evaluation, Predicted
from harness.inspection import check_data, preview
from harness.registry import registry
from harness.scoring import score_evaluation
from harness.suite import load_suite
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}

#: How each suite's tree is made, images by role, parts and the side that is measured at.
SUITES: dict[str, tuple[Callable[[Path], Path], dict[str, int], int, int]] = {
    "cub": (make_cub_tree, {"fit": 14, "regress": 14, "test": 4}, 8, 128),
    "flowers": (make_flowers_tree, {"fit": 9, "regress": 4, "test": 5}, 8, 128),
    "taichi": (make_taichi_tree, {"fit": 15, "regress": 6, "test": 4}, 10, 128),
    "awa": (make_awa_tree, {"fit": 18, "test": 2}, 10, 64),
    "svhn": (make_svhn_tree, {"fit": 25, "test": 12}, 10, 32),
}
NAMES = pytest.mark.parametrize("name", SUITES)


@NAMES
def test_suite_runs_on_a_small_tree(name: str, tmp_path: Path) -> None:
    make, sizes, parts, side = SUITES[name]
    make(tmp_path)
    suite = load_suite(SPECS[name])
    assert (suite.parts, suite.image_size) == (parts, side)
    dataset = open_dataset(suite, registry(), tmp_path)
    seen: dict[str, set[str]] = {}
    for role, size in sizes.items():
        split = getattr(suite.roles, role).split
        assert len(dataset.ids(split)) == size
        seen[role] = set(dataset.ids(split))
        samples = dataset.read(split, range(2), side)
        assert samples.images.shape == (2, 3, side, side)
    assert not seen["test"] & (seen["fit"] | seen.get("regress", set()))
    report = check_data(suite, registry(), tmp_path)
    assert all(check.ok for check in report.checks if check.what.startswith("role"))
    assert all(", expected " in check.detail for check in report.checks if not check.ok)
    assert np.asarray(preview(suite, registry(), data=tmp_path, count=2)).std() > 10


@pytest.mark.parametrize("name", ["cub", "flowers", "taichi"])
def test_truth_itself_is_the_best_answer(name: str, tmp_path: Path) -> None:
    """Overlap 1, and no error of landmarks that a method names as they are."""
    make, _, _, side = SUITES[name]
    make(tmp_path)
    suite, known = load_suite(SPECS[name]), registry()
    dataset = open_dataset(suite, known, tmp_path)
    split = suite.roles.test.split
    truth = dataset.read(split, range(len(dataset.ids(split))), side)
    predicted = Predicted(
        ids=truth.ids, landmarks=truth.landmarks, part_labels=truth.foreground.astype(np.uint8)
    )
    evaluation = Evaluation(test=predicted, test_truth=truth, landmark_names=dataset.landmark_names)
    uses = [use for use in suite.metrics if use.name.endswith(("_iou", "_mae", "landmark_error"))]
    scores = {one.metric: one.value for one in score_evaluation(uses, evaluation, known).scores}
    expected = {
        "cub": {"foreground_iou": 1, "landmark_error": 0},
        "flowers": {"foreground_iou": 1},
        "taichi": {"taichi_mae": 0, "foreground_iou": 1},
    }
    assert scores == expected[name]


def test_roles_of_flowers_are_exchanged() -> None:
    roles = load_suite(SPECS["flowers"]).roles
    assert (roles.fit.split, roles.test.split) == ("test", "train")


def test_taichi_is_scored_as_the_published_numbers_are() -> None:
    params = load_suite(SPECS["taichi"]).metrics[0].params
    assert params == {"distance": "coordinates", "bias": True, "frame_pixels": 256}
