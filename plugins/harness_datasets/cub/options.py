"""Options of `cub`, and what a person has to fetch."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options

HOME = "https://www.vision.caltech.edu/datasets/cub_200_2011/"

LICENCE = "non-commercial research only; the photos belong to their makers"

#: Both official archives unpacked, and the list of a later paper.
LAYOUT = """\
CUB_200_2011/                    (or cub/, or cub/CUB_200_2011/)
  images.txt                     11,788 rows of number and path
  train_test_split.txt           rows of number and 1 (train) or 0 (test)
  images/CLASS/*.jpg
  parts/part_locs.txt            15 rows a photo: number, part, x, y, visible
  segmentations/CLASS/*.png      (the second archive; it may also lie beside the folder)
  train_val_test_split.txt       rows of number and 0 (train), 1 (val) or 2 (test): ReDO's list,
                                 datasplits/cub/ in github.com/mickaelChen/ReDO
"""


class CUBOptions(Options):
    """How a mask becomes foreground."""

    mask_level: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="A pixel is foreground where the mask, resized with the photo, exceeds this "
        "share of its full brightness, which is the share of annotators (GANSeg: 127.5 of 255).",
    )
