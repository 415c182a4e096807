from collections import Counter

import pytest

from harness.suite import Published, load_suite
from harness_suites.plugin import harness_suites

SPECS = {spec.name: spec for spec in harness_suites()}
IMM = "IMM (Jakab, Gupta, Bilen, Vedaldi, 2018), "
LMDIS = "lmdis-rep (Zhang, Guo, Jin, Luo, He, Lee, 2018), "

#: How many numbers of a table stand in a suite.
COUNTS = {
    ("mafl", IMM + "Table 1"): 10,
    ("mafl_k30", IMM + "Table 1"): 11,
    ("aflw", IMM + "Table 1"): 10,
    ("aflw_k30", IMM + "Table 1"): 8,
    ("mafl_k30", IMM + "Fig. 3 table"): 12,
    ("mafl_k30", IMM + "Table 2"): 9,
    ("mafl", IMM + "appendix Table 1"): 6,
    ("mafl_k30", IMM + "appendix Table 1"): 16,
    ("mafl", LMDIS + "Table 1a"): 4,
    ("mafl_k30", LMDIS + "Table 1a"): 6,
    ("mafl", LMDIS + "Table 1b"): 6,
    ("mafl_k30", LMDIS + "Table 1b"): 2,
    ("aflw", LMDIS + "Table 1b"): 8,
    ("aflw_k30", LMDIS + "Table 1b"): 2,
    ("mafl_k30", LMDIS + "Table 1c"): 5,
    ("pascal3d_car", LMDIS + "Table 2"): 2,
    ("pascal3d_car_k24", LMDIS + "Table 2"): 2,
    ("cat_head", LMDIS + "Table 2"): 2,
    ("cat_head_k20", LMDIS + "Table 2"): 2,
    ("celeba_attributes", LMDIS + "Table 3"): 5 * (13 + 1),
    ("mafl", LMDIS + "Table 5"): 6,
}
SUITES = sorted({suite for suite, _ in COUNTS})


def rows(suite: str, table: str = "") -> list[Published]:
    return [row for row in load_suite(SPECS[suite]).published if row.source.endswith(table)]


def value(suite: str, table: str, method: str, *marks: str) -> float:
    """The one number of this method and exactly these marks in a table."""
    found = [r.value for r in rows(suite, table) if (r.method, *r.marks) == (method, *marks)]
    assert len(found) == 1
    return found[0]


def test_every_table_stands_where_it_belongs() -> None:
    got = Counter((suite, row.source) for suite in SUITES for row in rows(suite))
    assert got == COUNTS


@pytest.mark.parametrize("suite", SUITES)
def test_no_number_of_a_table_stands_twice_under_the_same_conditions(suite: str) -> None:
    keys = [(row.method, row.source, *row.marks) for row in rows(suite)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("suite", ["mafl", "aflw"])
def test_supervised_methods_stand_at_ten_keypoints_only(suite: str) -> None:
    supervised = [row.method for row in rows(suite) if "supervised" in row.marks]
    expected = {"mafl": 4, "aflw": 6}[suite]
    assert len(supervised) == 2 * expected
    assert not any("supervised" in row.marks for row in rows(f"{suite}_k30"))


SELF, SUPERVISED = "self-supervised loss network", "supervised loss network"
ON_CELEBA, VOX = "regressor trained on CelebA", "trained on VoxCeleb"
ZHANG, THEWLIS = "Zhang et al. (lmdis-rep)", "Thewlis et al. (landmarks)"


@pytest.mark.parametrize(
    ("suite", "table", "key", "expected"),
    [
        ("mafl", "(Jakab, Gupta, Bilen, Vedaldi, 2018), Table 1", ("IMM", SELF), 3.19),
        ("mafl", "Table 1", ("Shu et al.", "K not given", "two-layer network as regressor"), 5.45),
        ("aflw", "Table 1", ("IMM", SUPERVISED), 6.99),
        ("aflw_k30", "Table 1", ("IMM", "K = 50", SELF), 6.33),
        ("aflw_k30", "Table 1", ("IMM", SUPERVISED, VOX), 7.10),
        ("mafl_k30", "), Table 1", ("IMM", SELF, VOX, "bias in the regressor"), 3.63),
        ("mafl_k30", "), Table 1", (ZHANG, "without equivariance"), 8.42),
        ("mafl_k30", "appendix Table 1", ("IMM", "K = 50", SUPERVISED, VOX, ON_CELEBA), 3.55),
        ("mafl_k30", "appendix Table 1", (THEWLIS, "K = 50", ON_CELEBA), 5.33),
        ("mafl_k30", "appendix Table 1", ("IMM", SELF, ON_CELEBA), 2.57),
        ("mafl_k30", "Fig. 3 table", (THEWLIS, "10 labelled images"), 8.49),
        (
            "mafl_k30",
            "Fig. 3 table",
            ("IMM", "1 labelled image", "± 3.21 over draws", SELF),
            12.89,
        ),
        ("mafl_k30", "Table 2", ("IMM", "ablation: adversarial and L2 reconstruction loss"), 2.80),
        ("mafl_k30", "Table 1a", (ZHANG,), 3.16),
        ("mafl_k30", "Table 1a", (ZHANG, ON_CELEBA), 3.15),
        ("mafl", "Table 1a", (THEWLIS, ON_CELEBA), 6.32),
        ("aflw", "Table 1b", (ZHANG,), 7.01),
        ("pascal3d_car_k24", "Table 2", (ZHANG,), 5.80),
        ("cat_head_k20", "Table 2", (THEWLIS,), 26.94),
        ("mafl", "Table 5", (ZHANG, "warps by grid and by landmarks 5:5", ON_CELEBA), 3.38),
        ("celeba_attributes", "Table 3", (ZHANG, "60 numbers"), 83.2),
        ("celeba_attributes", "Table 3", (ZHANG, "Narrow_Eyes alone", "60 numbers"), 88.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_number_is_the_paper_s(
    suite: str, table: str, key: tuple[str, ...], expected: float
) -> None:
    assert value(suite, table, *key) == expected


def test_rows_of_uncertain_k_say_so() -> None:
    marks = [" ".join(row.marks) for row in rows("mafl_k30", "Table 1c")]
    assert all("K uncertain" in mark for mark in marks)


def test_attribute_rows_average_to_the_printed_mean() -> None:
    for method in {row.method for row in rows("celeba_attributes")}:
        of = [row for row in rows("celeba_attributes") if row.method == method]
        alone = [r.value for r in of if r.marks[0].endswith(" alone")]
        (mean,) = (r.value for r in of if not r.marks[0].endswith(" alone"))
        assert len(alone) == 13
        # Both are printed with one decimal.
        assert abs(sum(alone) / 13 - mean) <= 0.1


def test_attribute_rows_name_the_suite_s_attributes_in_order() -> None:
    suite = load_suite(SPECS["celeba_attributes"])
    named = [r.marks[0].removesuffix(" alone") for r in suite.published if r.method == ZHANG][1:]
    assert named == suite.metrics[0].params["attributes"]
