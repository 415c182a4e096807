"""Options of `ffhq`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness_datasets.random_crop import RandomCropOptions

HOME = "https://github.com/NVlabs/ffhq-dataset"

LICENCE = "CC BY-NC-SA 4.0; each photo under its own Flickr licence (BY, BY-NC, public domain)"

#: The official tree; one of the two folders is enough.
LAYOUT = """\
ffhq/                                    (or ffhq-dataset/)
  images1024x1024/00000/00000.png ... 69000/69999.png    (or images1024x1024.zip)
  thumbnails128x128/00000/00000.png ...                  (for the option images)
"""


class FFHQOptions(RandomCropOptions):
    """Which edition, and how a face is cut out."""

    images: Literal["images1024x1024", "thumbnails128x128"] = Field(
        default="images1024x1024",
        description="Folder of the release: photos of 1024 px, or of 128 px for small suites.",
    )
