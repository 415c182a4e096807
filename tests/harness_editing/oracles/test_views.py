"""Batches of labelled images: which, moved how far, and lit how."""

import numpy as np
import pytest
import torch

from harness_editing.oracles.config import OracleConfig
from harness_editing.oracles.views import CHUNK, Views, sized


@pytest.fixture
def photos():
    return np.random.default_rng(0).integers(0, 256, (7, 3, 16, 16), dtype=np.uint8)


def views(photos, size=16, seed=0, **changes):
    config = OracleConfig(**{"batch_size": 50, "shift": 0.125, "light": 0.0, **changes})
    return Views(photos, size, config, torch.Generator().manual_seed(seed))


def test_images_move_as_far_as_is_said_and_repeat_their_border(photos):
    batch = views(photos).draw()
    assert batch.images.shape == (50, 3, 16, 16)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    pixels = (batch.moves * 16).round().int()
    assert torch.equal(pixels / 16, batch.moves)
    # All of the 25 moves from -2 to 2 pixels are possible; most occur among 50.
    assert (pixels.min(), pixels.max()) == (-2, 2)
    assert len(pixels.unique(dim=0)) > 15
    for place, image, (x, y) in zip(batch.places, batch.images, pixels.tolist(), strict=True):
        framed = np.pad(photos[place], ((0, 0), (2, 2), (2, 2)), mode="edge")
        expected = framed[:, 2 - y : 18 - y, 2 - x : 18 - x] / 127.5 - 1.0
        np.testing.assert_allclose(image.numpy(), expected, atol=1e-6)


def test_light_changes_contrast_and_brightness_of_an_image_as_a_whole(photos):
    batch = views(photos, shift=0.0, light=0.25).draw()
    contrasts, brightnesses = [], []
    for place, image in zip(batch.places, batch.images, strict=True):
        before = photos[place].ravel() / 127.5 - 1.0
        contrast, brightness = np.polyfit(before, image.reshape(-1).numpy(), 1)
        np.testing.assert_allclose(
            image.reshape(-1).numpy(), contrast * before + brightness, atol=1e-5
        )
        contrasts.append(contrast)
        brightnesses.append(brightness)
    for values, middle in ((contrasts, 1.0), (brightnesses, 0.0)):
        assert middle - 0.25 <= min(values) < middle - 0.15
        assert middle + 0.15 < max(values) <= middle + 0.25
    assert abs(np.corrcoef(contrasts, brightnesses)[0, 1]) < 0.5


def test_every_image_is_drawn_and_the_generator_decides(photos):
    first, second = views(photos), views(photos)
    batch = first.draw()
    assert sorted(set(batch.places.tolist())) == list(range(7))
    assert torch.equal(batch.images, second.draw().images)
    assert not torch.equal(batch.images, first.draw().images)
    assert not torch.equal(batch.images, views(photos, seed=1).draw().images)


def test_pieces_are_resized_to_one_whole():
    photos = np.random.default_rng(0).integers(0, 256, (CHUNK + 2, 3, 4, 4), dtype=np.uint8)
    got = sized(photos, 2)
    assert (got.shape, got.dtype) == ((CHUNK + 2, 3, 2, 2), torch.uint8)
    assert torch.equal(got[-2:], sized(photos[-2:], 2))
    assert torch.equal(sized(photos, 4), torch.from_numpy(photos))
