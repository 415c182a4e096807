"""Options of `pascal3d_car`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "https://cvgl.stanford.edu/projects/pascal3d.html"

LICENCE = "research only; the photos belong to their makers"

#: The release; other classes and folders may be there too.
LAYOUT = """\
PASCAL3D+_release1.1/                (or PASCAL3D+_release1.1.zip)
  Annotations/car_imagenet/*.mat
  Annotations/car_pascal/*.mat
  Images/car_imagenet/*.JPEG
  Images/car_pascal/*.jpg
"""


class Pascal3DCarOptions(Options):
    """What counts as a profile view, and how it is cut; the paper states none of the numbers."""

    sources: tuple[Literal["imagenet", "pascal"], ...] = Field(
        default=("imagenet", "pascal"),
        min_length=1,
        description="Which photos; the paper names PASCAL 3D+ as a whole.",
    )
    azimuth_tolerance: float = Field(
        default=15.0,
        gt=0,
        le=90,
        description="How far the annotated azimuth may be from 90 or 270 degrees, in degrees; the "
        "paper says 'profile' only, and 15 keeps views in which the front and the rear are "
        "narrow beside the side.",
    )
    margin: float = Field(
        default=0.1,
        ge=0,
        description="How much the landmarks' box is enlarged at every side, as a share of its "
        "width and height; the paper says 'slight'.",
    )
    facing: Literal["left", "as_photographed"] = Field(
        default="left",
        description="'left': cars that face right are mirrored, as the paper does with its "
        "animals, because a detector cannot tell a mirrored car's wheels apart; "
        "'as_photographed': none is.",
    )
