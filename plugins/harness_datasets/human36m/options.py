"""Options of `human36m`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "http://vision.imar.ro/human3.6m"

LICENCE = "academic use only after registration, no redistribution"

#: The official tree, with frames beside the videos.
LAYOUT = """\
human36m/
  S1/MyPoseFeatures/D2_Positions/<Action>.<camera>.cdf       (also S5, S6, S7, S8, S9, S11)
  S1/MySegmentsMat/ground_truth_bs/<Action>.<camera>.mat     (masks; optional)
  S1/<Action>.<camera>/<frame>.jpg          (frames, counted from 1; or the videos themselves:)
  S1/Videos/<Action>.<camera>.mp4           (read with pip install 'harness[video]')
Action with its take, as in the official names: 'Directions 1.54138969.cdf'. Poses and masks need \
pip install 'harness[human36m]'. All frames of a video come out of it, in its folder S1, with
  mkdir 'Directions 1.54138969'
  ffmpeg -i 'Videos/Directions 1.54138969.mp4' -fps_mode passthrough -q:v 2 \
'Directions 1.54138969/%06d.jpg'
"""

Action = Literal[
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "TakingPhoto",
    "Waiting",
    "WalkDog",
    "Walking",
    "WalkingDog",
    "WalkTogether",
]


class Human36mOptions(Options):
    """Which frames are used, and how they become squares."""

    actions: tuple[Action, ...] = Field(
        default=("Directions", "Discussion", "Posing", "Waiting", "Greeting", "Walking"),
        min_length=1,
        description="Names of the actions, both takes of each (lmdis-rep: these six).",
    )
    background: Literal["grey", "grey_where_masked", "kept"] = Field(
        default="grey",
        description="'grey': painted grey where the masks say background (lmdis-rep), and a clip "
        "without masks is an error; 'grey_where_masked': clips without masks keep theirs; 'kept': "
        "no mask is read.",
    )
    margin: float = Field(
        default=0.1,
        ge=0,
        lt=0.5,
        description="Share of the square that stays free below the lowest and above the highest "
        "joint. The paper gives no number; a tenth keeps shoes and hair inside.",
    )
    frame_step: int = Field(
        default=1, ge=1, description="Every split keeps every so many frames of a clip."
    )
