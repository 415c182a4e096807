import numpy as np
import pytest
import torch

from harness.errors import DataError, RunError
from harness_baselines.config import BaselineConfig
from harness_baselines.part_centre_oracle import PartCentreOracle


@pytest.fixture
def parts() -> np.ndarray:
    """Part 1 covers pixels (2, 4) and (3, 4); part 3 the left column; part 2 nothing."""
    parts = np.zeros((2, 8, 8), np.uint8)
    parts[0, 4, 2:4], parts[0, :, 0] = 1, 3
    parts[1, 7, 7] = 2
    return parts


@pytest.fixture
def oracle(parts, labels, run) -> PartCentreOracle:
    method = PartCentreOracle(BaselineConfig(), 10, 8)
    method.fit(None, run(labels(parts=parts)))
    return method


def test_keypoints_are_the_mean_pixel_centres_of_the_true_parts(oracle, parts, labels):
    got = oracle.detect_with_truth(labels(parts=parts)).points
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got[0], [(3 / 8, 4.5 / 8), (np.nan, np.nan), (0.5 / 8, 0.5)])
    np.testing.assert_allclose(got[1, 1], (7.5 / 8, 7.5 / 8))


def test_width_and_height_may_differ(oracle, labels):
    wide = np.zeros((1, 4, 16), np.uint8)
    wide[0, 1, 8] = 1
    got = oracle.detect_with_truth(labels(parts=wide)).points
    np.testing.assert_allclose(got[0, 0], (8.5 / 16, 1.5 / 4))


def test_number_of_keypoints_is_that_of_the_labelled_parts(oracle, labels):
    fewer = labels(parts=np.ones((1, 8, 8), np.uint8))
    more = labels(parts=np.full((1, 8, 8), 5, np.uint8))
    assert oracle.detect_with_truth(fewer).points.shape == (1, 3, 2)
    assert oracle.detect_with_truth(more).points.shape == (1, 3, 2)


def test_state_survives_a_round_trip(oracle, parts, labels):
    restored = PartCentreOracle(BaselineConfig(), 10, 8)
    restored.load_state_dict(oracle.state_dict())
    samples = labels(parts=parts)
    got, expected = (each.detect_with_truth(samples).points for each in (restored, oracle))
    np.testing.assert_array_equal(got, expected)


def test_dataset_without_parts_is_refused(oracle, labels, run):
    landmarks = labels(landmarks=np.zeros((2, 1, 2), np.float32))
    with pytest.raises(DataError, match="needs part labels"):
        PartCentreOracle(BaselineConfig(), 10, 8).fit(None, run(landmarks))
    with pytest.raises(DataError, match="needs part labels"):
        oracle.detect_with_truth(landmarks)


def test_labels_that_show_no_part_are_refused(labels, run):
    with pytest.raises(DataError, match="no labelled image shows a part"):
        PartCentreOracle(BaselineConfig(), 10, 8).fit(
            None, run(labels(parts=np.zeros((2, 8, 8), np.uint8)))
        )


def test_prediction_before_learning_is_an_error(parts, labels):
    with pytest.raises(RunError, match="knows no parts yet"):
        PartCentreOracle(BaselineConfig(), 10, 8).detect_with_truth(labels(parts=parts))
