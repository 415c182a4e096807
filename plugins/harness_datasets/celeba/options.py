"""Options of `celeba`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options

HOME = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"

LICENCE = "non-commercial research only, no redistribution"

#: The official tree; the lists may also lie side by side, and be the CSV edition.
LAYOUT = """\
celeba/
  Img/img_celeba/*.jpg               (crop "wild": the original photos)
  Img/img_align_celeba/*.jpg         (crop "aligned": 178 x 218 px; or img_align_celeba.zip)
  Anno/list_landmarks_celeba.txt     (wild)
  Anno/list_bbox_celeba.txt          (wild)
  Anno/list_landmarks_align_celeba.txt   (aligned)
  Anno/list_attr_celeba.txt          (optional)
  Eval/list_eval_partition.txt
  MAFL/training.txt, MAFL/testing.txt    (from github.com/zhzhanp/TCDCN-face-alignment)
  list_imsize_celeba.txt             (optional, wild: rows of name, height, width)
The lists may also lie directly in celeba/, as *.txt or as *.csv.
"""


class CelebAOptions(Options):
    """Which photos, and how they become squares."""

    crop: Literal["wild", "aligned"] = Field(
        default="wild",
        description="'wild': the whole original photo squeezed to the square (GANSeg, SCOPS). "
        "'aligned': the aligned 178 x 218 image without its outer tenth on every side, squeezed to "
        "the square, which is what 100 x 100 px with the centre 80 x 80 px means (lmdis-rep, IMM; "
        "GANSeg's own crop is unknown). Both in one bilinear resize, antialiased.",
    )
    min_face_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Crop 'wild' leaves out photos whose face box covers a smaller share of the "
        "photo's area (GANSeg, SCOPS: 0.3).",
    )
