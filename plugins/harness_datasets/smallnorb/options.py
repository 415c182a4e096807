"""Options of `smallnorb`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/"

LICENCE = "research only, no commercial use"

#: The six official files, each as it is or gzipped.
LAYOUT = """\
smallnorb/
  smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat[.gz]   24,300 stereo pairs of 96 x 96 px
  smallnorb-5x46789x9x18x6x2x96x96-training-cat.mat[.gz]
  smallnorb-5x46789x9x18x6x2x96x96-training-info.mat[.gz]
  smallnorb-5x01235x9x18x6x2x96x96-testing-{dat,cat,info}.mat[.gz]
(binary matrices in a format of their own, no MATLAB files)
"""

#: Categories in the order of their numbers.
CATEGORIES = ("animal", "human", "plane", "truck", "car")


class SmallNORBOptions(Options):
    """Which objects, seen by which camera."""

    category: Literal["animal", "human", "plane", "truck", "car"] | None = Field(
        default=None,
        description="Only this category; empty means all five (IMM trains one model a category).",
    )
    camera: Literal["left", "right"] = Field(
        default="left",
        description="Which picture of a stereo pair; the papers do not say.",
    )
