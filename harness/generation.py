"""What metrics see of a method that generates: arrays at the suite's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.contract.arrays import Drawn
from harness.contract.method import GeneratedImages
from harness.saved import Fitted
from harness.training.images import resize_images
from harness.vision.masks import part_labels, resized_masks

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Generation:
    """A fitted method's images as `Evaluation.sample` and `Evaluation.render` give them.

    Attributes:
        fitted: the method.
        size: the suite's image size in pixels.
    """

    fitted: Fitted
    size: int

    def sample(self, count: int, seed: int) -> Iterator[Drawn]:
        """New images, batch by batch."""
        for made in self.fitted.samples(count, seed):
            yield self._drawn(made)

    def render(self, latents: Mapping[str, NDArray[np.float32]]) -> Drawn:
        """The images of latents."""
        tensors = {name: torch.from_numpy(np.array(value)) for name, value in latents.items()}
        return self._drawn(self.fitted.render(tensors))

    def _drawn(self, made: GeneratedImages) -> Drawn:
        labels = None
        if made.masks is not None:
            labels = part_labels(resized_masks(made.masks, self.size)).numpy()
        return Drawn(
            images=resize_images(made.images, self.size).numpy(),
            latents={name: value.float().numpy() for name, value in made.latents.items()},
            keypoints=None if made.keypoints is None else made.keypoints.float().numpy(),
            part_labels=labels,
        )
