import numpy as np
import pytest

from harness_metrics.disentanglement_curve import Curves, outcomes, stacked

#: Three samples and four attributes, of which the first is edited.
BEFORE = np.array([[0.1, 0.2, 0.9, 0.4], [0.3, 0.8, 0.1, 0.5], [0.9, 0.1, 0.2, 0.2]])
AFTER = np.array([[[0.8, 0.3, 0.2, 0.4], [0.7, 0.75, 0.7, 0.05], [0.2, 0.1, 0.1, 0.3]]])
FINITE = np.ones((1, 3), bool)


def curves(accuracy: list[float], disentanglement: list[float]) -> Curves:
    return Curves(np.array([accuracy]), np.array([disentanglement]))


def random_outcomes(attributes: int = 3, strengths: int = 7, samples: int = 11):
    random = np.random.default_rng(5)
    before = random.random((samples, 5))
    return stacked(
        [
            outcomes(
                before,
                (before + random.normal(0, 0.6, (strengths, samples, 5))).clip(0, 1),
                random.random((strengths, samples)) > 0.1,
                place,
                0.5,
            )
            for place in range(attributes)
        ]
    )


def naive_area(accuracy: np.ndarray, disentanglement: np.ndarray) -> float:
    area, x, y = 0.0, 0.0, 1.0
    for here, kept in zip(accuracy.tolist(), disentanglement.tolist(), strict=True):
        if here > x:
            area += (here - x) * (kept + y) / 2
            x, y = here, kept
    return area


def test_successes_and_changes_of_three_samples_by_hand():
    """Moves +.7, +.4, -.7 with wanted signs +, +, -; others changed 1, 1, 0 of 3."""
    got = outcomes(BEFORE, AFTER, FINITE, 0, 0.5)
    assert got.success.tolist() == [[1, 0, 1]]
    assert got.changed.tolist() == [[1, 1, 0]]
    assert got.others == 3
    made = got.curves()
    assert made.accuracy == pytest.approx([2 / 3])
    assert made.disentanglement == pytest.approx([7 / 9])


def test_crossing_the_middle_is_enough_where_it_is_asked():
    got = outcomes(BEFORE, AFTER, FINITE, 0, 0.5, crossing=True)
    assert got.success.tolist() == [[1, 1, 1]]
    assert got.changed.tolist() == [[1, 1, 0]]


def test_the_wrong_direction_is_no_success():
    before = np.array([[0.45, 0.0], [0.9, 0.0]])
    after = np.array([[[0.0, 0.0], [1.0, 0.0]]])
    got = outcomes(before, after, np.ones((1, 2), bool), 0, 0.3)
    assert got.success.tolist() == [[0, 0]]
    assert got.changed.tolist() == [[0, 0]]


@pytest.mark.parametrize("crossing", [False, True])
def test_an_edit_that_is_not_finite_failed_and_changed_all_others(crossing):
    finite = np.array([[True, True, False]])
    got = outcomes(BEFORE, AFTER, finite, 0, 0.5, crossing=crossing)
    assert got.success[0, 2] == 0
    assert got.changed.tolist() == [[1, 1, 3]]


def test_the_area_of_three_points_by_hand():
    """.39 + .36 + .0775, neither extended to accuracy 1 (.8975) nor divided by .9 (.9194)."""
    got = curves([0.4, 0.8, 0.9], [0.95, 0.85, 0.7])
    assert got.areas() == pytest.approx([0.8275])
    assert got.best(0) == 1
    x, y = got.points(0)
    np.testing.assert_allclose(x, [0, 0.4, 0.8, 0.9])
    np.testing.assert_allclose(y, [1, 0.95, 0.85, 0.7])


def test_a_strength_counts_only_where_the_accuracy_exceeds_all_earlier_ones():
    """Of a tie the earlier stays: .5 * .95 + .3 * .8."""
    got = curves([0.0, 0.5, 0.3, 0.5, 0.8], [0.4, 0.9, 0.1, 0.2, 0.7])
    assert got.kept.tolist() == [[False, True, False, False, True]]
    assert got.areas() == pytest.approx([0.715])
    assert got.best(0) == 4


def test_without_any_success_the_area_is_0_and_no_strength_is_best():
    got = curves([0.0, 0.0], [1.0, 0.2])
    assert got.areas().tolist() == [0]
    assert got.best(0) is None
    assert [line.tolist() for line in got.points(0)] == [[0], [1]]


def test_of_equal_harmonic_means_the_lower_strength_is_best():
    assert curves([0.6, 0.8], [0.8, 0.6]).best(0) == 0


def test_areas_of_many_curves_equal_a_plain_loop():
    random = np.random.default_rng(0)
    accuracy = random.integers(0, 5, (6, 4, 9)) / 4
    disentanglement = random.random((6, 4, 9))
    got = Curves(accuracy, disentanglement).areas()
    expected = [
        [naive_area(x, y) for x, y in zip(*pair, strict=True)]
        for pair in zip(accuracy, disentanglement, strict=True)
    ]
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_all_positions_once_give_the_very_same_curves_in_any_order():
    got = random_outcomes()
    plain = got.curves()
    for positions in (np.arange(11), np.random.default_rng(1).permutation(11)):
        again = got.curves(positions)
        np.testing.assert_array_equal(again.accuracy, plain.accuracy)
        np.testing.assert_array_equal(again.disentanglement, plain.disentanglement)


def test_resampled_curves_are_those_of_the_chosen_samples():
    got = random_outcomes()
    positions = np.array([3, 3, 3, 0, 10, 7, 7, 1, 1, 1, 1])
    made = got.curves(positions)
    np.testing.assert_allclose(made.accuracy, got.success[..., positions].mean(axis=-1))
    np.testing.assert_allclose(
        made.disentanglement, (1 - got.changed[..., positions] / 4).mean(axis=-1)
    )
