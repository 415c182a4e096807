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


class SampleEfficiencyParams(InterOcularParams):
    """Which subsets of labelled images are drawn, and how errors are measured."""

    normaliser: Literal["inter_ocular", "edge"] = Field(
        default="inter_ocular",
        description="Length that divides an image's error: the distance of left_eye and "
        "right_eye, or the image edge.",
    )
    draws: int = Field(
        default=20, ge=1, description="Random subsets for every number of images below 1000."
    )
    draws_of_many: int = Field(
        default=5, ge=1, description="Random subsets for every number of images from 1000 on."
    )
    ridge: float = Field(
        default=1e-3,
        gt=0,
        description="Penalty of the ridge curve, in units of trace(X'X) / 2K of the centred "
        "coordinates X.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the random subsets.")


class BbcPoseParams(RegressionParams):
    """When a landmark counts as found, and which landmarks are shown together."""

    threshold_pixels: float = Field(
        default=6, ge=0, description="Largest distance of a found landmark in pixels, included."
    )
    frame_pixels: float = Field(
        default=128,
        gt=0,
        description="How many pixels the image edge counts. The paper leaves open whether its 6 "
        "pixels are those of the 128 x 128 crop or of the original frame; 128 is the image that "
        "its detector sees, and the only frame whose scale does not change from video to video.",
    )
    groups: dict[str, tuple[LandmarkIndex, ...]] = Field(
        default={"head": (0,), "wrists": (1, 2), "elbows": (3, 4), "shoulders": (5, 6)},
        description="Positions of the landmarks whose mean accuracy is shown under a name.",
    )

    @field_validator("groups")
    @classmethod
    def _groups_hold_landmarks(
        cls, value: dict[str, tuple[LandmarkIndex, ...]]
    ) -> dict[str, tuple[LandmarkIndex, ...]]:
        empty = [name for name, places in value.items() if not places]
        if empty:
            raise ValueError(f"group '{empty[0]}' names no landmark")
        return value


class Human36mParams(RegressionParams):
    """Which landmarks change places when left and right do, and how long the map is fitted."""

    pairs: tuple[tuple[LandmarkIndex, LandmarkIndex], ...] = Field(
        default=(
            *((left, left - 5) for left in range(6, 11)),
            *((left, left + 8) for left in range(16, 24)),
        ),
        description="Positions of the left and the right landmark of every pair; the others stay. "
        "By default the legs (6-10 and 1-5) and arms (16-23 and 24-31) of Human3.6M's 32 joints.",
    )
    rounds: int = Field(
        default=20, ge=1, description="Most fits of the map; fewer where no label changes any more."
    )

    @field_validator("pairs")
    @classmethod
    def _landmark_is_in_one_pair(
        cls, value: tuple[tuple[LandmarkIndex, LandmarkIndex], ...]
    ) -> tuple[tuple[LandmarkIndex, LandmarkIndex], ...]:
        named = [place for pair in value for place in pair]
        twice = sorted({place for place in named if named.count(place) > 1})
        if twice:
            raise ValueError(f"landmark {twice[0]} is named twice")
        return value


class TaichiParams(RegressionParams):
    """What is summed, in which pixels, and how the regressor is fitted."""

    bias: bool = Field(
        default=True,
        description="Fit an intercept too, as the published numbers do (Siarohin et al. 2021, and "
        "GANSeg's code; its text leaves it open); without it `origin` decides.",
    )
    distance: Literal["coordinates", "euclidean"] = Field(
        default="coordinates",
        description="coordinates: the absolute errors of x and y are two terms, as in the code "
        "that the published numbers come from; euclidean: a landmark's distance is one term, as "
        "GANSeg's text has it.",
    )
    frame_pixels: float = Field(
        default=256,
        gt=0,
        description="How many pixels the image edge counts, whatever the size that a method sees "
        "(256: the frames that the joints of Taichi-HD were found in).",
    )


class AttributeParams(Options):
    """Which attributes are told from which features, and how the classifier is fitted."""

    features: Literal["keypoints", "keypoints+descriptors", "descriptors"] = Field(
        default="keypoints", description="What the classifier sees of an image."
    )
    attributes: tuple[str, ...] = Field(
        default=(), description="Names of the attributes; an empty list means all of the dataset."
    )
    c: float = Field(
        default=1.0, gt=0, description="C of the support vector machine; less means more smoothing."
    )
    train_limit: int | None = Field(
        default=None,
        ge=2,
        description="Most training images, a random choice of this size; empty means all.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of that choice.")


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


class EquivarianceParams(Options):
    """How images are warped."""

    images: int = Field(
        default=500, ge=1, description="Test images that are warped, from the first on."
    )
    warps: int = Field(default=5, ge=1, description="Random warps of every image.")
    translation: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Largest shift along each axis, uniform, in fractions of the image edge.",
    )
    rotation_degrees: float = Field(
        default=10, ge=0, description="Standard deviation of the rotation."
    )
    log2_scale: float = Field(
        default=0.15, ge=0, description="Standard deviation of the binary logarithm of the scale."
    )
    grid: int = Field(
        default=5, ge=2, description="Control points of the thin-plate spline along each axis."
    )
    displacement: float = Field(
        default=0.02,
        ge=0,
        description="Standard deviation of a control point's shift along each axis, in fractions "
        "of the image edge.",
    )
    margin: float = Field(
        default=0.05,
        ge=0,
        lt=0.5,
        description="Keypoints that are warped nearer to the border than this fraction of the edge "
        "are left out.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of the warps.")


class ImageSetParams(Options):
    """Which generated images are compared with which real ones."""

    count: int = Field(
        default=50_000,
        ge=2,
        description="Generated images. Values of different counts cannot be compared.",
    )
    real: Literal["fit", "test"] = Field(
        default="fit",
        description="Real images: those the method learned on, or those of role test.",
    )
    real_count: int | None = Field(
        default=None, ge=2, description="Most real images, from the first on; empty means all."
    )
    seed: int = Field(default=0, ge=0, description="Seed of the generated images.")


class ExtractorParams(ImageSetParams):
    """Whose features are compared."""

    extractor: str = Field(
        default="inception",
        min_length=1,
        description="inception: the network of FID; face_attributes: a small network trained on "
        "the suite's own labels; else a network of timm with its weights, such as "
        "resnet18.a1_in1k.",
    )
    weights_sha256: str = Field(
        default="",
        pattern="^[0-9a-f]{0,64}$",
        description="First digits of the sha256 of timm's file of weights; empty takes any file.",
    )


class FrechetParams(ExtractorParams):
    """Whose features are compared; those of Inception make the metric fid."""

    extractor: str = Field(
        default="face_attributes",
        min_length=1,
        description="face_attributes: a small network trained on the suite's own labels; else a "
        "network of timm with its weights, such as resnet18.a1_in1k.",
    )

    @field_validator("extractor")
    @classmethod
    def _inception_has_a_name_of_its_own(cls, value: str) -> str:
        if value == "inception":
            raise ValueError("with the features of inception this is the metric fid")
        return value


class KidParams(ExtractorParams):
    """Whose features are compared, in which subsets."""

    subsets: int = Field(default=100, ge=1, description="Random subsets of both sides.")
    subset_size: int = Field(default=1000, ge=2, description="Images of a subset.")


class PrecisionRecallParams(ExtractorParams):
    """Whose features are compared, and how large the balls are."""

    neighbours: int = Field(
        default=3, ge=1, description="k: a ball reaches to its image's k-th nearest neighbour."
    )
