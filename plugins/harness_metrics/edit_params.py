"""Parameters of the metrics that edit generated images, or the latents they come from."""

from __future__ import annotations

from pydantic import Field

from harness.contract import Options
from harness.contract.edit_length import LONGEST


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


class LatentEditParams(Options):
    """Which latents are edited, at which strengths, and how far at most."""

    samples: int = Field(default=100, ge=2, description="N: latents that are edited.")
    levels: int = Field(
        default=21, ge=2, description="Strengths of an edit, evenly from 0 to 1, both included."
    )
    longest: float = Field(
        default=LONGEST,
        gt=0,
        description="The longest edit, the same for all editors, in units of R, the mean distance "
        "of the generator's latents from their mean. Longer ones are pulled back to this length.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the latents, and of the captions.")


class MdsParams(LatentEditParams):
    """Which attributes are edited, and when an attribute counts as changed."""

    attributes: tuple[str, ...] = Field(
        default=(),
        description="Names of the attributes that are edited, N latents each; an empty list means "
        "all of the dataset. The others that may change are always all of the dataset.",
    )
    threshold: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="An attribute counts as changed when its probability moved by more than this.",
    )
    pool: int = Field(
        default=10,
        ge=1,
        description="At most this many times N latents are drawn to find N on which guide and "
        "judge agree about an attribute.",
    )
