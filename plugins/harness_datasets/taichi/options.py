"""Options of `taichi`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "https://github.com/AliaksandrSiarohin/motion-cosegmentation"

LICENCE = "joints CC BY-NC 4.0; the videos belong to their makers"

#: Clips cut by the video-preprocessing scripts of the same author, and the evaluation files.
LAYOUT = """\
taichi/                                  (or taichi-256/)
  train/CLIP/*.png                       frames of 3,049 clips of 256 x 256 px, named by their
                                         number (github.com/AliaksandrSiarohin/video-preprocessing;
                                         clips saved as mp4 must be unpacked to frames)
  eval_images/taichi-256/train/*.png     5,000 images
  eval_images/taichi-256/test/*.png      300 images
  landmarks/taichi_train_gt.pkl, landmarks/taichi_test_gt.pkl     (or landmark/)
  taichi-test-masks/*.png                300 masks, named like their images
"""


class TaichiOptions(Options):
    """Which frames are learnt from, and how a mask becomes foreground."""

    frames_per_clip: int = Field(
        default=22,
        ge=0,
        description="Frames of every clip in the split train, evenly spread; fewer where a clip "
        "is shorter. GANSeg does not say how many it took: 22 of 3,049 clips are 67,078, and from "
        "64,128 on its code sees no image twice in an epoch. With 0 there are no clips: train is "
        "the 5,000 images of landmarks_train, for who has the evaluation files alone.",
    )
    mask: Literal["white", "half"] = Field(
        default="white",
        description="'white': foreground is what is still fully white after the mask is resized, "
        "as GANSeg's code cuts it (it loses up to a pixel at the border); 'half': what is brighter "
        "than half.",
    )
