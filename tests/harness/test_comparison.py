from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_records import made_run, record
from scipy import stats

from harness.comparison import Compared, compare
from harness.errors import DataError, RecordError, UnknownName
from harness.finished import find_runs
from harness.record import write_record
from harness.seal import sealed

HASHED = {"version": 1, "parts": 8, "data": {"test": "d" * 64}}
NAN = float("nan")


def one(
    folder: Path, left: list[list[float]], right: list[list[float]], **changes: Any
) -> Compared:
    """The comparison of two sides, given by the values an image of every run."""
    sides = [
        [
            made_run(folder / f"{name}-{seed}", HASHED, name, {"error": run}, seed=seed, **changes)
            for seed, run in enumerate(side)
        ]
        for name, side in (("a", left), ("b", right))
    ]
    (found,) = compare(*sides).metrics
    return found


def test_one_run_a_side_is_compared_image_by_image(tmp_path: Path) -> None:
    """Differences 1, 2, 3, 4: mean 2.5, deviation 1.2910, two of 16 patterns of signs."""
    found = one(tmp_path, [[2.0, 4.0, 6.0, 8.0]], [[1.0, 2.0, 3.0, 4.0]])
    assert (found.left_runs, found.right_runs, found.difference) == ((5.0,), (2.5,), 2.5)
    assert (found.p_images, found.p_runs) == (2 / 16, None)
    assert found.effect == pytest.approx(2.5 / math.sqrt(5 / 3))
    assert (found.wins, found.run_wins, found.better) == (0.0, 0.0, "right")
    assert found.interval is not None
    assert 1 <= found.interval[0] < 2.5 < found.interval[1] <= 4
    assert [gap.image for gap in found.largest] == ["test-3", "test-2", "test-1", "test-0"]
    assert (found.largest[0].left, found.largest[0].right) == (8.0, 4.0)


