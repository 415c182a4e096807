"""Settings of the toy things; the last classes leave one without a description."""

from __future__ import annotations

from pydantic import Field

from harness.contract import MethodConfig, Options


class Config(MethodConfig):
    """Settings of the toy methods."""

    image_size: int | None = Field(default=16, ge=8, le=64, description="Side in pixels.")
    steps: int = Field(default=4, ge=0, description="Training steps.")
    rate: float = Field(default=0.01, gt=0, description="Adam's step size.")


class BareConfig(Config):
    """One field says nothing."""

    bare: int = 1


class NoOptions(Options):
    """For things without settings."""


class BareOptions(Options):
    """One field says nothing."""

    bare: int = 1
