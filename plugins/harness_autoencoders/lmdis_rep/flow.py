"""Equivariance under optical flow between frames of a clip (paper appendix C.1)."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.contract import Images
from harness.errors import AssetMissing
from harness.vision.coordinates import pixel_centres
from harness.vision.heatmaps import gaussian_heatmaps
from harness.vision.pairs import ClipPairs

#: How OpenCV is installed.
OPENCV = "pip install 'harness[video]'"
#: Parameters of Farneback's flow: pyramid scale, levels, window, iterations, neighbourhood, sigma.
FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)
#: Deviation in pixels of the Gaussian under which the flow at a landmark is averaged (code).
READING_PIXELS = 1.0
#: Deviation, in image edges, of the Gaussians that should lie where the flow is large (code).
PREFERENCE_DEVIATION = 1 / 16
#: Guards the total flow of frames without motion.
_FLOW_GUARD = 1e-12


def flow_pairs(images: Images, gap: int) -> ClipPairs:
    """Pairs of frames of a clip, to be compared along the optical flow.

    Args:
        images: the role `fit`.
        gap: most frames between the two.

    Raises:
        AssetMissing: OpenCV is not installed.
        DataError: there are no clips, or none of two frames.
    """
    if importlib.util.find_spec("cv2") is None:
        raise AssetMissing(f"lmdis_rep: flow_weight > 0 needs OpenCV: {OPENCV}")
    return ClipPairs(images.clips, (1, gap), "lmdis_rep")


def dense_flow(first: Tensor, second: Tensor) -> Tensor:
    """Farneback's dense flow from the first frames to the second.

    Args:
        first: `uint8 [N, 3, S, S]` on the CPU.
        second: likewise.

    Returns:
        `float32 [N, 2, S, S]`, (x, y), in image edges.
    """
    import cv2

    flow_between: Any = cv2.calcOpticalFlowFarneback
    grey = [_grey(frames) for frames in (first, second)]
    flows = [flow_between(*pair, None, *FARNEBACK) for pair in zip(*grey, strict=True)]
    return torch.from_numpy(np.stack(flows)).movedim(-1, 1) / first.shape[-1]


def flow_loss(points: Tensor, following: Tensor, flow: Tensor) -> Tensor:
    """Squared distance of landmarks moved by the flow to those of the second frame.

    Args:
        points: landmarks of the first frames, `[N, K, 2]`, fractions of the image.
        following: landmarks of the second frames, likewise.
        flow: `[N, 2, S, S]`, in image edges.

    Returns:
        Sum over landmarks, mean over pairs.
    """
    size = flow.shape[-1]
    axis = pixel_centres(size, like=points)
    variances = points.new_full(points.shape[:2], 2.0 * (READING_PIXELS / size) ** 2)
    weights = gaussian_heatmaps(points, variances, axis, axis)
    weights = weights / weights.sum(dim=(2, 3), keepdim=True).clamp_min(1e-12)
    moved = points + torch.einsum("nkhw,nchw->nkc", weights, flow)
    return (moved - following).square().sum(dim=(1, 2)).mean()


def flow_preference(points: Tensor, flow: Tensor) -> Tensor:
    """Minus the landmarks' densities where things move, so that landmarks lie there.

    Args:
        points: landmarks of the first frames, `[N, K, 2]`, fractions of the image.
        flow: `[N, 2, S, S]`, in image edges; its square weighs the pixels.

    Returns:
        Sum over landmarks, mean over pairs; -K where everything moves alike.

    Source: Zhang et al. 2018, eq. 16, which states neither width nor unit of the densities: here
        normal densities in image edges with the code's deviation.
    """
    axis = pixel_centres(flow.shape[-1], like=points)
    variances = points.new_full(points.shape[:2], 2.0 * PREFERENCE_DEVIATION**2)
    peak = 1.0 / (2.0 * math.pi * PREFERENCE_DEVIATION**2)
    density = peak * gaussian_heatmaps(points, variances, axis, axis).sum(dim=1)
    squared = flow.square().sum(dim=1)
    total = squared.sum(dim=(1, 2)).clamp_min(_FLOW_GUARD)
    return -((squared * density).sum(dim=(1, 2)) / total).mean()


def _grey(frames: Tensor) -> NDArray[Any]:
    grey: NDArray[Any] = frames.float().mean(dim=1).round().to(torch.uint8).numpy()
    return grey
