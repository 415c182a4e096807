"""Options of `celeba_hq`, and what a person has to fetch."""

from __future__ import annotations

from pydantic import Field

from harness_datasets.random_crop import RandomCropOptions

HOME = "https://github.com/switchablenorms/CelebAMask-HQ"

LICENCE = "CC BY-NC 4.0; below it CelebA's: non-commercial research only, no redistribution"

#: The folder that CelebAMask-HQ has, or a plain folder of the same images.
LAYOUT = """\
celeba_hq/                               (or CelebAMask-HQ/)
  CelebA-HQ-img/0.jpg ... 29999.jpg      (or CelebA-HQ-img.zip)
or the 30,000 images themselves in the folder, as jpg or png, with names that end in their number.
All are square; editions of 1024, 512 or 256 px serve suites up to that size. For the attributes:
  CelebAMask-HQ-attribute-anno.txt       (of the same release)
or both of
  CelebA-HQ-to-CelebA-mapping.txt        (of the same release)
  list_attr_celeba.txt                   (CelebA's; also *.csv, in Anno/, or in celeba/ beside it)
"""


class CelebAHQOptions(RandomCropOptions):
    """How a face is cut out, and whether its attributes are read."""

    attributes: bool = Field(
        default=False,
        description="Read the 40 attributes of CelebA, which must then be there; without them the "
        "images have no labels.",
    )
