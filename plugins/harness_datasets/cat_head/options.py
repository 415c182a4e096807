"""Options of `cat_head`, and what a person has to fetch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from harness.contract import Options

HOME = "https://archive.org/details/CAT_DATASET"

LICENCE = "research only; the photos belong to their makers"

#: Either edition; the prepared one is taken where both are there.
LAYOUT = """\
cat_head/
  CAT_00/*.jpg, CAT_00/*.jpg.cat, ..., CAT_06/   (the published photos; no lists)
or the prepared release of lmdis-rep (github.com/YutingZhang/lmdis-rep)
  cat_images/*.jpg                               (crops of 100 x 100 px; or cat_images.zip)
  cat_data/cat_train_images.txt, cat_data/cat_test_images.txt
  cat_data/cat_train_keypoints.mat, cat_data/cat_test_keypoints.mat
                          (gt: N x 9 x 2, y and x in pixels from 0; hw: N x 2)
The two lists may also lie in cat_data/ beside CAT_00 ... CAT_06 and then give the splits; without
them the published photos have the splits hash_train and hash_test.
"""

#: Points of every annotation, in its order.
POINTS = 9


class CatHeadOptions(Options):
    """Which landmarks, and how a published photo is cut."""

    points: tuple[Annotated[int, Field(ge=0, lt=POINTS)], ...] = Field(
        default=(0, 1, 2, 3, 5, 6, 8),
        min_length=1,
        description="Landmarks in use, counted from 0: left eye, right eye, mouth, left ear 1 to "
        "3, right ear 1 to 3 (lmdis-rep: all but the middle point of each ear).",
    )
    margin: float = Field(
        default=0.25,
        ge=0,
        description="Published photos only: how much the square around the nine landmarks is "
        "enlarged at every side before the outer tenth is cut off, as a share of its side. The "
        "paper does not state its own; 0.25 leaves a tenth of the landmarks' box around it.",
    )

    @field_validator("points")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a landmark is named twice")
        return value
