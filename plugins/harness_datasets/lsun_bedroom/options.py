"""Options of `lsun_bedroom`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness_datasets.random_crop import RandomCropOptions

HOME = "https://github.com/fyu/lsun"

LICENCE = "research use; no licence is stated"

#: The official databases, unpacked, or the photos exported from them.
LAYOUT = """\
lsun_bedroom/                            (or lsun/)
  bedroom_train_lmdb/data.mdb            (3,033,042 photos; needs pip install 'harness[lsun]')
  bedroom_val_lmdb/data.mdb              (300 photos)
or, in place of either, its exported photos in any depth, named by their keys:
  bedroom_train/**/KEY.webp              (or .jpg, .png; or bedroom_train.zip)
  bedroom_val/**/KEY.webp
"""


class LsunBedroomOptions(RandomCropOptions):
    """Which photos, and how they become squares."""

    smallest_crop: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="A square is cut at a random place, whose side is a random share of the edge "
        "between this and 1, both uniform, the same for a photo in all runs; 1 keeps the whole. "
        "LatentKeypointGAN crops faces so, and says nothing of bedrooms.",
    )
    shape: Literal["centre", "squeeze"] = Field(
        default="centre",
        description="'centre': the largest square in the middle of the photo; 'squeeze': the whole "
        "photo, whatever its proportions. The paper does not say which it took.",
    )
    images: int | None = Field(
        default=None,
        ge=1,
        description="Use only the first so many photos of the split train, in the order of their "
        "keys, which are hashes: a random choice. Empty means all.",
    )
