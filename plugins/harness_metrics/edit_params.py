"""Parameters of the metrics that edit generated images."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options


class DrawParams(Options):
    """Which new images are edited."""

    images: int = Field(default=64, ge=2, description="New images that are drawn and edited.")
    seed: int = Field(default=0, ge=0, description="Seed of these images.")


class EditLocalityParams(DrawParams):
    """How large a part's region is."""

    radius: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Radius of a part's region around its keypoint, in fractions of the image "
        "edge; one for all methods, so that they can be compared.",
    )
    distance: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="How far a keypoint is moved, for the locality of moves, in fractions of the "
        "image edge.",
    )


class MoveConsistencyParams(DrawParams):
    """How far keypoints are moved."""

    together: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="How far all keypoints are moved together, in fractions of the image edge.",
    )
    single: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="How far one keypoint is moved alone, in fractions of the image edge.",
    )
