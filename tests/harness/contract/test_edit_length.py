import numpy as np
import pytest

from harness.contract.edit_length import edit_lengths, pulled_back

STARTS = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)


def test_lengths_are_those_of_the_change_and_of_layers_the_root_of_the_mean_square():
    path = np.array([[[4.0, 5.0], [0.0, np.inf]]], np.float32)
    np.testing.assert_array_equal(edit_lengths(path, STARTS), [[5.0, np.inf]])
    layers = np.stack([path, np.broadcast_to(STARTS, path.shape)], axis=2)
    assert edit_lengths(layers, STARTS)[0, 0] == pytest.approx(np.sqrt(12.5))


def test_longer_edits_keep_their_direction_and_get_the_longest_length():
    changes = np.array([[[0, 0], [0, 0]], [[3, 4], [0, 1]], [[0, -2], [-6, 8]]])
    got, finite, shortened = pulled_back((STARTS + changes).astype(np.float32), STARTS, 2.0)
    expected = np.array([[[0, 0], [0, 0]], [[1.2, 1.6], [0, 1]], [[0, -2], [-1.2, 1.6]]])
    np.testing.assert_allclose(got, STARTS + expected, atol=1e-6)
    assert got.dtype == np.float32
    assert finite.all()
    assert shortened.tolist() == [[False, False], [True, False], [False, True]]


def test_the_length_over_layers_is_the_root_of_the_mean_square():
    """Layers moved by 0 and 4 are sqrt(8) away; pulled to sqrt(2) they move by 0 and 2."""
    path = np.broadcast_to(STARTS[None, :, None], (1, 2, 2, 2)).copy()
    path[0, 0, 1, 0] += 4
    got, _, shortened = pulled_back(path, STARTS, np.sqrt(2))
    np.testing.assert_allclose(got[0, 0], [[1, 1], [3, 1]], atol=1e-6)
    np.testing.assert_array_equal(got[0, 1], path[0, 1])
    assert shortened.tolist() == [[True, False]]


@pytest.mark.parametrize("layers", [(), (3,)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_edit_with_a_number_that_is_not_finite_becomes_its_start(layers, bad):
    path = np.zeros((2, 2, *layers, 2), np.float32)
    path[1, 0].flat[-1] = bad
    got, finite, shortened = pulled_back(path, STARTS, 100.0)
    assert finite.tolist() == [[True, True], [False, True]]
    assert not shortened.any()
    np.testing.assert_array_equal(got[1, 0], np.broadcast_to(STARTS[0], (*layers, 2)))
    assert not got[0].any()


def test_edits_that_are_short_enough_stay_to_the_last_bit():
    random = np.random.default_rng(0)
    path = random.normal(size=(3, 2, 2)).astype(np.float32)
    got, _, _ = pulled_back(path, STARTS, 100.0)
    np.testing.assert_array_equal(got, path)


def test_an_edit_of_exactly_the_longest_length_is_not_called_longer():
    """Whoever scales an edit to the limit in float32 misses it by a rounding."""
    change = np.random.default_rng(3).normal(size=(40, 2, 8)).astype(np.float32)
    change *= 1.5 / np.linalg.norm(change, axis=-1, keepdims=True)
    starts = np.zeros((2, 8), np.float32)
    assert not pulled_back(change, starts, 1.5)[2].any()
