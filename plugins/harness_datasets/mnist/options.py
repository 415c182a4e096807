"""Options of `mnist`, and what a person has to fetch."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options

HOME = "http://yann.lecun.com/exdb/mnist/"

LICENCE = "free for research; made from NIST's special databases 1 and 3"

#: The four official files, each as it is or gzipped.
LAYOUT = """\
mnist/                             (or MNIST/raw/)
  train-images-idx3-ubyte[.gz]     60,000 images of 28 x 28 px
  train-labels-idx1-ubyte[.gz]
  t10k-images-idx3-ubyte[.gz]      10,000 images
  t10k-labels-idx1-ubyte[.gz]
"""


class MNISTOptions(Options):
    """Which digits, and the border."""

    digit: int | None = Field(
        default=None,
        ge=0,
        le=9,
        description="Only this digit; empty means all ten (lmdis-rep trains both ways).",
    )
    padding: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Black pixels added at every side of the 28 x 28 px before they are resized. "
        "lmdis-rep's border of 14 px belongs to its network and is not part of the image.",
    )
