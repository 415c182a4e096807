"""One random square of every photo, chosen by a hash of its name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pydantic import Field

from harness.contract import Options

if TYPE_CHECKING:
    from harness_datasets.crops import Box


class RandomCropOptions(Options):
    """How much of a photo is kept, and where."""

    smallest_crop: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="A photo is cut to a square at a random place, whose side is a random share "
        "of the edge between this and 1, both uniform; 1 keeps the whole. LatentKeypointGAN crops "
        "to 70-100 % to undo the alignment, anew whenever it trains on a photo, and does not say "
        "whether of the edge or of the area: here it is the edge, and every photo has one crop for "
        "good, so that all runs learn from, and are measured against, the same pixels.",
    )
    crop_seed: int = Field(
        default=0, ge=0, description="Other seeds give every photo another crop."
    )


def random_part(area: Box, name: str, options: RandomCropOptions) -> Box:
    """The crop of one photo, the same for the same name, share and seed.

    Args:
        area: the box (left, top, right, bottom) of which a part is taken.
        name: the photo.
        options: the smallest share of the area's edges, and the seed.

    Returns:
        A box inside the area with the area's proportions.
    """
    digest = hashlib.sha256(f"{options.crop_seed}/{name}".encode()).digest()
    size, across, down = (
        int.from_bytes(digest[start : start + 8], "big") / 2**64 for start in (0, 8, 16)
    )
    share = options.smallest_crop + (1 - options.smallest_crop) * size
    left, top, right, bottom = area
    width, height = share * (right - left), share * (bottom - top)
    x, y = left + across * (right - left - width), top + down * (bottom - top - height)
    return x, y, min(x + width, right), min(y + height, bottom)
