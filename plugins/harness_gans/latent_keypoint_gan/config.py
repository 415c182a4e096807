"""The configuration of LatentKeypointGAN: what the paper fixes, what it leaves open, its ablations.

No code of this method is public. "Later code" is GANSeg's, by the same authors, who say that it was
built upon this method; "choice" is ours where neither says anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from harness.contract import MethodConfig

#: More keypoints than this are refused: the style map has a vector for each.
MOST_KEYPOINTS = 64
#: Side in pixels of the learned start and of the first block.
START_SIDE = 4


class LatentKeypointGanConfig(MethodConfig):
    """Everything that `harness show method latent_keypoint_gan` prints."""

    # Keypoint generator: noise to places and embeddings.
    keypoints: int | None = Field(
        None,
        ge=1,
        le=MOST_KEYPOINTS,
        description="K; empty takes the suite's (paper: 10, in an ablation 6).",
    )
    noise_size: int = Field(256, ge=1, description="Values in each noise vector (later code).")
    embedding_size: int = Field(128, ge=1, description="Values in an embedding (later code).")
    hidden_size: int = Field(256, ge=1, description="Width of the noise networks (later code).")
    position_layers: int = Field(
        2,
        ge=1,
        description="Hidden layers of the position network (paper: three layers in all; later "
        "code: 4 hidden).",
    )
    appearance_layers: int = Field(
        2,
        ge=1,
        description="Hidden layers of the appearance and background networks (paper: three layers "
        "in all; later code: 3 hidden).",
    )
    position_gain: float = Field(
        0.05,
        gt=0,
        description="Start scale of the last position layer as a share of Kaiming's (paper App. "
        "B).",
    )
    position_divisor: float = Field(
        1.0,
        gt=0,
        description="Positions are tanh(output / divisor) (paper: 1; later code: 20 in place of "
        "the gain).",
    )
    layout_spread: float = Field(
        0.0,
        ge=0,
        description="Standard deviation, before tanh, of the fixed random places at which the "
        "keypoints start; 0 starts all of them at the image centre (paper).",
    )

    # Spatial embedding.
    tau: float = Field(
        0.01,
        gt=0,
        description="Width of the heatmaps exp(-d^2 / tau), in squared units of half an image side "
        "(paper: 0.01, on BBC Pose 0.025, in an ablation 0.002).",
    )
    grid: Literal["printed", "corners", "centres"] = Field(
        "printed",
        description="Coordinate of pixel i = 0...: 2 (i + 1) / H - 1 (paper eq. 2), outermost "
        "pixel centres at -1 and 1 (later code), or image borders there.",
    )
    separate_background: bool = Field(
        True,
        description="Give the background an embedding; false on Bedroom (paper table 2), which "
        "also drops its loss.",
    )

    # Image generator.
    image_channels: tuple[int, ...] = Field(
        (512, 512, 512, 512, 256, 128, 64, 32),
        min_length=1,
        description="Output channels of the blocks at 4, 8, 16 ... pixels; further ones are unused "
        "(paper 3.5, partly).",
    )
    block_convolutions: tuple[int, ...] = Field(
        (2, 2, 2, 2, 2, 2, 2, 2),
        min_length=1,
        description="Normalised convolutions of the blocks at 4, 8, 16 ... pixels; further ones "
        "are unused (choice).",
    )
    style_channels: int = Field(
        128, ge=1, description="Hidden channels of the normalisation (later code)."
    )
    style_head_kernel: Literal[1, 3] = Field(
        3, description="Kernel in pixels of the scale and shift convolutions (later code)."
    )
    upsampling: Literal["bilinear", "nearest"] = Field(
        "bilinear", description="How a block's output is doubled (paper 3.5: bilinear)."
    )
    colour_kernel: Literal[1, 3] = Field(
        1, description="Kernel in pixels of the convolutions to RGB (paper 3.5: 1)."
    )

    # Discriminator.
    discriminator: Literal["pairs", "residual"] = Field(
        "pairs",
        description="Pairs of a 4x4 convolution with stride 2 and a 3x3 one, which can grow (paper "
        "fig. 15), or residual blocks for a single stage.",
    )
    discriminator_channels: tuple[int, ...] = Field(
        (512, 512, 512, 512, 512, 256, 128, 64, 32),
        min_length=2,
        description="Channels of its maps at 2, 4, 8 ... pixels; further ones are unused (paper "
        "fig. 15).",
    )
    discriminator_depth: int = Field(
        2, ge=1, description="3x3 convolutions of a residual block; unused by pairs."
    )
    discriminator_hidden: int = Field(
        128, ge=1, description="Width of the last layer but one of residual blocks, as above."
    )
    batch_deviation: bool = Field(
        False,
        description="Show the last block how much the images of a batch differ (paper: no).",
    )
    spectral_norm: bool = Field(
        False,
        description="Ablation (paper fig. 3): divide the discriminator's weights by their largest "
        "singular values; goes with adversarial_loss = hinge and penalty_weight = 0.",
    )

    # Losses.
    adversarial_loss: Literal["logistic", "hinge"] = Field(
        "logistic", description="Non-saturating logistic loss (paper eq. 6, 7) or hinge (ablation)."
    )
    penalty: Literal["r1", "one_centred"] = Field(
        "r1",
        description="On real images: mean |g|^2 (Mescheder et al., 2018, cited at eq. 8) or mean "
        "(|g| - 1)^2 (later code).",
    )
    penalty_weight: float = Field(10.0, ge=0, description="Weight of the penalty (paper 3.7).")
    penalty_interval: int = Field(
        1,
        ge=1,
        description="Steps between penalties, whose weight stays as it is (choice; later code: "
        "16).",
    )
    background_weight: float = Field(
        100.0, ge=0, description="Weight of the background loss (paper eq. 11)."
    )
    background_norm: Literal["squared", "absolute"] = Field(
        "squared", description="Of the masked difference, averaged (eq. 9 prints none)."
    )
    background_pairs: int | None = Field(
        None,
        ge=1,
        description="Pairs within a generated batch that differ in the background alone; empty "
        "draws a second background for every image beside the batch (paper eq. 9).",
    )
    position_jitter: float = Field(
        0.0,
        ge=0,
        description="Not in the paper: standard deviation, before tanh, of moves that every "
        "keypoint makes by itself while the GAN learns.",
    )
    recovery_weight: float = Field(
        0.0,
        ge=0,
        description="Not in the paper: weight of the squared distance, in squared units of half an "
        "image side, at which a small network finds the keypoints again in generated images; makes "
        "single keypoints obey, together with position_jitter.",
    )

    # Training.
    stage_sides: tuple[int, ...] = Field(
        (64, 128),
        min_length=1,
        description="Sides in pixels of the growing stages, powers of two, each twice the one "
        "before; the last is the image's (paper 3.5: from 64 to 128, 256 or 512).",
    )
    stage_images: tuple[int, ...] = Field(
        (7_303_960, 14_607_920),
        min_length=1,
        description="Real images shown in every stage, adapting period included (choice).",
    )
    adapting_images: int = Field(
        7_303_960,
        ge=0,
        description="Real images shown while a new side is faded in (paper App. B: 40 epochs, here "
        "of 182,599 images).",
    )
    batch_sizes: tuple[int, ...] = Field(
        (128, 64), min_length=1, description="Images of a step in every stage (paper App. B)."
    )
    freeze_keypoints: bool = Field(
        True,
        description="Set the learning rate of the keypoint generator to 0 while a new side is "
        "faded in; false is an ablation (paper fig. 4).",
    )
    mix_real: bool = Field(
        False,
        description="Blur real images along with generated ones while a new side is faded in, as "
        "in progressive growing (paper: not said).",
    )
    generator_rate: float = Field(1e-4, gt=0, description="Learning rate of Adam (paper App. B).")
    position_rate_factor: float = Field(
        0.05,
        ge=0,
        description="Learning rate of the position network as a share of the generator's (paper "
        "App. B: 0.05, though it prints 0.00005).",
    )
    discriminator_rate: float = Field(
        4e-4, gt=0, description="Learning rate of Adam (paper App. B)."
    )
    betas: tuple[float, float] = Field(
        (0.5, 0.9), description="Of Adam, both networks (paper App. B)."
    )
    averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay per step of the averaged generator that is kept; 0 keeps the last "
        "(paper).",
    )
    shared_fakes: bool = Field(
        False,
        description="One generated batch serves both updates of a step; false draws anew (choice).",
    )
    smallest_crop: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Real images are cropped to a random square of this to all of their side "
        "(paper: 0.7 on CelebA-HQ and FFHQ).",
    )
    flip: bool = Field(False, description="Mirror half of the real images (paper: not said).")

    # Detector.
    detector: Literal["resnet", "unet"] = Field(
        "resnet",
        description="Network for real images: a ResNet with three transposed convolutions (paper "
        "3.6 cites Xiao et al., 2018), or a small U-Net.",
    )
    detector_depth: Literal[18, 50] = Field(
        50, description="Layers of the ResNet, which starts from random weights (paper: not said)."
    )
    detector_channels: int = Field(
        16, ge=1, description="Channels of the U-Net at full resolution; unused by the ResNet."
    )
    detector_loss: Literal["heatmap", "cross_entropy"] = Field(
        "heatmap",
        description="Mean squared error of heatmaps (paper 3.6), or cross-entropy between their "
        "softmax and the normalised heatmap plus the distance of the mean places.",
    )
    detector_point_weight: float = Field(
        10.0,
        ge=0,
        description="Weight of that distance, per coordinate in units of half an image side; "
        "unused by the heatmap loss.",
    )
    read_out: Literal["mean", "peak"] = Field(
        "mean",
        description="A keypoint is the mean place of its map, or its peak (paper: not said).",
    )
    detector_pairs: int = Field(
        200_000, ge=0, description="Generated pairs that the detector learns from (paper 4.5)."
    )
    detector_batch_size: int = Field(64, ge=2, description="Pairs of a step (choice).")
    detector_rate: float = Field(1e-3, gt=0, description="Learning rate of Adam (choice).")
    detector_decay: bool = Field(
        False, description="Let the detector's rate fall to 0 over the second half (choice)."
    )
    detector_jitter: float = Field(
        0.0,
        ge=0,
        description="Not in the paper: position_jitter of the pairs that the detector learns from.",
    )

    @model_validator(mode="after")
    def _stages_grow(self) -> Self:
        """Sides are powers of two that double, and everything is given for each of them."""
        sides = self.stage_sides
        for side in sides:
            if side < 2 * START_SIDE or side & (side - 1):
                raise ValueError(
                    f"stage_sides {list(sides)}: {side} is no power of two from "
                    f"{2 * START_SIDE} on; the generator doubles from {START_SIDE} pixels"
                )
        for side, following in pairwise(sides):
            if following != 2 * side:
                raise ValueError(
                    f"stage_sides {list(sides)}: {following} is not {2 * side}; every stage "
                    "doubles the side"
                )
        self._require(stage_images=len(sides), batch_sizes=len(sides), exact=True)
        blocks = len(self.block_sides)
        self._require(image_channels=blocks, block_convolutions=blocks)
        self._require(discriminator_channels=blocks + (self.discriminator == "pairs"))
        if self.adapting_images > min(self.stage_images[1:], default=self.adapting_images):
            raise ValueError(
                f"adapting_images {self.adapting_images} is more than a later stage shows, see "
                f"stage_images {list(self.stage_images)}"
            )
        return self

    @model_validator(mode="after")
    def _choices_fit_together(self) -> Self:
        """The residual discriminator cannot grow, and pairs are at most half of a batch."""
        if self.discriminator == "residual" and len(self.stage_sides) > 1:
            raise ValueError(
                f"discriminator = residual cannot grow along stage_sides {list(self.stage_sides)}; "
                "use pairs or a single stage"
            )
        least = min(self.batch_sizes)
        if least < 2 or (self.background_pairs or 0) > least // 2:
            raise ValueError(
                f"background_pairs {self.background_pairs} does not fit batch_sizes "
                f"{list(self.batch_sizes)}: a batch has at least 2 images and at most half of them "
                "have a partner"
            )
        if min(self.block_convolutions) < 1 or min(self.image_channels) < 1:
            raise ValueError("every block has at least one convolution and one channel")
        return self

    @property
    def block_sides(self) -> tuple[int, ...]:
        """Sides in pixels of all blocks, from the first to the last stage's."""
        return tuple(
            2**power
            for power in range(START_SIDE.bit_length() - 1, self.stage_sides[-1].bit_length())
        )

    @property
    def has_background_loss(self) -> bool:
        """Whether pairs that differ in the background are drawn at all."""
        return self.separate_background and self.background_weight > 0

    def _require(self, *, exact: bool = False, **needed: int) -> None:
        for name, count in needed.items():
            given: Sequence[int] = getattr(self, name)
            if len(given) < count or (exact and len(given) > count):
                least = "" if exact else "at least "
                raise ValueError(
                    f"{name} has {len(given)} values, expected {least}{count} for stage_sides "
                    f"{list(self.stage_sides)}"
                )
