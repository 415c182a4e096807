"""The factorisation and its use on further places, against planted and independent answers."""

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from harness.errors import ConfigError, DataError
from harness_baselines.feature_factorisation.method import Factors, activations, factorised


def test_activations_are_the_least_squares_from_0_on():
    random = np.random.default_rng(0)
    factors = random.exponential(1.0, (5, 12)) * (random.random((5, 12)) < 0.5)
    places = random.exponential(1.0, (40, 12))
    got = activations(torch.from_numpy(places), torch.from_numpy(factors)).numpy()
    expected = np.array([nnls(factors.T, place)[0] for place in places])
    assert (expected == 0).any()
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_a_factor_of_zeros_is_held_nowhere():
    factors = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    held = activations(torch.tensor([[2.0, 4.0], [0.0, 0.0]]), factors)
    np.testing.assert_allclose(held.numpy(), [[0.0, 2.0], [0.0, 0.0]])


def test_planted_factors_are_found():
    """Every factor has a feature, and every feature map a place, of its own: they are unique."""
    random = np.random.default_rng(1)
    planted = np.concatenate((np.eye(3), random.random((3, 5))), axis=1)
    held = np.concatenate((np.eye(3), random.random((200, 3)) * (random.random((200, 3)) < 0.6)))
    found = factorised((held @ planted).astype(np.float32), 3, 2000, 0)
    cosine = normalised(found) @ normalised(planted).T
    order = cosine.argmax(axis=1)
    assert sorted(order) == [0, 1, 2]
    assert cosine.max(axis=1).min() > 0.999


def normalised(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_factor_of_the_border_comes_first_and_all_have_unit_length():
    found = torch.tensor([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]])
    features = torch.zeros(2, 3, 4, 4)
    features[:, 0, 1:3, 1:3] = 9.0  # the middle, and the strongest of all
    features[:, 2] = 1.0
    features[:, 2, 1:3, 1:3] = 0.0
    features[:, 1, 0, 0] = 4.0  # one corner
    factors = Factors(3, 3)
    factors.learn(found, features)
    np.testing.assert_allclose(factors.values.numpy(), np.eye(3)[[2, 0, 1]])
    strongest = factors(features).argmax(dim=1)
    assert strongest[0].tolist() == [[2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_more_factors_than_places_or_features_are_refused():
    message = "8 parts and the background are more factors than 40 places with 8 features"
    with pytest.raises(ConfigError, match=message):
        factorised(np.ones((40, 8), np.float32), 9, 5, 0)
    with pytest.raises(ConfigError, match="than 4 places with 64 features"):
        factorised(np.ones((4, 64), np.float32), 5, 5, 0)


def test_images_without_features_are_refused():
    with pytest.raises(DataError, match="the images have no features"):
        factorised(np.zeros((40, 8), np.float32), 3, 5, 0)
