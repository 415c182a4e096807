"""The configuration of GANSeg: what the paper fixes, what its code fixes, and its ablations."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from harness.contract import MethodConfig


class GanSegConfig(MethodConfig):
    """Everything that `harness show method gan_seg` prints."""

    # Level 1: points, scales and embeddings.
    noise_size: int = Field(256, ge=1, description="Values in each noise vector (code).")
    embedding_size: int = Field(64, ge=1, description="Values in a part's embedding (paper B.4).")
    hidden_size: int = Field(256, ge=1, description="Width of the noise networks (code).")
    point_layers: int = Field(4, ge=1, description="Hidden layers of the point network (code).")
    appearance_layers: int = Field(
        3, ge=1, description="Hidden layers of the appearance and background networks (paper 3.1)."
    )
    points_per_part: int = Field(4, ge=2, description="Points of a part, n_per (paper 3.1).")
    point_divisor: float = Field(
        20.0, gt=0, description="Points are tanh(output / divisor); not in the paper (code)."
    )
    layout_spread: float = Field(
        0.0,
        ge=0,
        description="Standard deviation, before tanh, of the fixed random places at which the "
        "parts start; 0 starts all of them at the image centre (paper).",
    )
    heatmap: Literal["gaussian", "cone", "variance"] = Field(
        "gaussian",
        description="Part scale and map: eq. 1 and 4 (gaussian), mean absolute deviation and cone "
        "(released configurations), variance of the distances (the code's default).",
    )
    fixed_scale: float | None = Field(
        None,
        gt=0,
        description="Ablation (paper F.2): one squared scale for all parts, in units of half an "
        "image side, squared; empty learns it.",
    )
    use_points: bool = Field(
        True,
        description="Ablation (paper 4.6): false draws masks and foreground from learned constants "
        "and the mean embedding.",
    )
    separate_background: bool = Field(
        True, description="Ablation (paper 4.6): false makes the background one more part."
    )

    # Levels 2 and 3: masks, foreground, background.
    grid: Literal["corners", "centres"] = Field(
        "corners",
        description="Where -1 and 1 lie: outermost pixel centres (code) or image borders (paper "
        "eq. 12).",
    )
    margin_pixels: int = Field(
        10,
        ge=0,
        multiple_of=2,
        description="Pixels around the image at every resolution (paper 3.3).",
    )
    block_sides: tuple[int, ...] = Field(
        (32, 32, 64, 128),
        min_length=1,
        description="Side in pixels of every block; the last is the image's (paper B.4).",
    )
    block: Literal["residual", "single"] = Field(
        "residual",
        description="SPADE residual blocks (paper B.2), or one modulation and one convolution.",
    )
    upsampling: Literal["bilinear", "nearest"] = Field(
        "bilinear", description="How a block's output is doubled (code: bilinear)."
    )
    start_channels: int = Field(
        512, ge=2, multiple_of=2, description="Channels of the start tensors, half sine (code)."
    )
    mask_channels: int = Field(64, ge=1, description="Channels of the mask blocks (code).")
    image_channels: tuple[int, ...] = Field(
        (256, 128, 64, 64),
        description="Output channels of the foreground and background blocks (code).",
    )
    spade_channels: int = Field(128, ge=1, description="Hidden channels of SPADE (code).")
    spade_head_kernel: Literal[1, 3] = Field(
        3, description="Kernel in pixels of the scale and shift convolutions of SPADE (code)."
    )
    head: Literal["two_layer", "single"] = Field(
        "two_layer",
        description="Last convolutions: two 3x3 (paper 3.3) or one 1x1 (Flowers, code).",
    )
    background_position: Literal["both", "horizontal"] = Field(
        "both",
        description="Random components of the background's place (paper: both but on Tai-Chi; "
        "code: horizontal for all).",
    )
    background_logit: float = Field(
        0.0, description="Start value of the background's logit; 0 starts all parts equal (paper)."
    )

    # Discriminator.
    discriminator_channels: tuple[int, ...] = Field(
        (64, 128, 256, 512, 512, 512), min_length=1, description="Channels of its blocks (code)."
    )
    discriminator_convolutions: int = Field(
        3, ge=1, description="3x3 convolutions of a block, the last with stride 2 (code)."
    )
    discriminator_hidden: int = Field(512, ge=1, description="Width of its last layers (code).")

    # Losses.
    concentration_weight: float = Field(
        10.0, ge=0, description="Weight of eq. 16; 30 on Tai-Chi and Flowers (paper table 4)."
    )
    concentration_per_part: float | None = Field(
        None,
        gt=0,
        description="C_con: the weight is C_con K (paper eq. 26); empty uses the weight above.",
    )
    concentration_reduction: Literal["sum", "mean"] = Field(
        "sum", description="Over parts: sum (eq. 16) or mean (code)."
    )
    area_weight: float = Field(1.0, ge=0, description="Weight of eq. 17 (paper table 4).")
    area_target: Literal["heatmap", "disc"] = Field(
        "heatmap",
        description="A part's least area: its heatmap's sum (eq. 17) or pi r^2 of the mean "
        "absolute deviation r (code).",
    )
    regulariser_interval: int = Field(
        1, ge=1, description="Concentration and area count every so many steps (code: 2)."
    )
    penalty: Literal["r1", "one_centred"] = Field(
        "r1",
        description="On real images: mean |g|^2 (Mescheder et al., 2018, cited at eq. 15) or mean "
        "(|g| - 1)^2 (code).",
    )
    penalty_weight: float = Field(10.0, ge=0, description="Weight of the penalty (paper B.4).")
    penalty_interval: int = Field(
        1, ge=1, description="Steps between penalties, whose weight stays as it is (code: 16)."
    )

    # Training.
    batch_size: int = Field(64, ge=2, description="Images of a step (paper B.4).")
    steps: int = Field(30_000, ge=0, description="Generator updates (paper B.4).")
    generator_rate: float = Field(1e-4, gt=0, description="Learning rate of Adam (paper B.4).")
    discriminator_rate: float = Field(4e-4, gt=0, description="Learning rate of Adam (paper B.4).")
    betas: tuple[float, float] = Field((0.5, 0.9), description="Of Adam, both networks (code).")
    averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay per step of the averaged generator that is kept; 0 keeps the last "
        "(paper).",
    )
    shared_fakes: bool = Field(
        False,
        description="One generated batch serves both updates of a step; false draws anew (code).",
    )
    augmentation: Literal["none", "flip", "flip_crop"] = Field(
        "flip",
        description="Of real images: mirror half of them; with crops of scale .9 to 1 and ratio "
        ".9 to 1.1 on CUB and Flowers (code).",
    )

    # Segmenter.
    segmenter: Literal["deeplab_v3", "unet"] = Field(
        "deeplab_v3", description="Network for real images (paper 3: DeepLab V3, ResNet-50)."
    )
    segmenter_channels: int = Field(
        24, ge=1, description="Channels of the U-Net at full resolution; unused by DeepLab."
    )
    backbone_init: Literal["random", "imagenet"] = Field(
        "random",
        description="Start of DeepLab's ResNet-50 (paper: not stated; code: imagenet by default of "
        "its library).",
    )
    segmenter_steps: int = Field(10_000, ge=0, description="Updates of the segmenter (paper B.4).")
    segmenter_batch_size: int = Field(64, ge=2, description="Generated pairs of a step (code).")
    segmenter_rate: float = Field(3e-4, gt=0, description="Learning rate of Adam (paper B.4).")

    segmenter_decay: bool = Field(
        False,
        description="Let the segmenter's rate fall to 0 over the second half (paper: constant).",
    )

    @model_validator(mode="after")
    def _blocks_fit_together(self) -> Self:
        """Sides stay or double from block to block, and every block has its channels."""
        for side, following in zip(self.block_sides, self.block_sides[1:], strict=False):
            if following not in (side, 2 * side):
                raise ValueError(
                    f"block_sides {list(self.block_sides)}: {following} is not {side} "
                    f"or {2 * side}; a side stays or doubles"
                )
        if len(self.image_channels) != len(self.block_sides):
            raise ValueError(
                f"image_channels has {len(self.image_channels)} values, expected one for each of "
                f"the {len(self.block_sides)} block_sides"
            )
        return self

    @override
    def also_sees(self) -> tuple[str, ...]:
        """ImageNet weights, where DeepLab's backbone starts from them."""
        uses_them = self.segmenter == "deeplab_v3" and self.backbone_init == "imagenet"
        return ("imagenet weights",) if uses_them else ()

    def concentration(self, parts: int) -> float:
        """The weight of the concentration loss for K = `parts` (paper eq. 26)."""
        if self.concentration_per_part is None:
            return self.concentration_weight
        return self.concentration_per_part * parts
