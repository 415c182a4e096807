"""Options of `flowers_102`, and what a person has to fetch."""

from __future__ import annotations

from harness.contract import Options

HOME = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"

LICENCE = "research only; the photos belong to their makers"

#: The official archives unpacked.
LAYOUT = """\
flowers_102/                     (or flowers/, or oxford-102-flowers/)
  jpg/image_00001.jpg ... image_08189.jpg
  segmim/segmim_00001.jpg ...    (102segmentations.tgz: the photo on blue)
  setid.mat                      (trnid 1,020, valid 1,020, tstid 6,149; numbers from 1)
"""


class Flowers102Options(Options):
    """The official release leaves nothing open."""
