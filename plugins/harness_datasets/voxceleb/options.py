"""Options of `voxceleb`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "https://www.robots.ox.ac.uk/~vgg/data/voxceleb/"

LICENCE = "frames of videos under their makers' terms, no longer given out; lists CC BY 4.0"

#: The tree of the frames' release; the labelled splits come from CelebA.
LAYOUT = """\
voxceleb/
  unzippedFaces/<speaker>/1.6/<video>/<frame>.jpg    (any depth below the speaker)
  exclude_speakers.txt    (optional: speakers left out, one a line, by name or id)
  vox1_meta.csv           (optional: the official table; needed for speakers = "dev")
celeba/                   (beside or inside voxceleb/, for the splits mafl_train and mafl_test:)
  Img/img_align_celeba/*.jpg, Anno/list_landmarks_align_celeba.txt,
  Eval/list_eval_partition.txt, MAFL/training.txt, MAFL/testing.txt
"""


class VoxCelebOptions(Options):
    """Which frames are used."""

    speakers: Literal["all", "dev"] = Field(
        default="all",
        description="'all' but those in exclude_speakers.txt; 'dev': of these the ones that "
        "vox1_meta.csv puts into its set dev. IMM used the standard training split without the "
        "people of the MAFL and AFLW test sets, and published neither list.",
    )
    frame_step: int = Field(default=1, ge=1, description="Keep every so many frames of a video.")
