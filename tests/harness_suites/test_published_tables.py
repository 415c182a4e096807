"""Every number of the papers' tables stands in a suite, counted by hand from the papers."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from harness.suite import Published, load_suite
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}
LKG = "LatentKeypointGAN (He, Wandt, Rhodin, 2021), "
GANSEG = "GANSeg (He, Wandt, Rhodin, 2022), "
IMM = "IMM (Jakab, Gupta, Bilen, Vedaldi, 2018), "
LMDIS = "lmdis-rep (Zhang, Guo, Jin, Luo, He, Lee, 2018), "

#: Numbers of every table and text that measure a method, and how many of them stand in two suites.
#: Tables of settings (LatentKeypointGAN 2, GANSeg 4, lmdis-rep 6 and 7) have none.
NUMBERS = {
    LKG + "Table 1": (5, 0),
    LKG + "section 4.5": (3, 0),
    # Aligned 6, wild with four parts 7, wild with eight parts 11.
    GANSEG + "Table 1": (6 + 7 + 11, 0),
    # Birds 6, flowers 5: PerturbGAN has no number of flowers.
    GANSEG + "Table 2": (6 + 5, 0),
    # Errors 4, overlaps 3.
    GANSEG + "Table 3": (4 + 3, 0),
    GANSEG + "section 4.4": (3, 0),
    GANSEG + "appendix C": (4, 0),
    GANSEG + "appendix Table 5": (2 * 5, 0),
    GANSEG + "appendix Table 6": (4 * 5, 0),
    GANSEG + "appendix Table 7": (6 * 5, 0),
    # Supervised 10, other unsupervised 12, on CelebA 12, on VoxCeleb 5, which two suites hold.
    IMM + "Table 1": (10 + 12 + 12 + 5, 5),
    IMM + "Table 2": (4 + 5, 0),
    IMM + "Fig. 3 table": (8 + 4, 0),
    IMM + "Fig. 4 table": (7 * 5, 0),
    IMM + "appendix Table 1": (3 * 6 + 4, 4),
    LMDIS + "Table 1a": (6 + 4, 0),
    # MAFL 8, AFLW 10.
    LMDIS + "Table 1b": (8 + 10, 0),
    LMDIS + "Table 1c": (5, 0),
    LMDIS + "Table 2": (2 * 5, 0),
    LMDIS + "Table 3": (5 * (13 + 1), 0),
    LMDIS + "Table 4": (3 * 7, 0),
    LMDIS + "Table 5": (6, 0),
    LMDIS + "appendix C.1": (1, 0),
}


def rows(suite: str, table: str = "") -> list[Published]:
    return [row for row in load_suite(SPECS[suite]).published if row.source.endswith(table)]


def value(suite: str, table: str, metric: str, method: str, *marks: str) -> float:
    """The one number of this method and exactly these marks in a table."""
    found = [
        row.value
        for row in rows(suite, table)
        if (row.metric, row.method, *row.marks) == (metric, method, *marks)
    ]
    assert len(found) == 1
    return found[0]


def test_every_number_of_every_table_stands_in_a_suite() -> None:
    got = Counter(row.source for name in SPECS for row in rows(name))
    assert {source: got[source] for source in NUMBERS} == {
        source: numbers + twice for source, (numbers, twice) in NUMBERS.items()
    }
    papers = tuple(NUMBERS)
    own = {source for source in got if source.startswith((LKG, GANSEG, IMM, LMDIS))}
    assert own == set(papers)


def test_numbers_that_stand_twice_are_the_same_numbers() -> None:
    """Those of VoxCeleb, in its own suite and in the suites that they are compared in."""
    own = Counter((row.source, row.value) for row in rows("voxceleb"))
    others = Counter(
        (row.source, row.value) for name in SPECS if name != "voxceleb" for row in rows(name)
    )
    assert sum(own.values()) == sum(twice for _, twice in NUMBERS.values())
    assert own <= others


@pytest.mark.parametrize("suite", ["celeba_wild", "cub", "flowers", "taichi"])
def test_no_number_stands_twice_under_the_same_conditions(suite: str) -> None:
    keys = [(row.metric, row.method, row.source, *row.marks) for row in rows(suite)]
    assert len(keys) == len(set(keys))


def test_ablations_repeat_the_main_number_where_they_meet_it() -> None:
    """Table 7 has no ten parts, which are the Taichi number of the others."""
    main = {
        ("celeba_wild", "inter_ocular_error"): 6.18,
        ("cub", "foreground_iou"): 0.629,
        ("flowers", "foreground_iou"): 0.739,
        ("taichi", "taichi_mae"): 417.17,
        ("taichi", "foreground_iou"): 0.8538,
    }
    for (suite, metric), expected in main.items():
        whole = "ablation: scale of a part estimated"
        assert value(suite, "appendix Table 5", metric, "GANSeg", whole) == expected
        points = "ablation: 4 points a part"
        assert value(suite, "appendix Table 6", metric, "GANSeg", points) == expected
        follows = "concentration weight follows K"
        eight = value(suite, "appendix Table 7", metric, "GANSeg", "K = 8", follows)
        assert (eight == expected) == (suite != "taichi")


FOLLOWS = "concentration weight follows K"
SIAROHIN = "reported by Siarohin et al."
IOU, MAE, EYES = "foreground_iou", "taichi_mae", "inter_ocular_error"


@pytest.mark.parametrize(
    ("suite", "table", "metric", "key", "expected"),
    [
        ("cub", "Table 2", IOU, ("GrabCut", "foreground alone"), 0.360),
        ("cub", "Table 2", IOU, ("PerturbGAN", "foreground alone"), 0.380),
        (
            "cub",
            "Table 2",
            IOU,
            ("SCOPS", "background masks given", "trained by GANSeg's authors"),
            0.329,
        ),
        ("cub", "Table 2", IOU, ("GANSeg",), 0.629),
        ("cub", "section 4.4", "landmark_error", ("GANSeg",), 3.23),
        ("cub", "section 4.4", "landmark_error", ("Zhang et al. (lmdis-rep)",), 5.36),
        ("cub", "section 4.4", "landmark_error", ("Lorenz et al.",), 3.91),
        ("cub", "appendix C", "fid", ("GANSeg", "K not given"), 38.74),
        ("cub", "appendix Table 7", IOU, ("GANSeg", "K = 16", FOLLOWS), 0.692),
        ("cub", "appendix Table 7", IOU, ("GANSeg", "K = 32", FOLLOWS), 0.380),
        ("flowers", "Table 2", IOU, ("Savarese et al.", "foreground alone"), 0.789),
        ("flowers", "Table 2", IOU, ("GANSeg",), 0.739),
        ("flowers", "appendix C", "fid", ("GANSeg", "K not given"), 38.41),
        ("flowers", "appendix Table 6", IOU, ("GANSeg", "ablation: 8 points a part"), 0.744),
        ("flowers", "appendix Table 7", IOU, ("GANSeg", "K = 1", FOLLOWS), 0.570),
        ("taichi", "Table 3", MAE, ("DFF", "no split of training and test", SIAROHIN), 494.48),
        ("taichi", "Table 3", MAE, ("SCOPS", "images with saliency", SIAROHIN), 411.38),
        ("taichi", "Table 3", IOU, ("Siarohin et al.", "trained on videos"), 0.7686),
        ("taichi", "Table 3", MAE, ("GANSeg", "trained on single images"), 417.17),
        ("taichi", "Table 3", IOU, ("GANSeg", "trained on single images"), 0.8538),
        (
            "taichi",
            "appendix Table 5",
            IOU,
            ("GANSeg", "ablation: scale of a part fixed"),
            0.7452,
        ),
        ("taichi", "appendix Table 7", MAE, ("GANSeg", "K = 32", FOLLOWS), 1605.84),
        ("taichi", "appendix C", "fid", ("GANSeg", "K not given"), 116.62),
        (
            "celeba_wild",
            "appendix Table 5",
            EYES,
            ("GANSeg", "ablation: scale of a part fixed"),
            26.32,
        ),
        ("celeba_wild", "appendix Table 6", EYES, ("GANSeg", "ablation: 6 points a part"), 8.84),
        ("celeba_wild", "appendix Table 7", EYES, ("GANSeg", "K = 12", FOLLOWS), 6.17),
    ],
)
def test_number_is_the_paper_s(
    suite: str, table: str, metric: str, key: tuple[str, ...], expected: float
) -> None:
    assert value(suite, table, metric, *key) == expected


def test_published_rows_are_of_metrics_that_could_give_them() -> None:
    """Percentages are above 1 and shares below it, so that units are not mixed up."""
    by_metric: dict[str, list[float]] = defaultdict(list)
    for name in SPECS:
        for row in rows(name):
            by_metric[row.metric].append(row.value)
    assert all(0 < share < 1 for share in by_metric["foreground_iou"])
    for metric in ("inter_ocular_error", "landmark_error", "human36m_error"):
        assert all(1 < percent < 100 for percent in by_metric[metric])
    assert all(300 < error < 2000 for error in by_metric["taichi_mae"])
