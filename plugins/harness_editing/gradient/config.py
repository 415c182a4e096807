"""The configuration of the plain optimisation of latents."""

from __future__ import annotations

from pydantic import Field

from harness.contract import MethodConfig

#: The method's name, for messages.
OWNER = "gradient"


class GradientConfig(MethodConfig):
    """Everything that `harness show method gradient` prints; the idea has no recipe of its own."""

    steps: int = Field(
        40,
        ge=1,
        description="Most steps, which is strength 1 (as sgf: both look at as many images).",
    )
    rate: float = Field(
        0.05,
        gt=0,
        description="Learning rate of Adam, in standard deviations of a latent's values; a value "
        "moves by about this a step.",
    )
    hold: bool = Field(
        True,
        description="Count the distance of all conditions, the others from where they were at the "
        "start; false counts the wanted ones alone.",
    )
