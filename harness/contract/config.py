"""The base of every configuration that a preset file or `--set` can fill."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """A frozen pydantic model that refuses unknown keys; base of options and parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MethodConfig(Options):
    """Base of a method's configuration.

    Every field carries a description with unit and source: `harness show method` prints it.
    """

    image_size: int | None = Field(
        default=None,
        ge=8,
        le=2048,
        description="Side in pixels at which the method trains and predicts; "
        "empty means the suite's size. The harness resizes for it.",
    )
