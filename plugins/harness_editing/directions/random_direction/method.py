"""A random direction for every sample: what an edit is worth that knows nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.contract import Images, Run
from harness_editing.directions.config import RandomDirectionConfig
from harness_editing.directions.editor import DirectionEditor

#: Seeds are drawn below this.
SEEDS = 2**62


class RandomDirection(DirectionEditor):
    """Moves every sample along a uniformly random direction; capability `edit`.

    The direction is a function of the fitted seed, of the bytes of the sample's latents and of
    which conditions are asked, so that it does not depend on the batch, and edits of different
    attributes are independent. Any conditions will do: neither the guide nor the wanted values are
    looked at. A sample of which nothing is asked stays.
    """

    owner = "random_direction"
    STORED: ClassVar[dict[str, int]] = {**DirectionEditor.STORED, "seed": 0}
    config: RandomDirectionConfig

    def fit(self, images: Images, run: Run) -> None:
        """Measure R and draw the seed."""
        seed = torch.randint(SEEDS, (), generator=run.generator("seed"))
        self.store(**self.measure_spread(run.generator("radius")), seed=seed)

    def directions(self, latents: Tensor, wanted: Tensor) -> Tensor:
        """Directions `[N, D]`."""
        key = int(self.stored("seed")).to_bytes(8, "little")
        starts = latents.detach().float().cpu().numpy()
        asked = wanted.isnan().logical_not().cpu().numpy()
        rows = [_direction(key, *pair) for pair in zip(starts, asked, strict=True)]
        return torch.from_numpy(np.array(rows).reshape(starts.shape)).to(latents)


def _direction(
    key: bytes, start: NDArray[np.float32], asked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The direction `[D]` of one sample, 0 where nothing is asked."""
    if not asked.any():
        return np.zeros(len(start))
    content = start.tobytes() + asked.tobytes()
    digest = blake2b(content, key=key, digest_size=16).digest()
    random = np.random.default_rng(int.from_bytes(digest, "little"))
    drawn = random.standard_normal(len(start))
    return drawn / np.linalg.norm(drawn)
