from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from harness.contract import Evaluation
from harness.errors import DataError
from harness_metrics.params import PartIouParams
from harness_metrics.part_iou import PartIou, assign_parts


def measure(evaluation: Evaluation, matching: str = "one_to_one"):
    return PartIou(PartIouParams(matching=matching)).measure(evaluation)


@pytest.fixture
def make(samples, predicted):
    """An evaluation from (truth, labels) of the roles, images of one row each."""

    def evaluation(regress: tuple, test: tuple) -> Evaluation:
        (reg_truth, reg_labels), (truth, labels) = (
            [np.array(rows, np.uint8)[:, None] for rows in role] for role in (regress, test)
        )
        return Evaluation(
            test=predicted(part_labels=labels),
            test_truth=samples(parts=truth),
            regress=predicted(part_labels=reg_labels),
            regress_truth=samples(parts=reg_truth),
        )

    return evaluation


def test_renamed_parts_score_one(make):
    truth, labels = [[0, 0, 1, 1, 2, 2]], [[0, 0, 2, 2, 1, 1]]
    got = measure(make((truth, labels), (truth, labels)))
    assert got.value == 1
    assert got.also == {"miou_all": 1, "matching=many_to_one": 1}


def test_names_come_from_the_regress_role_and_not_from_the_test_images(make):
    truth, same, swapped = [[0, 1, 1, 2, 2]], [[0, 1, 1, 2, 2]], [[0, 2, 2, 1, 1]]
    assert measure(make((truth, same), (truth, swapped))).value == 0


def test_pixels_are_pooled_over_images_before_classes_are_averaged(make):
    truth, labels = (
        [[1, 1, 1, 1, 0, 0], [1, 2, 2, 0, 0, 0]],
        [[1, 1, 0, 0, 0, 0], [1, 2, 0, 2, 2, 0]],
    )
    got = measure(make((truth, labels), (truth, labels)))
    assert got.value == pytest.approx((3 / 5 + 1 / 4) / 2)
    assert got.per_image is None


def test_classes_absent_from_the_test_truth_are_left_out_unless_asked_for(make):
    regress = [[1, 1, 2, 2, 3, 3]]
    got = measure(make((regress, regress), ([[1, 1, 0, 0, 0, 0]], [[1, 1, 2, 0, 0, 0]])))
    assert got.value == 1
    assert got.also["miou_all"] == 0.5


def test_no_part_in_the_test_truth_is_undefined(make):
    got = measure(make(([[1, 1]], [[1, 1]]), ([[0, 0]], [[1, 0]])))
    assert np.isnan(got.value)
    assert got.also["miou_all"] == 0


def test_surplus_part_counts_for_no_class_one_to_one_and_helps_many_to_one(make):
    truth, labels = [[1, 1, 1, 1, 0, 0]], [[1, 1, 1, 2, 0, 0]]
    evaluation = make((truth, labels), (truth, labels))
    got = measure(evaluation)
    assert got.value == 0.75
    assert got.also["matching=many_to_one"] == 1
    assert measure(evaluation, "many_to_one").value == 1
    assert measure(evaluation, "many_to_one").also["matching=one_to_one"] == 0.75


def test_part_that_lies_in_the_background_takes_its_name_many_to_one(make):
    truth, labels = [[1, 0, 0, 0, 1, 1]], [[2, 2, 2, 2, 1, 1]]
    assert measure(make((truth, labels), (truth, labels)), "many_to_one").value == 2 / 3


def test_part_unseen_in_the_regress_role_gets_no_name(make):
    got = measure(make(([[1, 1, 0]], [[1, 1, 0]]), ([[1, 1, 0]], [[1, 3, 3]])))
    assert got.value == 0.5


def test_class_unseen_in_the_regress_role_scores_zero(make):
    got = measure(make(([[1, 1, 0]], [[1, 1, 0]]), ([[1, 2, 0]], [[1, 2, 0]])))
    assert got.value == 0.5


def test_ignored_pixels_leave_every_count(make):
    truth, labels = [[1, 1, 2, 2]], [[1, 1, 2, 1]]
    evaluation = make((truth, labels), (truth, labels))
    ignored = np.array([[[False, False, False, True]]])
    test_truth = replace(evaluation.test_truth, ignored=ignored)
    assert measure(replace(evaluation, test_truth=test_truth)).value == 1


@pytest.mark.parametrize("seed", range(8))
def test_one_to_one_assignment_has_the_largest_total_overlap_of_all(seed):
    random = np.random.default_rng(seed)
    table = random.integers(1, 50, (5, 5)).astype(float)
    names = assign_parts(table, "one_to_one")

    def total(classes: tuple[int, ...]) -> float:
        return sum(
            table[part, name] / (table[part].sum() + table[:, name].sum() - table[part, name])
            for part, name in enumerate(classes, start=1)
        )

    assert names[0] == 0
    best = max(permutations(range(1, 5)), key=total)
    assert tuple(names[1:]) == best


def test_overlap_and_not_the_number_of_pixels_decides_the_assignment():
    """Straight: 12 + 6 pixels, overlap .093 + .261; crossed: 8 + 9 pixels, overlap .063 + .333."""
    table = np.array([[0.0, 0, 0], [100, 12, 8], [0, 9, 6]])
    assert assign_parts(table, "one_to_one").tolist() == [0, 2, 1]


def test_resampling_equals_scoring_the_drawn_images(make):
    random = np.random.default_rng(1)
    truth, labels = random.integers(0, 4, (2, 6, 40))
    drawn = np.array([5, 5, 2, 0, 0, 0])
    got = measure(make((truth, labels), (truth, labels))).resample(drawn)
    expected = measure(make((truth, labels), (truth[drawn], labels[drawn]))).value
    assert got == pytest.approx(expected)


def test_missing_regress_role_is_a_data_error(make):
    evaluation = make(([[1]], [[1]]), ([[1]], [[1]]))
    with pytest.raises(DataError, match="part_iou names parts on a labelled split"):
        measure(replace(evaluation, regress=None, regress_truth=None))
