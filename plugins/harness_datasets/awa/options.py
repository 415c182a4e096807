"""Options of `awa`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from harness.contract import Options

HOME = "https://cvml.ista.ac.at/AwA2/"

LICENCE = "research; each photo under its own licence, stated in the folder licenses/"

#: The archive `AwA2-data.zip` unpacked; the file of boxes is a person's own.
LAYOUT = """\
Animals_with_Attributes2/             (or awa/, or awa/Animals_with_Attributes2/)
  JPEGImages/CLASS/CLASS_10001.jpg    (37,322 photos of 50 classes; or JPEGImages.zip)
  boxes.csv                           (optional, your own; see below)
boxes.csv has the header file,x,y,width,height,facing and one row a photo: its path below
JPEGImages/, the box in pixels from the upper left corner, and left, right, front or back.
"""


class AwAOptions(Options):
    """Which animals, and how a photo becomes a square."""

    classes: tuple[str, ...] = Field(
        default=("antelope", "deer", "moose", "horse", "zebra"),
        min_length=1,
        description="Names of the folders in use (lmdis-rep: these five).",
    )
    crop: Literal["photo", "boxes"] = Field(
        default="photo",
        description="'boxes': the animals of boxes.csv, seen from the side, each box made square "
        "along its shorter edge and all turned to face left, as lmdis-rep did with boxes by hand "
        "that it does not publish. 'photo': the whole photo, squeezed.",
    )

    @field_validator("classes")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a class is named twice")
        return value
