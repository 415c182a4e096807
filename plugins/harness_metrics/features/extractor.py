"""What every feature extractor is: images in, one vector an image out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, device
    from torch.nn import Module

#: Images that a network sees at once.
BATCH = 32


@dataclass(frozen=True)
class Extractor:
    """A network that turns images into feature vectors.

    Attributes:
        name: as it stands in a metric's parameter `extractor`.
        identity: all that the features of an image depend on, as JSON can hold it.
        net: takes images `float32 [N, 3, S, S]` from 0 to 255 and gives `[N, d]`.
        device: where it computes.
        facts: what is known about its own quality, by name with unit.
    """

    name: str
    identity: Mapping[str, Any]
    net: Module
    device: device
    facts: Mapping[str, float] = field(default_factory=dict)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features `float32 [N, d]` of images `uint8 [N, 3, S, S]`, N at least 1."""
        import torch

        found: list[NDArray[np.float32]] = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = torch.from_numpy(np.array(images[start : start + BATCH]))
                rows: Tensor = self.net(batch.to(self.device).float())
                found.append(rows.float().cpu().numpy())
        return np.concatenate(found)
