"""The suites of generators: their protocols, published rows, and small official trees."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from official_trees_b import make_bbc_pose_tree
from official_trees_c import make_celeba_hq_tree, make_ffhq_tree, make_lsun_tree

from harness.cache import open_dataset
from harness.inspection import check_data, preview
from harness.registry import registry
from harness.suite import Published, load_suite
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}
LKG = "LatentKeypointGAN (He, Wandt, Rhodin, 2021), "

#: How each suite's tree is made, images of fit and test, and the paper's size.
SUITES: dict[str, tuple[Callable[[Path], Path], tuple[int, int], int]] = {
    "celeba_hq": (lambda root: make_celeba_hq_tree(root, 6, side=512), (5, 1), 512),
    "ffhq": (lambda root: make_ffhq_tree(root, train=3, val=1), (3, 1), 512),
    "lsun_bedroom": (make_lsun_tree, (8, 3), 128),
    "bbc_pose_images": (make_bbc_pose_tree, (10, 10), 256),
}
NAMES = pytest.mark.parametrize("name", SUITES)


def rows(suite: str, metric: str) -> list[Published]:
    return [row for row in load_suite(SPECS[suite]).published if row.metric == metric]


@NAMES
def test_suite_runs_on_a_small_tree(name: str, tmp_path: Path) -> None:
    make, sizes, side = SUITES[name]
    make(tmp_path)
    suite = load_suite(SPECS[name])
    assert (suite.parts, suite.image_size) == (10, side)
    dataset = open_dataset(suite, registry(), tmp_path)
    fit, test = suite.roles.fit.split, suite.roles.test.split
    assert (len(dataset.ids(fit)), len(dataset.ids(test))) == sizes
    assert not set(dataset.ids(fit)) & set(dataset.ids(test))
    samples = dataset.read(fit, [0, 1], side)
    assert samples.images.shape == (2, 3, side, side)
    report = check_data(suite, registry(), tmp_path)
    assert all(check.ok for check in report.checks if check.what.startswith("role"))
    assert all(", expected " in check.detail for check in report.checks if not check.ok)
    assert np.asarray(preview(suite, registry(), data=tmp_path, count=2)).std() > 10


@NAMES
def test_quality_comes_first_and_edits_are_measured(name: str) -> None:
    """The distance of 50,000 images to those learnt from, under Inception's name alone."""
    metrics = {use.name: use.params for use in load_suite(SPECS[name]).metrics}
    assert next(iter(metrics)) == "fid"
    assert (metrics["fid"]["real"], metrics["fid"]["count"]) == ("fit", 50_000)
    assert {"frechet_distance", "kid", "edit_locality", "move_consistency"} <= set(metrics)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("celeba_hq", {"smallest_crop": 0.7}),
        ("ffhq", {"smallest_crop": 0.7, "images": "images1024x1024"}),
        ("lsun_bedroom", {"smallest_crop": 1.0, "shape": "centre", "images": None}),
    ],
)
def test_crop_is_the_paper_s(name: str, options: dict[str, object], tmp_path: Path) -> None:
    SUITES[name][0](tmp_path)
    dataset = open_dataset(load_suite(SPECS[name]), registry(), tmp_path)
    assert options.items() <= dataset.options.model_dump().items()


def test_rows_of_celeba_hq_are_those_of_the_paper() -> None:
    found = rows("celeba_hq", "fid")
    assert {row.method: row.value for row in found} == {
        "Pix2PixHD": 23.69,
        "SPADE": 22.43,
        "SEAN": 17.66,
        "LatentKeypointGAN": 11.94,
        "StyleGAN": 5.06,
    }
    assert {row.source for row in found} == {LKG + "Table 1"}
    quoted = {row.method for row in found if "quoted" in row.marks}
    assert quoted == {"Pix2PixHD", "SPADE", "SEAN", "StyleGAN"}
    masks = {row.method for row in found if "supervised by masks" in row.marks}
    assert masks == {"Pix2PixHD", "SPADE", "SEAN"}


def test_rows_of_mafl_held_out_are_those_of_the_paper() -> None:
    found = rows("mafl_held_out", "inter_ocular_error")
    assert {row.method: row.value for row in found} == {
        "LatentKeypointGAN": 5.85,
        "Thewlis et al.": 7.95,
        "Dundar et al.": 2.76,
    }
    assert {row.source for row in found} == {LKG + "section 4.5"}


def test_distance_of_ganseg_s_generator_stands_with_its_suite() -> None:
    (row,) = rows("celeba_wild", "fid")
    assert (row.method, row.value) == ("GANSeg", 21.42)
    assert row.source == "GANSeg (He, Wandt, Rhodin, 2022), appendix C"
    assert not any(rows(name, "fid") for name in ("celeba_wild_k4", "celeba_aligned"))


def test_nothing_of_mafl_is_learnt_from_in_mafl_held_out() -> None:
    suite, usual = load_suite(SPECS["mafl_held_out"]), load_suite(SPECS["mafl"])
    assert suite.roles.fit.split == "all_without_mafl"
    assert suite.model_copy(update={"roles": usual.roles}).protocol() == {
        **usual.protocol(),
        "name": "mafl_held_out",
    }
