"""Options of `aflw`, and what a person has to fetch."""

from __future__ import annotations

from harness.contract import Options

HOME = "https://www.tugraz.at/institute/icg/research/team-bischof/lrs/downloads/aflw"

LICENCE = "non-commercial research only on signed request, no redistribution"

#: The prepared release that the papers share; the lists may lie beside the images or in aflw_data/.
LAYOUT = """\
aflw/
  aflw_train_images.txt, aflw_test_images.txt    (one path a line; or in aflw_data/)
  aflw_train_keypoints.mat, aflw_test_keypoints.mat
                          (gt: N x 5 x 2, y and x in pixels from 0; hw: N x 2)
  output/*.jpg            (the cropped faces; or aflw_images/, or output.zip)
The prepared release of lmdis-rep and IMM, linked from github.com/YutingZhang/lmdis-rep and
github.com/tomasjakab/imm; the folder may also be called aflw_release-2.
"""


class AFLWOptions(Options):
    """The prepared release leaves nothing open."""
