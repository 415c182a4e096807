"""GrabCut: colour models and a graph cut, started with a rectangle."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.contract import Images, Run
from harness.errors import AssetMissing
from harness_baselines.config import GrabCutConfig
from harness_baselines.stored import StoredBaseline


class GrabCut(StoredBaseline):
    """OpenCV's GrabCut on each image; the frame outside the rectangle is sure background.

    The random generator of OpenCV is set anew for each image, so the batch has no influence.

    Raises:
        AssetMissing: OpenCV is not installed.

    Source: Rother et al. 2004; a baseline of He et al. 2022 (table 2).
    """

    STORED: ClassVar[dict[str, int]] = {}
    config: GrabCutConfig

    def fit(self, images: Images, run: Run) -> None:
        """Nothing is learned; a missing OpenCV is noticed before the first image."""
        _opencv()

    def segment(self, images: Tensor) -> Tensor:
        """Hard masks `float32 [N, 2, H, W]` of `uint8 [N, 3, H, W]`, channel 0 background."""
        opencv = _opencv()
        pictures = images.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        foreground = [self._foreground(picture, opencv) for picture in pictures]
        parts = torch.from_numpy(np.array(foreground).reshape(len(images), *images.shape[2:]))
        return torch.stack([~parts, parts], dim=1).float().to(images.device)

    def _foreground(self, picture: NDArray[np.uint8], opencv: Any) -> NDArray[np.bool_]:
        """Foreground `bool [H, W]` of one picture `uint8 [H, W, 3]`."""
        height, width = picture.shape[:2]
        top, left = (max(1, round(self.config.margin * side)) for side in (height, width))
        rectangle = (left, top, width - 2 * left, height - 2 * top)
        mask = np.zeros((height, width), dtype=np.uint8)
        models = np.zeros((2, 1, 65), dtype=np.float64)
        opencv.setRNGSeed(0)
        opencv.grabCut(
            picture,
            mask,
            rectangle,
            models[0],
            models[1],
            self.config.iterations,
            opencv.GC_INIT_WITH_RECT,
        )
        return np.isin(mask, (opencv.GC_FGD, opencv.GC_PR_FGD))


def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        raise AssetMissing(
            "grabcut needs OpenCV, which is not installed: pip install 'harness[grabcut]'."
        ) from None
    return cv2
