"""Options, configuration and parameters of the toy plugin."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import MethodConfig, Options


class ToyData(Options):
    images: int = Field(default=6, ge=0, description="Images of every split.")
    regress_images: int = Field(default=6, ge=0, description="Images of the split `labelled`.")
    seed: int = Field(default=0, description="Of the pixels.")
    flaw: Literal["", "shared_id", "shared_image", "broken"] = Field(
        default="", description="What is wrong with the data."
    )


class ToyConfig(MethodConfig):
    steps: int = Field(default=4, ge=0, description="Training steps.")
    rate: float = Field(default=0.05, gt=0, description="Learning rate.")
    fail: Literal["", "crash", "user", "diverge", "points", "die", "follower"] = Field(
        default="", description="How the method fails."
    )


class ToyEditingConfig(ToyConfig):
    file_settings = ("weights_file",)

    weights_file: str | None = Field(default=None, description="A file that nobody reads.")


class NoConfig(MethodConfig):
    pass


class NoParams(Options):
    pass


class SpreadParams(Options):
    scale: float = Field(default=1.0, description="Factor of the score.")


class CrashParams(Options):
    crash: bool = Field(default=False, description="Whether the metric raises.")
