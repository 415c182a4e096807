"""The configuration of ProgressiveGAN: its paper's, and what a small version changes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from harness.contract import MethodConfig
from harness_gans.widths import widths

#: The method's name, for messages.
OWNER = "progressive_gan"


class ProgressiveGanConfig(MethodConfig):
    """Everything that `harness show method progressive_gan` prints; defaults are the paper's."""

    file_settings = ("weights_file",)

    # Networks.
    noise_size: int = Field(512, ge=1, description="Values of z (paper: 512).")
    channel_base: int = Field(
        16384,
        ge=1,
        description="A map of side S has channel_base / S channels, in both networks (paper: "
        "16384).",
    )
    channel_most: int = Field(512, ge=1, description="But no more than these (paper: 512).")
    deviation_group: int = Field(
        4, ge=1, description="Images among which the minibatch deviation is taken (code: 4)."
    )

    # Losses.
    penalty_weight: float = Field(
        10.0,
        ge=0,
        description="Weight of the penalty (|g| - 1)^2 on the critic's slope between real and "
        "generated images (paper: 10).",
    )
    drift_weight: float = Field(
        0.001, ge=0, description="Weight of the critic's squared value at real images (paper)."
    )

    # Training.
    start_side: int = Field(
        4,
        ge=4,
        description="Side in pixels of the first stage (paper: 4); the image's trains all layers "
        "at once, which is no progressive growing.",
    )
    stable_images: int = Field(
        600_000, ge=1, description="Real images shown once a side is there (paper: 600,000)."
    )
    fading_images: int = Field(
        600_000,
        ge=0,
        description="Real images shown while a new side is faded in (paper: 600,000).",
    )
    images: int = Field(
        12_000_000,
        ge=0,
        description="Real images shown in all, of which the last side gets what is left; 0 trains "
        "nothing (code: 12 M).",
    )
    batch_sizes: tuple[int, ...] = Field(
        (128, 128, 128, 64, 32, 16, 8, 4, 4),
        min_length=1,
        description="Images of a step at 4, 8, 16 ... pixels; further ones are unused (code, one "
        "GPU).",
    )
    rate: float = Field(1e-3, gt=0, description="Learning rate of Adam (paper: 0.001).")
    betas: tuple[float, float] = Field((0.0, 0.99), description="Of Adam (paper: 0, 0.99).")
    averaging: float = Field(
        0.999,
        ge=0,
        lt=1,
        description="Decay per step of the averaged generator that is kept (paper: 0.999).",
    )
    flip: bool = Field(
        False, description="Mirror half of the real images (code: faces of CelebA-HQ only)."
    )
    weights_file: str | None = Field(
        None,
        description="File of a published generator, by its path or its name in torch's folder of "
        "downloaded weights: `.safetensors` or a state dict of tensors, in the layout of the "
        "PyTorch port in genforce/interfacegan; needs images = 0.",
    )

    @model_validator(mode="after")
    def _nothing_is_grown_upon_a_file(self) -> Self:
        """A file has colours of the largest side alone, so that training cannot start below."""
        if self.weights_file is not None and self.images > 0:
            raise ValueError("weights_file is given, which needs images = 0: nothing to train")
        return self

    @model_validator(mode="after")
    def _groups_fit(self) -> Self:
        """Every batch is a multiple of the group, or smaller."""
        for batch in self.batch_sizes:
            if batch < 2 or batch % min(self.deviation_group, batch):
                raise ValueError(
                    f"batch_sizes {list(self.batch_sizes)}: {batch} is below 2 or no multiple of "
                    f"deviation_group {self.deviation_group}"
                )
        return self

    def channels(self, image_size: int) -> list[int]:
        """Channels of the maps at 4, 8, 16 ... pixels.

        Raises:
            ConfigError: the side is no power of two from 8 on, or a map would have no channel.
        """
        return widths(image_size, self.channel_base, self.channel_most, OWNER)
