"""The configuration of IMM: what the paper fixes, what its code fixes, and what is chosen."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from harness.contract import MethodConfig


class ImmConfig(MethodConfig):
    """Everything that `harness show method imm` prints."""

    later_settings: ClassVar[tuple[str, ...]] = (
        "bottleneck",
        "adversarial_weight",
        "discriminator_filters",
        "discriminator_rate",
    )

    # Networks.
    filters: int = Field(
        32,
        ge=1,
        description="Channels of the first block; doubled in every further one (paper 4.1).",
    )
    map_size: int = Field(
        16, ge=4, description="Side in pixels of the score maps and of the bottleneck (paper 4.1)."
    )
    first_kernel: Literal[3, 5, 7] = Field(
        7, description="Kernel in pixels of an encoder's first convolution (code)."
    )
    context_blocks: int = Field(
        0,
        ge=0,
        le=3,
        description="Further halvings below the score maps, added back to them, which widen what a "
        "keypoint sees (not in the paper).",
    )
    upsampling: Literal["bilinear", "nearest"] = Field(
        "bilinear", description="How the renderer doubles its maps (code: bilinear)."
    )
    output_channels: int = Field(
        3, ge=3, description="Of the renderer; all but three are unused (released code: 9)."
    )
    output_scale: float = Field(
        1.0, gt=0, description="Grey levels of one unit of the renderer's output (code: 1)."
    )
    output_offset: float = Field(
        0.0, description="Grey level at which the renderer's output is zero (code: 0)."
    )
    norm_momentum: float = Field(
        0.01, gt=0, le=1, description="Share of the present batch in the running statistics (code)."
    )
    norm_epsilon: float = Field(1e-3, gt=0, description="Added to the batch variance (code).")
    initial_weights: Literal["normal", "truncated", "kaiming"] = Field(
        "normal",
        description="Start of the convolutions: normal with deviation 0.01 (paper 4.1), cut at two "
        "deviations (code), or Kaiming normal.",
    )

    # Bottleneck.
    bottleneck: Literal["heatmaps", "vector"] = Field(
        "heatmaps",
        description="What is kept of the target: a heatmap for each keypoint (paper 3.1), or, for "
        "Table 2 (d = 2 K), a fully connected layer's 2 K numbers, read as K points. The paper "
        "says no more; chosen: no activation, as in a plain autoencoder, and a second such layer "
        "from the numbers to K maps in place of the heatmaps, so that the renderer is the same.",
    )
    marginals: Literal["sum", "mean"] = Field(
        "sum",
        description="Of the scores over the other axis, before the softmax (paper; code: mean).",
    )
    sigma: float = Field(
        0.1, gt=0, description="Width of the redrawn keypoints, in half image edges (code)."
    )
    halved_exponent: bool = Field(
        True, description="exp(-d^2 / 2 sigma^2) (paper eq. 2); false leaves out the 2 (code)."
    )

    # Pairs.
    pairs: Literal["independent", "composed", "clips"] = Field(
        "independent",
        description="Two warps of one image (paper 4.2), the source as a warp of the target "
        "(code), or two frames of one clip (paper 4.2, for datasets with clips).",
    )
    outside: Literal["zeros", "reflection"] = Field(
        "zeros",
        description="What a warped image shows beyond the image: black (code), or the image "
        "mirrored, so that the source's border does not tell how it was warped.",
    )
    target_rotation: float = Field(
        0.0, ge=0, description="Of the target's warp: deviation of its angle, in degrees (code: 0)."
    )
    target_scale: float = Field(
        0.0, ge=0, description="Of the target's warp: deviation of its scale (code: 0)."
    )
    target_translation: float = Field(
        0.1, ge=0, description="Of the target's warp: deviation of its shift, in half image edges."
    )
    target_spline: float = Field(
        0.005,
        ge=0,
        description="Of the target's warp: deviation of the extra spline weights (code).",
    )
    source_rotation: float = Field(
        5.0, ge=0, description="Of the source's warp: deviation of its angle, in degrees (code)."
    )
    source_scale: float = Field(
        0.1, ge=0, description="Of the source's warp: deviation of its scale (code)."
    )
    source_translation: float = Field(
        0.1, ge=0, description="Of the source's warp: deviation of its shift, in half image edges."
    )
    source_spline: float = Field(
        0.01,
        ge=0,
        description="Of the source's warp: deviation of the extra spline weights (code).",
    )
    base_spline: float = Field(
        0.001, ge=0, description="Deviation of the spline weights of every warp (code)."
    )
    spline_grid: int = Field(
        10, ge=2, description="Control points of a warp's spline along each axis (code)."
    )
    control_displacement: float = Field(
        0.0,
        ge=0,
        description="Above 0, every warp's spline moves its control points by this deviation, in "
        "image edges, in place of the code's spline weights, which leave the image's middle still.",
    )
    clip_gap: tuple[int, int] = Field(
        (1, 1_000_000),
        description="Least and most frames between the two of a pair from a clip (paper 4.3: 3 to "
        "30 on Human3.6M, any on faces).",
    )
    clip_mirroring: float = Field(
        0.0, ge=0, le=1, description="Share of pairs from clips that are mirrored (code: 0.5)."
    )

    # Loss.
    perceptual: Literal["vgg19_imagenet", "vgg16_colour", "rotation_net", "pixels"] = Field(
        "vgg19_imagenet",
        description="Network of the perceptual loss: VGG-19 of ImageNet or VGG-16 of colourisation "
        "(paper 3.2), a stand-in trained on the rotation of the images, or none.",
    )
    perceptual_power: Literal[1, 2] = Field(
        2,
        description="Squared differences of features (paper 3.2, released settings) or absolute "
        "ones (an option of the code).",
    )
    perceptual_rate: float = Field(
        0.01, gt=0, le=1, description="Share of the batch in the layers' running means (code)."
    )
    perceptual_start: tuple[float, ...] | None = Field(
        None,
        description="Start of the layers' running means, the image first; empty takes the first "
        "batch's (code: 100, 1.6, 2.3, 1.8, 2.8, 100).",
    )
    rotation_steps: int = Field(
        400, ge=1, description="Updates of the rotation network; unused by the others."
    )
    rotation_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Middle of the images on which the rotation network is trained, in image "
        "edges; below 1 its features know more of what is inside of the object.",
    )
    loss_scale: float = Field(1.0, gt=0, description="Factor of the whole loss (code: 1000).")
    adversarial_weight: float = Field(
        0.0,
        ge=0,
        description="Of an adversarial term beside the reconstruction, each of whose layers counts "
        "about 1 (paper Table 2, which gives no weight; 0.1 is near pix2pix, where 100 times an L1 "
        "of about 0.1 stands beside the term). 0 leaves it out.",
    )
    discriminator_filters: int = Field(
        64,
        ge=1,
        description="Channels of the discriminator's first layer (not in the paper; pix2pix, which "
        "it follows there, has 64).",
    )
    discriminator_rate: float = Field(
        2e-4, gt=0, description="Of the discriminator's Adam (not in the paper; pix2pix: 2e-4)."
    )
    mask_off: float = Field(
        10 / 128, ge=0, lt=0.5, description="Border without loss, in image edges (paper app. 2)."
    )
    mask_rise: float = Field(
        20 / 128,
        ge=0,
        lt=0.5,
        description="Smooth step behind that border, in image edges (paper app. 2).",
    )

    # Training.
    batch_size: int = Field(50, ge=2, description="Pairs of a step (code).")
    steps: int = Field(200_000, ge=0, description="Updates; the paper gives none (chosen).")
    learning_rate: float = Field(1e-2, gt=0, description="Of Adam (paper 4.1; code: 1e-3).")
    schedule: Literal["plateau", "staircase", "linear"] = Field(
        "plateau",
        description="Divide by 10 when the error stops falling (paper 4.1), times 0.95 every "
        "100,000 steps (code), or fall to 0 over the second half.",
    )
    weight_decay: float = Field(
        5e-4, ge=0, description="Of the convolutions' weights, as half a squared sum (paper 4.1)."
    )
    gradient_bound: Literal["global", "tensor", "none"] = Field(
        "global", description="Cut gradients to norm 1: all together (paper), each tensor (code)."
    )
    averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay per step of the averaged weights; 0 keeps the last (paper).",
    )

    @model_validator(mode="after")
    def _values_fit_together(self) -> Self:
        """The mask leaves something inside, and the frames of a pair are apart."""
        if self.mask_off + self.mask_rise >= 0.5:
            border = self.mask_off + self.mask_rise
            raise ValueError(f"mask_off + mask_rise is {border:.3f}, expected less than 0.5")
        least, most = self.clip_gap
        if not 1 <= least <= most:
            raise ValueError(f"clip_gap is [{least}, {most}], expected 1 <= least <= most")
        return self

    @override
    def also_sees(self) -> tuple[str, ...]:
        """Video with pairs from clips, ImageNet weights with VGG-19."""
        seen = {"video": self.pairs == "clips"}
        seen["imagenet weights"] = self.perceptual == "vgg19_imagenet"
        return tuple(name for name, used in seen.items() if used)
