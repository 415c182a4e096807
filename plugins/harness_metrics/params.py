"""Parameters of the bundled metrics, as suites and `--set` give them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from harness.contract import Options

LandmarkIndex = Annotated[int, Field(ge=0)]


class NoParams(Options):
    """For metrics without parameters."""


class RegressionParams(Options):
    """How the linear map from keypoints to landmarks is fitted."""

    origin: Literal["centre", "corner"] = Field(
        default="centre",
        description="Point that a bias-free map keeps fixed: the image centre (LMDIS) or the "
        "top-left corner (IMM, GANSeg).",
    )
    bias: bool = Field(
        default=False,
        description="Fit an intercept too (SCOPS); the origin then has no influence.",
    )


class InterOcularParams(RegressionParams):
    """Which landmarks are the eyes, and how the regressor is fitted."""

    left_eye: tuple[LandmarkIndex, ...] = Field(
        default=(0,),
        description="Positions of the landmarks whose mean is the first eye; one number or a "
        "list. An empty list names no eye, and the error is undefined.",
    )
    right_eye: tuple[LandmarkIndex, ...] = Field(
        default=(1,),
        description="Positions of the landmarks whose mean is the other eye.",
    )

    @field_validator("left_eye", "right_eye", mode="before")
    @classmethod
    def _single_number_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


class PartIouParams(Options):
    """How predicted parts get the names of true parts."""

    matching: Literal["one_to_one", "many_to_one"] = Field(
        default="one_to_one",
        description="one_to_one: the assignment of largest total IoU on the split `regress`; "
        "many_to_one: every part takes its most frequent true label there.",
    )


class RegionParams(Options):
    """Which pixels count."""

    region: Literal["foreground", "all"] = Field(
        default="foreground",
        description="foreground: pixels whose true label is a part; all: the background as well.",
    )


class PartsUsedParams(Options):
    """When a part counts as used."""

    min_area: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="Fraction of the image that a part must exceed on average over the images.",
    )
