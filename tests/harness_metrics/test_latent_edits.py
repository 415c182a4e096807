import numpy as np
import pytest
from toy_edits import ToyEditing, still

from harness.errors import DataError, ShapeError
from harness_metrics import latent_edits
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.latent_edits import editing_of, follow, look

STARTS = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)


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
