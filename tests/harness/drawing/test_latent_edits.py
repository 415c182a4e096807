from __future__ import annotations

import numpy as np
import pytest
from toy_edits import ToyEditing

from harness.drawing.latent_edits import edited_in_sequence, edited_latents, spaced
from harness.drawing.latent_sheet import lengths_told
from harness.drawing.wanted import Goal
from harness.errors import ConfigError, UserError

NAN = np.nan


def test_strengths_are_even_and_end_where_asked():
    assert spaced(4, 0.5) == pytest.approx((0, 0.125, 0.25, 0.375, 0.5))
    for steps, strength in ((0, 1.0), (3, 0.0), (3, 1.5), (3, NAN)):
        with pytest.raises(ConfigError, match=r"--ste|--strength"):
            spaced(steps, strength)


def test_edits_are_seen_by_both_oracles_and_measured_in_radii():
    toy = ToyEditing(np.array([[0.2, 0.4], [0.6, 0.0]]), judge=lambda x: x[:, :2], radius=0.4)
    wanted = np.array([[1.0, NAN], [NAN, 0.6]], np.float32)
    starts = toy.latents.astype(np.float32)
    got = edited_latents(toy.evaluation().editing, starts, wanted, (0.0, 0.5))
    np.testing.assert_allclose(got.guide[1], [[0.6, 0.4], [0.6, 0.3]], atol=2e-3)
    np.testing.assert_array_equal(got.guide, got.judge)
    np.testing.assert_allclose(got.lengths, [[0, 0], [1.0, 0.75]], atol=1e-6)
    assert got.images.shape == (2, 2, 3, 4, 4)
    assert not got.cut.any()


def test_an_edit_begins_where_the_one_before_ended_and_each_is_cut_by_itself():
    toy = ToyEditing(np.array([[0.2, 0.4]]), radius=0.2)
    goals = [np.array([1.0, NAN], np.float32), np.array([NAN, 0.6], np.float32)]
    starts = toy.latents.astype(np.float32)
    first, second = edited_in_sequence(toy.evaluation().editing, starts, goals, (0.0, 1.0))
    # 0.8 is cut to 1.5 R = 0.3.
    np.testing.assert_allclose(first.latents[-1], [[0.5, 0.4]], atol=1e-6)
    np.testing.assert_allclose(second.latents[:, 0], [[0.5, 0.4], [0.5, 0.6]], atol=1e-6)
    assert lengths_told(first, Goal(("hat=1",), goals[0])) == (
        "hat=1: strength 1 moves latents by 1.50 to 1.50 R (R: their mean distance from their "
        "mean); 1 of 1 would go farther and are cut to 1.5 R"
    )


def layered(shift: float):
    """Moves a layer of its own, the second one by so much more."""

    def edit(latents, wanted, strengths):
        path = np.stack([latents + 0.1 * s for s in strengths])[:, :, None].repeat(2, axis=2)
        path[:, :, 1] += shift * np.array(strengths)[:, None, None]
        return path.astype(np.float32)

    return edit


def test_layers_that_agree_can_be_edited_further_and_others_cannot():
    starts = np.array([[0.2, 0.4]], np.float32)
    goals = [np.zeros(2, np.float32)] * 2
    editing = ToyEditing(starts, edit=layered(0.0)).evaluation().editing
    _, second = edited_in_sequence(editing, starts, goals, (0.0, 1.0))
    np.testing.assert_allclose(second.latents[-1, 0, 0], [0.4, 0.6], atol=1e-6)
    editing = ToyEditing(starts, edit=layered(0.1)).evaluation().editing
    with pytest.raises(UserError, match="every layer latents of its own, so that no edit can"):
        edited_in_sequence(editing, starts, goals, (0.0, 1.0))


def test_what_is_not_finite_is_left_undone_and_said():
    def broken(latents, wanted, strengths):
        return np.stack([latents, np.full_like(latents, np.inf)])

    starts = np.array([[0.2, 0.4]], np.float32)
    goal = np.zeros(2, np.float32)
    editing = ToyEditing(starts, edit=broken).evaluation().editing
    got = edited_latents(editing, starts, goal[None], (0.0, 1.0))
    np.testing.assert_array_equal(got.latents[1], starts)
    assert lengths_told(got, Goal(("x",), goal)).endswith("; 1 are not finite and left undone")
