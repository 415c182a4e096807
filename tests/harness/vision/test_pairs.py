"""Pairs of frames of one clip."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Generator, Tensor

from harness.errors import ConfigError, DataError
from harness.vision.pairs import ClipPairs


def drawn(clips: list[int], gap: tuple[int, int], count: int = 2000) -> list[tuple[int, int]]:
    pairs = ClipPairs(torch.tensor(clips), gap, "toy")
    first, second = pairs.draw(count, Generator().manual_seed(0))
    assert first.dtype == second.dtype == torch.int64
    return list(zip(first.tolist(), second.tolist(), strict=True))


def within(clips: list[int], gap: tuple[int, int]) -> set[tuple[int, int]]:
    """All allowed pairs, earlier frame first, by comparing all images with all."""
    found = set()
    for number in set(clips) - {-1}:
        frames = [place for place, clip in enumerate(clips) if clip == number]
        for i, first in enumerate(frames):
            found |= {
                (first, frames[j]) for j in range(i, len(frames)) if gap[0] <= j - i <= gap[1]
            }
    return found


@pytest.mark.parametrize("gap", [(1, 1), (1, 2), (2, 3), (3, 100)])
@pytest.mark.parametrize(
    "clips",
    [
        [0, 0, 0, 0, 0, 1, 1, 1, 1],
        [7, 3, 7, 3, 3, 7, 3, 7],
        [-1, 2, 2, -1, 2, 2, -1, 5, 2, 5, -1],
    ],
    ids=["one after the other", "interleaved", "with single images"],
)
def test_exactly_the_allowed_pairs_are_drawn(clips: list[int], gap: tuple[int, int]) -> None:
    pairs = drawn(clips, gap)
    assert {(min(pair), max(pair)) for pair in pairs} == within(clips, gap)


def test_either_frame_comes_first_equally_often() -> None:
    pairs = drawn([0, 0, 0], (1, 1), count=10_000)
    forwards = sum(first < second for first, second in pairs)
    # The deviation of such a count is 50.
    assert abs(forwards - 5000) < 200


def test_every_frame_with_a_partner_is_equally_likely_and_so_are_its_partners() -> None:
    count = 60_000
    pairs = Counter((min(p), max(p)) for p in drawn([0, 0, 0, 0, 1, 1], (1, 2), count))
    # Frames 0, 1, 2 and 4 have later partners: 2, 2, 1 and 1 of them.
    shares = {
        (0, 1): 1 / 8,
        (0, 2): 1 / 8,
        (1, 2): 1 / 8,
        (1, 3): 1 / 8,
        (2, 3): 1 / 4,
        (4, 5): 1 / 4,
    }
    assert pairs.keys() == shares.keys()
    for pair, share in shares.items():
        # The deviation of the rarer counts is 81, of the others 106.
        assert abs(pairs[pair] - share * count) < 4 * 106


def test_a_widest_gap_reaches_from_end_to_end() -> None:
    pairs = drawn([0] * 50, (49, 49), count=20)
    assert {(min(pair), max(pair)) for pair in pairs} == {(0, 49)}


def test_the_generator_alone_decides() -> None:
    pairs = ClipPairs(torch.zeros(100, dtype=torch.int64), (1, 50), "toy")

    def at(seed: int) -> Tensor:
        return torch.stack(pairs.draw(20, Generator().manual_seed(seed)))

    assert torch.equal(at(1), at(1))
    assert not torch.equal(at(1), at(2))


def test_a_dataset_without_clips_is_refused() -> None:
    sentence = (
        "toy: pairs from clips need a dataset with clips (videos, or views of one object), and "
        "this one has none; use another kind of pairs."
    )
    with pytest.raises(DataError) as caught:
        ClipPairs(None, (1, 2), "toy")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("clips", "least", "longest"),
    [([0, 1, 2], 1, 1), ([4, 4, 4, 5], 3, 3), ([-1, -1, -1], 1, 0), ([], 1, 0)],
    ids=["one frame each", "too short", "no clip", "no image"],
)
def test_clips_that_are_too_short_are_refused(clips: list[int], least: int, longest: int) -> None:
    sentence = (
        f"toy: no clip has two frames at least {least} apart (the longest has {longest} frames); "
        "give longer clips or set a smaller gap."
    )
    with pytest.raises(DataError) as caught:
        ClipPairs(torch.tensor(clips, dtype=torch.int64), (least, 9), "toy")
    assert str(caught.value) == sentence


@pytest.mark.parametrize("gap", [(0, 3), (-1, 3), (4, 3)])
def test_a_gap_without_meaning_is_refused(gap: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=f"toy: .* cannot be {gap[0]} to {gap[1]} apart; give"):
        ClipPairs(torch.zeros(9, dtype=torch.int64), gap, "toy")
