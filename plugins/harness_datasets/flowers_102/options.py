"""Options of `flowers_102`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness_datasets.random_crop import RandomCropOptions

HOME = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102"

LICENCE = "research use; no licence is stated, neither for the photos nor for the captions"

#: Sentences that the captions' authors gathered for every photo.
CAPTIONS = 10

#: The official files, and the captions of Reed et al.
LAYOUT = """\
flowers_102/                             (or 102flowers/)
  jpg/image_00001.jpg ... image_08189.jpg    (102flowers.tgz, or jpg.zip)
  setid.mat
  segmim/segmim_00001.jpg ...                (102segmentations.tgz; for masks)
  text_c10/class_00077/image_00001.txt ...   (ten lines each; or text_c10.zip; for captions)
The captions are in cvpr2016_flowers.tar.gz of Reed et al. (github.com/reedscot/cvpr2016), whose
folder cvpr2016_flowers/ may also stand here as it is.
"""


class Flowers102Options(RandomCropOptions):
    """How photos become squares, and which caption each has."""

    smallest_crop: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="A square is cut at a random place, whose side is a random share of the edge "
        "between this and 1, both uniform, the same for a photo in all runs; 1 keeps the whole.",
    )
    shape: Literal["centre", "squeeze"] = Field(
        default="centre",
        description="'centre': the largest square in the middle of the photo; 'squeeze': the whole "
        "photo, whatever its proportions (GANSeg). SGF's paper does not say.",
    )
    masks: bool = Field(
        default=False,
        description="Read the masks, which must then be there for every photo. As in GANSeg's code "
        "a pixel is background where, after the resize, red is 0, green is 0 or blue is 254.",
    )
    captions: bool = Field(
        default=True, description="Read the captions, which must then be there for every photo."
    )
    caption: int = Field(
        default=0,
        ge=0,
        lt=CAPTIONS,
        description="Which of a photo's ten sentences is its caption, from 0. Ten people wrote "
        "them, in no order.",
    )
