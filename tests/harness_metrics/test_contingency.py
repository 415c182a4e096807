from collections import Counter

import numpy as np
import pytest

from harness_metrics.contingency import contingency_tables, pool


@pytest.fixture
def labels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    shape = (5, 6, 7)
    return (
        random.integers(0, 4, shape).astype(np.uint8),
        random.integers(0, 3, shape).astype(np.uint8),
        random.random(shape) < 0.8,
    )


def test_tables_count_pixels_as_a_loop_does(labels):
    predicted, truth, counted = labels
    got = contingency_tables(predicted, truth, counted, rows=5, columns=4)
    for image in range(5):
        cells = Counter(
            zip(predicted[image][counted[image]], truth[image][counted[image]], strict=True)
        )
        expected = [[cells[row, column] for column in range(4)] for row in range(5)]
        np.testing.assert_array_equal(got[image], expected)


def test_tables_of_large_labels_do_not_overflow_eight_bits():
    labels = np.full((1, 2, 2), 255, np.uint8)
    got = contingency_tables(labels, labels, rows=256, columns=256)
    assert got[0, 255, 255] == 4


def test_pooling_counts_repeated_images_as_often_as_they_are_drawn(labels):
    predicted, truth, _ = labels
    tables = contingency_tables(predicted, truth, rows=4, columns=3)
    np.testing.assert_array_equal(pool(tables), tables.sum(axis=0))
    drawn = np.array([3, 3, 0, 3, 1])
    np.testing.assert_array_equal(pool(tables, drawn), tables[drawn].sum(axis=0))
