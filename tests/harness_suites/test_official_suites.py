"""The suites of the official data sets on small trees: every role, the check and the preview."""

from collections.abc import Callable
from pathlib import Path

import pytest
from official_trees_a import (
    make_aflw_tree,
    make_mnist_tree,
    make_pascal3d_tree,
    make_prepared_cats,
    make_published_cats,
    make_smallnorb_tree,
    make_zappos_tree,
)
from trees import make_celeba_tree

from harness.cache import open_dataset
from harness.inspection import check_data, preview
from harness.registry import registry
from harness.suite import load_suite
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}

#: How each suite's tree is made, and images by role (fit, regress, test).
SUITES: dict[str, tuple[Callable[[Path], Path], list[int]]] = {
    "mafl": (lambda root: make_celeba_tree(root, 40), [26, 16, 8]),
    "mafl_k30": (lambda root: make_celeba_tree(root, 40), [26, 16, 8]),
    "mafl_held_out": (lambda root: make_celeba_tree(root, 40), [16, 16, 8]),
    "celeba_attributes": (lambda root: make_celeba_tree(root, 40), [26, 26, 8]),
    "aflw": (make_aflw_tree, [12, 12, 5]),
    "aflw_k30": (make_aflw_tree, [12, 12, 5]),
    "cat_head": (make_prepared_cats, [12, 12, 5]),
    "cat_head_k20": (make_prepared_cats, [12, 12, 5]),
    "pascal3d_car": (make_pascal3d_tree, [18, 18, 2]),
    "pascal3d_car_k24": (make_pascal3d_tree, [18, 18, 2]),
    "shoes": (make_zappos_tree, [29, 0, 1]),
    "mnist": (make_mnist_tree, [40, 0, 20]),
    "smallnorb": (make_smallnorb_tree, [24, 0, 24]),
}
LANDMARKS = {"mafl": 5, "mafl_held_out": 5, "aflw": 5, "cat_head": 7, "pascal3d_car": 6}
PARTS = {
    "mafl": 10,
    "mafl_k30": 30,
    "mafl_held_out": 10,
    "celeba_attributes": 30,
    "aflw": 10,
    "aflw_k30": 30,
}
PARTS |= {"cat_head": 10, "cat_head_k20": 20, "pascal3d_car": 10, "pascal3d_car_k24": 24}
PARTS |= {"shoes": 8, "mnist": 7, "smallnorb": 20}
NAMES = pytest.mark.parametrize("name", SUITES)


@NAMES
def test_roles_are_filled_from_the_official_tree(name: str, tmp_path: Path) -> None:
    make, expected = SUITES[name]
    make(tmp_path)
    suite = load_suite(SPECS[name])
    dataset = open_dataset(suite, registry(), tmp_path)
    roles = (suite.roles.fit, suite.roles.regress, suite.roles.test)
    got = [len(dataset.ids(role.split)) if role else 0 for role in roles]
    assert got == expected
    samples = dataset.read(suite.roles.test.split, [0], suite.image_size)
    assert samples.images.shape == (1, 3, suite.image_size, suite.image_size)
    if name in LANDMARKS:
        assert samples.landmarks.shape == (1, LANDMARKS[name], 2)


@NAMES
def test_check_reads_all_roles_and_doubts_the_counts_alone(name: str, tmp_path: Path) -> None:
    SUITES[name][0](tmp_path)
    report = check_data(load_suite(SPECS[name]), registry(), tmp_path)
    wrong = [check for check in report.checks if not check.ok]
    assert all(", expected " in check.detail for check in wrong)
    assert bool(wrong) == (not name.startswith("pascal3d_car"))
    assert any("first image readable" in check.detail for check in report.checks)


@NAMES
def test_preview_draws_the_test_images(name: str, tmp_path: Path) -> None:
    SUITES[name][0](tmp_path)
    sheet = preview(load_suite(SPECS[name]), registry(), data=tmp_path, count=4)
    assert min(sheet.size) >= 28


@NAMES
def test_number_of_keypoints_is_the_paper_s(name: str) -> None:
    assert load_suite(SPECS[name]).parts == PARTS[name]


@NAMES
def test_landmarks_are_regressed_from_the_image_centre_without_bias(name: str) -> None:
    for use in load_suite(SPECS[name]).metrics:
        if use.name in ("inter_ocular_error", "sample_efficiency"):
            assert (use.params["origin"], use.params["bias"]) == ("centre", False)
            assert (use.params["left_eye"], use.params["right_eye"]) == ([0], [1])


def test_cat_suites_run_on_published_photos_by_their_hashed_splits(tmp_path: Path) -> None:
    make_published_cats(tmp_path)
    roles = {"fit": {"split": "hash_train"}, "regress": {"split": "hash_train"}}
    settings = {"roles": {**roles, "test": {"split": "hash_test"}}}
    report = check_data(load_suite(SPECS["cat_head"], settings), registry(), tmp_path)
    assert [check.what for check in report.checks if not check.ok] == ["photos"]


def test_first_landmarks_of_the_cars_are_the_wheels(tmp_path: Path) -> None:
    make_pascal3d_tree(tmp_path)
    dataset = open_dataset(load_suite(SPECS["pascal3d_car"]), registry(), tmp_path)
    assert dataset.landmark_names[:2] == ("front wheel", "back wheel")
