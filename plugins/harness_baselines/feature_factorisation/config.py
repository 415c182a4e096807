"""The configuration of deep feature factorisation: what the paper fixes, what is chosen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import MethodConfig


class FeatureFactorisationConfig(MethodConfig):
    """Everything that `harness show method feature_factorisation` prints.

    "Paper" marks what the paper fixes, "code" what its demonstration does, "chosen" what neither
    tells.
    """

    features: Literal["vgg19_imagenet", "rotation_net"] = Field(
        "vgg19_imagenet",
        description="Network whose deepest features are factorised: VGG-19 of ImageNet behind its "
        "last convolution, conv5_4 (paper), or a stand-in trained on the rotation of the images.",
    )
    images: int = Field(
        500,
        ge=1,
        description="Unlabelled images that are factorised together, drawn at random (chosen; the "
        "paper takes all images of sets of some dozens).",
    )
    iterations: int = Field(
        200, ge=1, description="Largest number of updates of the factorisation (code)."
    )
    rotation_steps: int = Field(
        600, ge=1, description="Updates of the rotation network; unused by the other (chosen)."
    )
    rotation_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Middle of the images on which the rotation network is trained, in image "
        "edges (chosen).",
    )

    def also_sees(self) -> tuple[str, ...]:
        """`imagenet weights`, where the network has them."""
        return ("imagenet weights",) if self.features == "vgg19_imagenet" else ()
