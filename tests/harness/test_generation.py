from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_plugin.methods import ToyDisc, ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.generation import Generation
from harness.saved import Fitted
from harness.training.images import resize_images
from harness.vision.masks import part_labels, resized_masks


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    """Paints at 16 pixels."""
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 16), spec, 3, 16, torch.device("cpu"))


@pytest.mark.parametrize("size", [16, 24, 8])
def test_images_and_parts_come_at_the_suites_size(painter: Fitted, size: int) -> None:
    (drawn,) = Generation(painter, size).sample(5, 2)
    made = painter.sample(5, 2)
    assert drawn.images.shape == (5, 3, size, size)
    np.testing.assert_array_equal(drawn.images, resize_images(made.images, size).numpy())
    assert made.masks is not None
    expected = part_labels(resized_masks(made.masks, size)).numpy()
    np.testing.assert_array_equal(drawn.part_labels, expected)
    assert drawn.part_labels is not None
    assert set(np.unique(drawn.part_labels)) == {0, 1, 2, 3}
    np.testing.assert_array_equal(drawn.keypoints, made.latents["keypoints"].numpy())
    for name, value in made.latents.items():
        assert drawn.latents[name].dtype == np.float32
        np.testing.assert_array_equal(drawn.latents[name], value.numpy())


def test_images_come_batch_by_batch(painter: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 2)
    batches = list(Generation(painter, 16).sample(5, 2))
    assert [len(batch.images) for batch in batches] == [2, 2, 1]
    whole = painter.sample(5, 2).images.numpy()
    np.testing.assert_array_equal(np.concatenate([b.images for b in batches]), whole)


def test_latents_are_rendered_at_the_suites_size_too(painter: Fitted) -> None:
    generation = Generation(painter, 24)
    (drawn,) = generation.sample(4, 0)
    again = generation.render(drawn.latents)
    np.testing.assert_array_equal(again.images, drawn.images)
    np.testing.assert_array_equal(again.part_labels, drawn.part_labels)
    moved = generation.render({**drawn.latents, "keypoints": drawn.latents["keypoints"] + 0.1})
    assert (moved.images != drawn.images).any(axis=(1, 2, 3)).all()
    np.testing.assert_allclose(moved.keypoints, drawn.latents["keypoints"] + 0.1, atol=1e-6)


def test_read_only_latents_can_be_rendered(painter: Fitted) -> None:
    generation = Generation(painter, 16)
    (drawn,) = generation.sample(2, 0)
    views = {name: np.broadcast_to(value[:1], value.shape) for name, value in drawn.latents.items()}
    same = generation.render(views).images
    np.testing.assert_array_equal(same, np.repeat(drawn.images[:1], 2, axis=0))


def test_what_a_method_does_not_know_is_none(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    known = ToyDisc.sample
    monkeypatch.setattr(ToyDisc, "sample", lambda *given: replace(known(*given), keypoints=None))
    spec = toy.known.methods.get("toy_disc").spec
    disc = Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))
    (drawn,) = Generation(disc, 16).sample(2, 0)
    assert (drawn.keypoints, drawn.part_labels) == (None, None)