def test_interval_is_of_the_paired_differences_not_of_two_samples(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    base = rng.normal(50, 20, 400)
    left, right = base + rng.normal(1, 1, 400), base
    found = one(tmp_path, [list(left)], [list(right)])
    gaps = left - right
    half = 1.96 * gaps.std() / 20
    assert found.interval == pytest.approx((gaps.mean() - half, gaps.mean() + half), abs=half / 5)
    assert found.p_images == pytest.approx(1 / 10_001)


def test_effect_is_the_paired_t_statistic_over_the_root_of_the_images(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    left, right = rng.random(30), rng.random(30)
    found = one(tmp_path, [list(left)], [list(right)])
    assert found.effect == pytest.approx(stats.ttest_rel(left, right).statistic / math.sqrt(30))


def test_several_runs_a_side_hold_the_noise_of_training(tmp_path: Path) -> None:
    """Runs 9, 10, 11 against 4, 5, 6 on all images alike: Welch's half width with 4 degrees."""
    left, right = [[v] * 5 for v in (9.0, 10.0, 11.0)], [[v] * 5 for v in (4.0, 5.0, 6.0)]
    found = one(tmp_path, left, right)
    half = 2.776445 * math.sqrt(2 / 3)
    assert found.interval == pytest.approx((5 - half, 5 + half), abs=1e-5)
    assert (found.p_runs, found.run_wins, found.effect) == (0.1, 0.0, None)
    assert found.left_runs == (9.0, 10.0, 11.0)


def test_runs_that_overlap_are_not_told_apart_however_sure_the_images_are(tmp_path: Path) -> None:
    left, right = [[5.0] * 50, [9.0] * 50], [[6.0] * 50, [4.0] * 50]
    found = one(tmp_path, left, right)
    assert found.p_images < 0.001
    assert (found.better, found.p_runs, found.run_wins) == ("", 2 / 3, 0.25)


def test_side_with_one_run_is_compared_with_several(tmp_path: Path) -> None:
    found = one(tmp_path, [[1.0] * 4, [2.0] * 4, [3.0] * 4], [[9.0] * 4])
    half = 4.302653 / math.sqrt(3)
    assert found.interval == pytest.approx((-7 - half, -7 + half), abs=1e-5)
    assert (found.p_runs, found.better) == (0.25, "left")


def test_higher_is_better_turns_the_verdict_around(tmp_path: Path) -> None:
    higher = {"error": {"direction": "higher"}}
    found = one(tmp_path, [[2.0, 3.0, 4.0]], [[1.0, 2.0, 2.0]], scores=higher)
    assert (found.better, found.wins, found.run_wins) == ("left", 1.0, 1.0)


def test_equal_values_are_a_tie(tmp_path: Path) -> None:
    found = one(tmp_path, [[1.0, 2.0]], [[1.0, 2.0]])
    assert (found.difference, found.interval, found.better) == (0.0, (0.0, 0.0), "")
    assert (found.p_images, found.effect, found.wins, found.run_wins) == (1.0, None, 0.5, 0.5)


def test_only_images_with_a_value_in_every_run_count(tmp_path: Path) -> None:
    left, right = [[1.0, NAN, 3.0, 4.0]], [[2.0, 9.0, NAN, 6.0]]
    found = one(tmp_path, left, right)
    assert (found.images, found.difference) == (2, -1.5)
    assert [(gap.image, gap.position) for gap in found.largest] == [("test-3", 3), ("test-0", 0)]


def test_p_values_are_adjusted_for_all_metrics(tmp_path: Path) -> None:
    first = {"x": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 0.0, 0.0, 1.0]}
    zero = {"x": [0.0] * 4, "y": [0.0] * 4}
    a = made_run(tmp_path / "a", HASHED, "a", first)
    b = made_run(tmp_path / "b", HASHED, "b", zero)
    found = {m.metric: m for m in compare([a], [b]).metrics}
    assert (found["x"].p_images, found["x"].p_adjusted) == (0.125, 0.25)
    assert (found["y"].p_images, found["y"].p_adjusted) == (1.0, 1.0)
    (only,) = compare([a], [b], ["x"]).metrics
    assert only.p_adjusted == 0.125


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "measured otherwise: version (1, 2)"),
        ({"params": {"scale": 2}}, "measured otherwise: params.scale ((absent), 2)"),
        ({"per_image": None}, "it has no values an image"),
        ({"value": 7.0}, "it is no mean over images"),
        ({"value": None, "missing": "no parts"}, "no parts"),
    ],
    ids=["version", "parameters", "no values", "no mean", "no score"],
)
def test_metric_that_cannot_be_compared_is_left_out_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    values = {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    a = made_run(tmp_path / "a", HASHED, "a", values)
    b = made_run(tmp_path / "b", HASHED, "b", values)
    content = record_with(b, "y", changes)
    write_record(sealed(content, b), b / "record.json")
    found = compare([a], [b])
    assert [m.metric for m in found.metrics] == ["x"]
    assert found.left_out == {"y": reason}
    with pytest.raises(DataError, match="nothing to compare"):
        compare([a], [b], ["y"])


def record_with(folder: Path, metric: str, changes: dict[str, Any]) -> Any:
    from harness.record import read_record

    old = read_record(folder / "record.json")
    scores = [s.model_copy(update=changes) if s.metric == metric else s for s in old.scores]
    return old.model_copy(update={"scores": scores})


def test_runs_without_a_common_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no test image has a value in every run"):
        one(tmp_path, [[1.0, NAN]], [[NAN, 2.0]])


def test_other_suite_and_other_protocol_are_refused_with_what_differs(tmp_path: Path) -> None:
    a = made_run(tmp_path / "a", HASHED, "a", {"x": [1.0]})
    other = {**HASHED, "parts": 10, "data": {"test": "e" * 64}}
    b = made_run(tmp_path / "b", other, "b", {"x": [1.0]})
    with pytest.raises(DataError, match=r"data\.test \(dddddddddddd, e+\), parts \(8, 10\)"):
        compare([a], [b])
    c = made_run(tmp_path / "c", HASHED, "c", {"x": [1.0]}, suite="second")
    with pytest.raises(DataError, match=r"on the suite 'toy'.*on 'second'"):
        compare([a], [c])


def test_runs_of_one_side_must_differ_in_their_seed_only(tmp_path: Path) -> None:
    def run(name: str, **changes: Any) -> Path:
        return made_run(tmp_path / name, HASHED, "m", {"x": [1.0]}, **changes)

    first, again = run("a"), run("b")
    other = run("c", seed=1, config={"steps": 9})
    right = made_run(tmp_path / "r", HASHED, "r", {"x": [2.0]})
    with pytest.raises(DataError, match=r"not the same method: they differ in config\.steps"):
        compare([first, other], [right])
    with pytest.raises(DataError, match="the same seed 0"):
        compare([first, again], [right])
    with pytest.raises(DataError, match="stands on both sides"):
        compare([first], [first])


def test_unfinished_failed_and_changed_runs_are_named(tmp_path: Path) -> None:
    good = made_run(tmp_path / "good", HASHED, "a", {"x": [1.0]})
    (tmp_path / "begun").mkdir()
    with pytest.raises(RecordError, match=r"begun: no record\.json: this is no finished run"):
        compare([good], [tmp_path / "begun"])
    with pytest.raises(RecordError, match="nothing/here"):
        compare([good], [tmp_path / "nothing" / "here"])
    failed = record(HASHED, "b", status="failed", error="out of memory", scores=[])
    write_record(failed, tmp_path / "failed" / "record.json")
    with pytest.raises(RecordError, match=r"failed and has no scores: out of memory"):
        compare([good], [tmp_path / "failed"])
    bad = made_run(tmp_path / "bad", HASHED, "b", {"x": [2.0]})
    np.savez(bad / "per_image.npz", x=np.array([0.1]))
    with pytest.raises(RecordError, match=r"per_image\.npz: changed after"):
        compare([good], [bad])
    (bad / "per_image.npz").unlink()
    with pytest.raises(RecordError, match=r"per_image\.npz: missing"):
        compare([good], [bad])


def test_unknown_metric_is_named_with_the_nearest(tmp_path: Path) -> None:
    a = made_run(tmp_path / "a", HASHED, "a", {"error": [1.0]})
    b = made_run(tmp_path / "b", HASHED, "b", {"error": [2.0]})
    with pytest.raises(UnknownName, match="Did you mean 'error'"):
        compare([a], [b], ["errors"])


def test_folders_are_found_by_commas_and_patterns(tmp_path: Path) -> None:
    for name in ("m-seed0", "m-seed1", "n-seed0"):
        (tmp_path / name).mkdir()
    assert [p.name for p in find_runs(f"{tmp_path}/m-*")] == ["m-seed0", "m-seed1"]
    both = f"{tmp_path}/n-seed0, {tmp_path}/m-seed1"
    assert [p.name for p in find_runs(both)] == ["n-seed0", "m-seed1"]
    with pytest.raises(DataError, match="no folder fits"):
        find_runs(f"{tmp_path}/q*")
    with pytest.raises(DataError, match="empty name"):
        find_runs(" , ")
