"""Everything that the harness brings keeps the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from colour_world import MeanColour
from official_trees_a import (
    make_aflw_tree,
    make_mnist_tree,
    make_pascal3d_tree,
    make_prepared_cats,
    make_smallnorb_tree,
    make_zappos_tree,
)
from official_trees_b import make_bbc_pose_tree, make_human36m_tree, make_voxceleb_tree
from official_trees_c import (
    make_celeba_hq_tree,
    make_ffhq_tree,
    make_flowers_tree,
    make_lsun_tree,
)
from official_trees_d import (
    make_awa_tree,
    make_cub_tree,
    make_svhn_tree,
    make_taichi_tree,
)
from trees import make_celeba_tree, make_photo_folder

from harness.conformance import conform
from harness_metrics.features.extractor import Extractor

BUILT_IN = conform.installed("harness")
#: Small trees in the official layouts, by the dataset.
TREES: dict[str, Callable[[Path], Any]] = {
    "aflw": make_aflw_tree,
    "awa": make_awa_tree,
    "bbc_pose": make_bbc_pose_tree,
    "cat_head": make_prepared_cats,
    "celeba": lambda root: make_celeba_tree(root, 20),
    "celeba_hq": make_celeba_hq_tree,
    "cub": make_cub_tree,
    "ffhq": make_ffhq_tree,
    "flowers_102": lambda root: make_flowers_tree(root, side=80),
    "human36m": make_human36m_tree,
    "image_folder": lambda root: make_photo_folder(root, 20),
    "lsun_bedroom": make_lsun_tree,
    "mnist": make_mnist_tree,
    "pascal3d_car": make_pascal3d_tree,
    "smallnorb": make_smallnorb_tree,
    "svhn": lambda root: make_svhn_tree(root, extra=5),
    "taichi": make_taichi_tree,
    "voxceleb": make_voxceleb_tree,
    "zappos_shoes": make_zappos_tree,
}


def of_kind(kind: str) -> list[str]:
    return [name for found, name in BUILT_IN if found == kind]


@pytest.mark.parametrize("name", of_kind("method"))
def test_method_keeps_the_contract(name: str) -> None:
    found = conform.method(name)
    assert {one.check for one in found if one.status == "passed"} >= {"learns", "same_seed"}


@pytest.mark.parametrize("name", of_kind("metric"))
def test_metric_keeps_the_contract(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that are downloaded or trained are replaced by the mean colour of an image."""
    colour = Extractor("colour", {"extractor": "colour"}, MeanColour(), torch.device("cpu"))
    for module in ("image_sets", "fid"):
        monkeypatch.setattr(f"harness_metrics.{module}.build_extractor", lambda *_: colour)
    found = conform.metric(name)
    assert {one.check for one in found if one.status == "passed"} >= {"measures", "repeatable"}


@pytest.mark.parametrize("name", of_kind("dataset"))
def test_dataset_keeps_the_contract(name: str, tmp_path: Path) -> None:
    short = name.removeprefix("harness/")
    if short in TREES:
        TREES[short](tmp_path)
    found = conform.dataset(name, data=tmp_path if short in TREES else None)
    assert {one.check for one in found if one.status == "passed"} >= {"ids", "picked_reads"}


@pytest.mark.parametrize("name", of_kind("suite"))
def test_suite_keeps_the_contract(name: str) -> None:
    found = conform.suite(name)
    assert {one.check for one in found if one.status == "passed"} >= {"loads", "names", "values"}


def test_many_things_are_built_in() -> None:
    assert np.min([len(of_kind(kind)) for kind in ("method", "metric", "dataset", "suite")]) > 15
