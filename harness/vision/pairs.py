"""Pairs of frames from clips: two views of one object without a label."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from harness.errors import ConfigError, DataError


class ClipPairs:
    """Draws two frames of one clip, some frames apart.

    Args:
        clips: number of every image's clip, `int64 [N]`, -1 for none; the images of a clip stand in
            temporal order, not necessarily side by side. `None` when the dataset has no clips.
        gap: least and most frames from one to the other; neighbours are 1 apart.
        owner: who asks, for messages.

    Raises:
        ConfigError: the gap is below 1, or its most is below its least.
        DataError: there are no clips, or no clip is long enough.
    """

    def __init__(self, clips: Tensor | None, gap: tuple[int, int], owner: str) -> None:
        least, most = gap
        if not 1 <= least <= most:
            raise ConfigError(
                f"{owner}: frames of a pair cannot be {least} to {most} apart; give the least, "
                "which is 1 or more, and the most."
            )
        if clips is None:
            raise DataError(
                f"{owner}: pairs from clips need a dataset with clips (videos, or views of one "
                "object), and this one has none; use another kind of pairs."
            )
        order = torch.argsort(clips, stable=True)
        order = order[clips[order] >= 0]
        numbers = clips[order]
        starts = torch.searchsorted(numbers, numbers, right=False)
        ends = torch.searchsorted(numbers, numbers, right=True)
        place = torch.arange(len(order))
        # How many partners every frame has after it.
        partners = torch.minimum(ends - place - least, torch.full_like(ends, most - least + 1))
        usable = partners > 0
        if not bool(usable.any()):
            longest = int((ends - starts).max()) if len(order) else 0
            raise DataError(
                f"{owner}: no clip has two frames at least {least} apart (the longest has "
                f"{longest} frames); give longer clips or set a smaller gap."
            )
        self._order, self._least = order, least
        self._first, self._partners = place[usable], partners[usable]

    def draw(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Positions of the two frames of `count` pairs, in either temporal order, `int64 [count]`.

        Every frame that has a later partner is equally likely, and so is each of its partners.
        """
        chosen = torch.randint(len(self._first), (count,), generator=generator)
        share = torch.rand(count, generator=generator)
        apart = self._least + (share * self._partners[chosen]).long()
        first = self._order[self._first[chosen]]
        second = self._order[self._first[chosen] + apart]
        swapped = torch.rand(count, generator=generator) < 0.5
        return torch.where(swapped, second, first), torch.where(swapped, first, second)
