import numpy as np
import pytest
import torch

from harness_baselines.config import BaselineConfig
from harness_baselines.random_keypoints import RandomKeypoints


@pytest.fixture
def fitted(run):
    def make(seed: int = 0, parts: int = 10) -> RandomKeypoints:
        method = RandomKeypoints(BaselineConfig(), parts, 32)
        method.fit(None, run(seed=seed))
        return method

    return make


def test_points_depend_neither_on_the_batch_nor_on_the_order(fitted, photos):
    method, order = fitted(), [3, 0, 6, 5]
    whole = method.detect(photos).points
    alone = torch.cat([method.detect(photo[None]).points for photo in photos])
    assert torch.equal(alone, whole)
    assert torch.equal(method.detect(photos[order]).points, whole[order])


def test_points_differ_between_images_and_between_seeds(fitted, photos):
    points = fitted().detect(photos).points
    assert points.shape == (7, 10, 2)
    assert points.dtype == torch.float32
    assert len(points.unique()) == 140
    assert not torch.isin(fitted(seed=1).detect(photos).points, points).any()


def test_points_are_uniform_in_the_unit_square(fitted):
    """Mean 1/2 and variance 1/12 within four standard errors of 40,000 values."""
    images = torch.arange(100, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)
    points = fitted(parts=200).detect(images.contiguous()).points.double().numpy()
    assert 0 <= points.min() < points.max() < 1
    assert points.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / points.size))
    assert points.var() == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 180 / points.size))


def test_state_survives_a_round_trip(fitted, photos):
    method = fitted(seed=5)
    restored = RandomKeypoints(BaselineConfig(), 10, 32)
    restored.load_state_dict(method.state_dict())
    assert torch.equal(restored.detect(photos).points, method.detect(photos).points)
