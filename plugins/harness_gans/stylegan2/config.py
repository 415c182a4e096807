"""The configuration of StyleGAN2: its paper's, and what a small version changes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from harness.contract import MethodConfig
from harness_gans.widths import widths

#: The method's name, for messages.
OWNER = "stylegan2"


class StyleGan2Config(MethodConfig):
    """Everything that `harness show method stylegan2` prints; defaults are configuration F."""

    file_settings = ("weights_file",)

    # Generator.
    noise_size: int = Field(512, ge=1, description="Values of z (paper: 512).")
    style_size: int = Field(512, ge=1, description="Values of w (paper: 512).")
    mapping_layers: int = Field(8, ge=1, description="Layers from z to w (paper: 8).")
    channel_base: int = Field(
        32768,
        ge=1,
        description="A map of side S has channel_base / S channels (paper: 32768; its "
        "configuration E: 16384).",
    )
    channel_most: int = Field(512, ge=1, description="But no more than these (paper: 512).")
    noise: bool = Field(True, description="Add noise to every styled layer (paper: yes).")

    # Discriminator.
    discriminator_base: int = Field(
        32768, ge=1, description="Its channel_base (paper: the generator's)."
    )
    discriminator_most: int = Field(512, ge=1, description="Its channel_most (paper: 512).")
    deviation_group: int = Field(
        4,
        ge=1,
        description="Images among which the minibatch deviation is taken (paper: 4).",
    )

    # Losses.
    r1_weight: float = Field(
        10.0,
        ge=0,
        description="Gamma; the penalty on the discriminator's slope at real images is gamma / 2 "
        "|g|^2 (paper: 10 at 1024 px).",
    )
    r1_interval: int = Field(
        16, ge=1, description="Steps between two of these penalties, times which one counts."
    )
    path_weight: float = Field(
        2.0, ge=0, description="Weight of the path length penalty (paper: 2); 0 leaves it out."
    )
    path_interval: int = Field(
        4, ge=1, description="Steps between two of these penalties, times which one counts."
    )
    path_decay: float = Field(
        0.99, ge=0, lt=1, description="Of the mean path length, for each penalty (paper: 0.99)."
    )
    path_shrink: int = Field(
        2, ge=1, description="That penalty takes a batch's size divided by this (paper: 2)."
    )
    mixing: float = Field(
        0.9,
        ge=0,
        le=1,
        description="Share of images whose later layers get another w (paper: 0.9).",
    )

    # Training.
    images: int = Field(
        25_000_000, ge=0, description="Real images shown in all; 0 trains nothing (paper: 25 M)."
    )
    batch_size: int = Field(32, ge=2, description="Images of a step (paper: 32).")
    rate: float = Field(
        2e-3, gt=0, description="Learning rate of Adam, both networks (paper: 0.002)."
    )
    betas: tuple[float, float] = Field((0.0, 0.99), description="Of Adam (paper: 0, 0.99).")
    averaging_half_life: float = Field(
        10_000.0,
        gt=0,
        description="Real images after which an old generator counts half in the average that is "
        "kept (paper: 10,000).",
    )
    averaging_ramp: float = Field(
        0.0,
        ge=0,
        description="But at most this share of the images shown so far; 0 for no such limit "
        "(paper; the code with adaptive augmentation: 0.05).",
    )
    shared_fakes: bool = Field(
        False,
        description="One generated batch serves both updates of a step; false draws anew (paper).",
    )
    flip: bool = Field(False, description="Mirror half of the real images (paper: FFHQ only).")

    # Drawing.
    truncation: float = Field(
        1.0,
        ge=0,
        description="Psi of sampled images: w becomes mean + psi (w - mean) (paper: 1 where images "
        "are scored, 0.5 in its figures).",
    )
    truncation_layers: int | None = Field(
        None, ge=1, description="Truncate w of the first so many layers; empty truncates all."
    )
    weights_file: str | None = Field(
        None,
        description="File of a published generator, by its path or its name in torch's folder of "
        "downloaded weights: `.safetensors` or a state dict of tensors, in the layout of the "
        "PyTorch port by rosinality; training goes on from it.",
    )

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        """A batch is a multiple of the group, or smaller."""
        if self.batch_size % min(self.deviation_group, self.batch_size):
            raise ValueError(
                f"batch_size {self.batch_size} is no multiple of deviation_group "
                f"{self.deviation_group}"
            )
        return self

    def channels(self, image_size: int) -> list[int]:
        """Channels of the generator's maps at 4, 8, 16 ... pixels."""
        return widths(image_size, self.channel_base, self.channel_most, OWNER)

    def discriminator_channels(self, image_size: int) -> list[int]:
        """Channels of the discriminator's maps at 4, 8, 16 ... pixels."""
        return widths(image_size, self.discriminator_base, self.discriminator_most, OWNER)
