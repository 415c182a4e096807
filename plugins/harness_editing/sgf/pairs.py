"""Pairs of latents and the conditions of their images, on which F learns (fig. 3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.contract import LatentGenerator, Oracle, Run
from harness.errors import RecordError
from harness_editing.answered import answered_latents, require_finite
from harness_editing.sgf.config import OWNER

#: Images that are drawn and answered at once.
DRAWN_AT_ONCE = 100
#: Pairs, and their seed, by which a generator and a guide are known again.
KNOWN_PAIRS, KNOWN_SEED = 4, 0
#: The largest difference from the pairs of the training, as a share of the largest value: other
#: devices round otherwise, another training gives other values altogether.
KNOWN_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Pairs:
    """Latents `float32 [P, D]` with conditions `float32 [P, C]`, on the CPU."""

    latents: Tensor
    conditions: Tensor

    def __len__(self) -> int:
        return len(self.latents)

    def split(self, share: float) -> tuple[Pairs, Pairs]:
        """All but a share of the pairs, and that share, of at least two."""
        kept = len(self) - max(2, round(share * len(self)))
        train = Pairs(self.latents[:kept], self.conditions[:kept])
        return train, Pairs(self.latents[kept:], self.conditions[kept:])

    def to(self, device: torch.device) -> Pairs:
        """The pairs on a device."""
        return Pairs(self.latents.to(device), self.conditions.to(device))


def drawn_pairs(generator: LatentGenerator, guide: Oracle, count: int, run: Run) -> Pairs:
    """New latents and what the guide says of their images, in a loop of the run named `pairs`.

    Args:
        generator: draws latents and images.
        guide: answers the images.
        count: P.
        run: shows progress and keeps the pairs that are there already.

    Returns:
        The pairs; none where the loop is cut to no step.

    Raises:
        RunError: the guide answers what is no finite number.
    """
    found = answered_latents(
        generator,
        guide,
        count,
        run,
        batch_size=DRAWN_AT_ONCE,
        source=run.generator("pairs"),
        loop="pairs",
        owner=OWNER,
    )
    return Pairs(found["latents"], found["answers"])


class KnownPairs(nn.Module):
    """A few pairs by which the generator and the guide of a training are known again.

    Args:
        latent_size: D.
        condition_count: C.
    """

    latents: Tensor
    conditions: Tensor

    def __init__(self, latent_size: int, condition_count: int) -> None:
        super().__init__()
        self.register_buffer("latents", torch.zeros(KNOWN_PAIRS, latent_size))
        self.register_buffer("conditions", torch.zeros(KNOWN_PAIRS, condition_count))

    def store(self, pairs: Pairs) -> None:
        """Take what `known_pairs` drew."""
        self.latents.copy_(pairs.latents)
        self.conditions.copy_(pairs.conditions)

    def require_same(self, pairs: Pairs) -> None:
        """Refuse pairs of another generator or guide.

        Raises:
            RecordError: they are not those that were stored.
        """
        for stored, found, whose in (
            (self.latents, pairs.latents, "generator"),
            (self.conditions, pairs.conditions, "generator or guide"),
        ):
            if (stored - found).abs().max() > KNOWN_DIFFERENCE * stored.abs().max():
                raise RecordError(
                    f"{OWNER}: the mapping was trained for another {whose} of the same sizes; "
                    "train it again with --fresh."
                )


@torch.no_grad()
def known_pairs(generator: LatentGenerator, guide: Oracle) -> Pairs:
    """The pairs by which a generator and a guide are known, always the same.

    Raises:
        RunError: the guide answers what is no finite number.
    """
    latents = generator.draw_latents(KNOWN_PAIRS, torch.Generator().manual_seed(KNOWN_SEED))
    answers = require_finite(guide.answer(generator.synthesise(latents)), OWNER)
    return Pairs(latents.float().cpu(), answers.float().cpu())
