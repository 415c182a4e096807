"""Options of `bbc_pose`, and what a person has to fetch."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options

HOME = "https://www.robots.ox.ac.uk/~vgg/data/pose/"

LICENCE = "research only; pictures of BBC programmes under their terms"

#: The official tree; frame names may have leading zeros.
LAYOUT = """\
bbcpose/
  bbcpose.mat             (struct array `bbcpose`; its first 20 entries are BBC Pose)
  1/*.jpg ... 20/*.jpg    (<video number>/<frame number>.jpg, both counted from 1)
"""


class BbcPoseOptions(Options):
    """Which frames are used, and how they become squares."""

    margin: float = Field(
        default=0.25,
        ge=0,
        le=2,
        description="What the square adds at every side of the box of a video's joints, as a "
        "share of the longer side. The paper says loose crops and no number; the joints end at "
        "the middle of the head and at the wrists, and a quarter keeps hair and hands inside.",
    )
    labelled: int = Field(
        default=1000,
        ge=1,
        description="Frames of the split train_labelled (IMM: 1,000), the same number of each "
        "training video: it is cut into as many stretches of its tracked frames, and each gives "
        "its middle frame. The paper does not say which frames it took.",
    )
    frame_step: int = Field(
        default=1, ge=1, description="The split train keeps every so many frames of a video."
    )
