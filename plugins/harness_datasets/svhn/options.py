"""Options of `svhn`, and what a person has to fetch."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options

HOME = "http://ufldl.stanford.edu/housenumbers/"

LICENCE = "non-commercial use only"

#: The three files of cropped digits.
LAYOUT = """\
svhn/
  train_32x32.mat     73,257 images of 32 x 32 px (X: 32 x 32 x 3 x N, y: N x 1, 10 for the digit 0)
  test_32x32.mat      26,032 images
  extra_32x32.mat     531,131 images (optional)
"""


class SVHNOptions(Options):
    """Which digits."""

    digit: int | None = Field(
        default=None, ge=0, le=9, description="Only this digit; empty means all ten."
    )
