"""Everything that can be set; imports no torch, because `harness show` reads it."""

from __future__ import annotations

from pydantic import Field

from harness.contract import MethodConfig, Options


class ToyConfig(MethodConfig):
    """Settings of the toy methods."""

    steps: int = Field(default=60, ge=0, description="Training steps.")
    batch_size: int = Field(default=8, ge=1, description="Images a step.")
    learning_rate: float = Field(default=0.05, gt=0, description="Adam's step size.")
    pause_seconds: float = Field(default=0.0, ge=0, description="Sleep in every step, seconds.")


class ToyBorderParams(Options):
    """Parameters of `toy_border_share`."""

    width: int = Field(default=1, ge=1, description="Width of the border in pixels.")


class ToyDiscsOptions(Options):
    """Options of `toy_discs`."""

    images: int = Field(default=48, ge=1, description="Images a split.")
    seed: int = Field(default=0, ge=0, description="Which discs.")
