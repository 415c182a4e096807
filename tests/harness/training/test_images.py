from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from harness.training.images import FitImages, derived_seed, resize_images


def numbered(count: int, size: int = 4) -> np.ndarray:
    """Images whose every pixel is their number."""
    return np.broadcast_to(
        np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 3, size, size)
    )


def order(images: FitImages, steps: range, count: int) -> list[int]:
    return [int(n) for step in steps for n in images.batch(step, count)[:, 0, 0, 0]]


@pytest.mark.parametrize("count", [1, 3, 7], ids=["single", "straddling", "whole"])
def test_every_epoch_is_a_permutation(count: int) -> None:
    stream = order(FitImages(numbered(7), seed=0), range(21), count)
    epochs = [stream[start : start + 7] for start in range(0, len(stream), 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_a_batch_may_be_larger_than_the_dataset() -> None:
    batch = order(FitImages(numbered(3), seed=0), range(1), 8)
    assert sorted(batch[:3]) == sorted(batch[3:6]) == [0, 1, 2]
    assert len(batch) == 8


def test_a_batch_does_not_depend_on_what_was_served_before() -> None:
    forwards = FitImages(numbered(10), seed=1)
    expected = {step: order(forwards, range(step, step + 1), 4) for step in range(12)}
    for step in (11, 0, 7, 3, 7):
        assert order(FitImages(numbered(10), seed=1), range(step, step + 1), 4) == expected[step]
        assert order(forwards, range(step, step + 1), 4) == expected[step]


def test_another_seed_gives_another_order() -> None:
    first, second = (order(FitImages(numbered(50), seed), range(1), 50) for seed in (0, 1))
    assert first != second


def test_images_are_served_as_bytes_in_channels_last_order() -> None:
    array = np.random.default_rng(0).integers(0, 255, (5, 3, 6, 6), dtype=np.uint8)
    images = FitImages(array, seed=0)
    taken = images.take([4, 1])
    assert taken.dtype == torch.uint8
    assert taken.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(taken.numpy(), array[[4, 1]])
    assert (len(images), images.size) == (5, 6)


def test_what_is_served_may_be_written_to() -> None:
    array = np.zeros((2, 3, 4, 4), np.uint8)
    array.flags.writeable = False
    FitImages(array, seed=0).take([0]).add_(1)
    assert array.max() == 0


def test_no_images_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        FitImages(numbered(0), seed=0)


def test_images_are_opened_when_one_is_needed_and_once() -> None:
    opened: list[int] = []

    def open_them() -> np.ndarray:
        opened.append(1)
        return numbered(3)

    images = FitImages(open_them, seed=0)
    assert (images.clips, opened) == (None, [])
    assert torch.equal(images.batch(2, 3), FitImages(numbered(3), seed=0).batch(2, 3))
    assert (len(images), images.size, opened) == (3, 4, [1])


def test_clips_are_given_where_there_are_some() -> None:
    numbers = np.array([3, -1, 3])
    numbers.flags.writeable = False
    clips = FitImages(numbered(3), 0, numbers).clips
    assert clips is not None
    assert clips.dtype == torch.int64
    assert clips.tolist() == [3, -1, 3]
    clips[0] = 7
    assert numbers.tolist() == [3, -1, 3]
    assert FitImages(numbered(3), seed=0).clips is None


def test_the_derived_seed_is_the_same_everywhere() -> None:
    digits = hashlib.sha256(b"0:epoch:3").hexdigest()[:16]
    assert derived_seed(0, "epoch", 3) == int(digits, 16) // 2


def test_derived_seeds_differ_and_fit_into_63_bits() -> None:
    def seeds() -> Iterator[int]:
        for first in range(20):
            for second in ("a", "b", 1):
                yield derived_seed(first, second)

    found = list(seeds())
    assert len(set(found)) == 60
    assert all(0 <= seed < 2**63 for seed in found)
    assert max(found) > 2**60


def test_resizing_a_flat_picture_keeps_its_colour() -> None:
    flat = torch.full((2, 3, 12, 12), 77, dtype=torch.uint8)
    assert torch.equal(resize_images(flat, 5), torch.full((2, 3, 5, 5), 77, dtype=torch.uint8))


def test_halving_a_fine_pattern_gives_its_mean() -> None:
    rows = torch.tensor([0, 200], dtype=torch.uint8).repeat(8)
    stripes = rows[:, None].expand(1, 3, 16, 16).contiguous()
    inner = resize_images(stripes, 8)[:, :, 2:-2, 2:-2]
    assert inner.float().sub(100).abs().max() <= 26


def test_equal_sizes_pass_through() -> None:
    images = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    assert resize_images(images, 8) is images


def test_resized_values_stay_in_range_and_are_rounded() -> None:
    images = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    images[..., 4:] = 255
    for size in (3, 5, 20):
        resized = resize_images(images, size)
        assert resized.dtype == torch.uint8
        assert (int(resized.min()), int(resized.max())) == (0, 255)
