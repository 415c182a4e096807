"""Part masks `[N, K+1, H, W]`: channel 0 is the background, the channels sum to one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import ShapeError
from harness.vision.coordinates import pixel_centres

#: Mass added to every pixel of a part, so that an empty part has the image centre as its centre.
GUARD_PER_PIXEL = 1e-6


def part_centres(masks: Tensor) -> Tensor:
    """Centre of mass of every part, as fractions of width and height.

    The background (channel 0) is left out and the parts are not normalised again. Every pixel of a
    part counts `GUARD_PER_PIXEL` more than it holds: an empty part gets the image centre, so that
    a regressor never meets NaN, and a part of some pixels moves by less than a thousandth.

    Args:
        masks: part probabilities `[N, K+1, H, W]`, float in [0, 1], sum over channels 1.

    Returns:
        Points `[N, K, 2]`, (x, y) in (0, 1); the centre of pixel i is (i + 0.5) / W. float32, or
        float64 for masks in float64.

    Raises:
        ShapeError: `masks` is not 4-dimensional or has fewer than two channels.

    Source: He et al., 2022, code `mask2keypoints`, which guards the sum alone, so that there an
    empty part lies in the corner, and counts pixel i at i / (W - 1).
    """
    if masks.ndim != 4 or masks.shape[1] < 2:
        raise ShapeError(f"masks has shape {list(masks.shape)}, expected [N, K+1, H, W] with K > 0")
    parts = masks[:, 1:].to(torch.promote_types(masks.dtype, torch.float32)) + GUARD_PER_PIXEL
    columns, rows = parts.sum(dim=-2), parts.sum(dim=-1)
    xs = pixel_centres(parts.shape[-1], like=parts)
    ys = pixel_centres(parts.shape[-2], like=parts)
    mass = columns.sum(dim=-1)
    return torch.stack([(columns @ xs) / mass, (rows @ ys) / mass], dim=-1)


def part_labels(masks: Tensor) -> Tensor:
    """The most probable channel of every pixel.

    Args:
        masks: part probabilities `[N, K+1, H, W]`, K <= 255.

    Returns:
        Labels `uint8 [N, H, W]`, 0 = background; the lowest channel wins a tie.
    """
    return masks.argmax(dim=1).to(torch.uint8)


def resized_masks(masks: Tensor, size: int) -> Tensor:
    """Masks at another side; antialiased bilinear, so that the sum over channels stays.

    Args:
        masks: part probabilities `[N, K+1, H, W]`.
        size: the new side in pixels.

    Returns:
        `[N, K+1, size, size]`, float32.
    """
    if tuple(masks.shape[-2:]) == (size, size):
        return masks.float()
    return F.interpolate(masks.float(), size=(size, size), mode="bilinear", antialias=True)


def painted_parts(labels: Tensor, images: Tensor, *, opacity: float = 0.6) -> Tensor:
    """Colours the parts over their images; the background keeps the image, darkened.

    Args:
        labels: part labels `uint8 [N, H, W]`, 0 = background.
        images: `uint8 [N, 3, H, W]`.
        opacity: share of the colour in the result, 0 to 1.

    Returns:
        Pictures `uint8 [N, 3, H, W]`; part k has one of twelve colours, in turn.
    """
    palette = torch.tensor(_PALETTE, dtype=torch.float32, device=labels.device)
    index = labels.long()
    colours = palette[(index - 1).clamp_min(0) % len(_PALETTE)]
    colours = torch.where((index > 0)[..., None], colours, torch.zeros_like(colours))
    blend = opacity * colours.permute(0, 3, 1, 2) + (1.0 - opacity) * images.float()
    return blend.round().clamp(0, 255).to(torch.uint8)


#: Twelve colours that differ for colour-blind readers too (after Paul Tol's muted scheme).
_PALETTE = (
    (51, 34, 136),
    (221, 204, 119),
    (17, 119, 51),
    (204, 102, 119),
    (136, 204, 238),
    (170, 68, 153),
    (68, 170, 153),
    (153, 153, 51),
    (136, 34, 85),
    (102, 153, 204),
    (238, 136, 102),
    (221, 221, 221),
)
