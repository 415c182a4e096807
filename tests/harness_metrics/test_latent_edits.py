import numpy as np
import pytest
from toy_edits import ToyEditing, still

from harness.errors import DataError, ShapeError
from harness_metrics import latent_edits
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.latent_edits import editing_of, follow, look, pulled_back

STARTS = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)


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


def test_edits_are_followed_at_even_strengths_and_limited_by_the_radius():
    def away(latents, wanted, strengths):
        return np.stack([latents + s for s in strengths]).astype(np.float32)

    toy = ToyEditing(np.array([[0.0], [0.2]]), edit=away, radius=0.4)
    editing = toy.evaluation().editing
    wanted = np.array([[1.0], [np.nan]])
    starts = toy.latents.astype(np.float32)
    got = follow(editing, starts, wanted, LatentEditParams(levels=6, longest=1.5))
    assert toy.asked[0][2] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_array_equal(toy.asked[0][1], wanted)
    np.testing.assert_allclose(got.seen.judge[:, 0, 0], [0, 0.2, 0.4, 0.6, 0.6, 0.6], atol=1e-6)
    np.testing.assert_allclose(got.seen.judge[:, 1, 0], [0.2, 0.4, 0.6, 0.8, 0.8, 0.8], atol=1e-6)
    assert got.shortened.sum() == 4


def test_latents_of_their_own_for_each_layer_are_drawn_as_such():
    def layered(latents, wanted, strengths):
        path = still(latents, wanted, strengths)[:, :, None].repeat(2, axis=2)
        path[-1, :, 1] += 0.4
        return path

    toy = ToyEditing(np.array([[0.2, 0.4]]), edit=layered)
    got = follow(
        toy.evaluation().editing,
        toy.latents.astype(np.float32),
        np.full((1, 2), np.nan),
        LatentEditParams(levels=2),
    )
    np.testing.assert_allclose(got.seen.judge[:, 0], [[0.2, 0.4], [0.4, 0.6]], atol=1e-6)


def test_images_are_looked_at_piece_by_piece(monkeypatch):
    monkeypatch.setattr(latent_edits, "CHUNK", 3)
    toy = ToyEditing(np.arange(8)[:, None] / 255)
    got = look(toy.evaluation().editing, toy.latents.astype(np.float32))
    assert toy.rendered == [3, 3, 2]
    np.testing.assert_allclose(got.judge[:, 0], np.arange(8) / 255, atol=1e-6)


def test_oracles_that_answer_different_conditions_are_refused():
    toy = ToyEditing(STARTS, guide=lambda numbers: numbers[:, :1])
    with pytest.raises(
        ShapeError, match=r"judge's answers have shape \[2, 2\], the guide's \[2, 1"
    ):
        look(toy.evaluation().editing, STARTS)


def test_oracles_of_another_kind_are_refused_with_the_metric_that_fits():
    evaluation = ToyEditing(STARTS, conditions="keypoints").evaluation()
    with pytest.raises(
        DataError, match=r"mds scores edits of conditions 'attributes', and the ora"
    ):
        editing_of(evaluation, "attributes", "mds")
    with pytest.raises(DataError, match=r"answer 'keypoints'; score it by keypoint_edit_error\."):
        editing_of(evaluation, "attributes", "mds")
