"""Options of `zappos_shoes`, and what a person has to fetch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from harness.contract import Options

HOME = "https://vision.cs.utexas.edu/projects/finegrained/utzap50k/"

LICENCE = "non-commercial research only; the photos belong to Zappos"

#: The archive `ut-zap50k-images.zip` unpacked, or as it is.
LAYOUT = """\
zappos_shoes/
  ut-zap50k-images/CATEGORY/SUBCATEGORY/BRAND/ID.jpg    (136 x 102 px; or ut-zap50k-images.zip)
"""


class ZapposShoesOptions(Options):
    """How a catalogue photo becomes a square."""

    inner: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Share of the square's side that the photo takes, in the centre of a white "
        "border (lmdis-rep: 64 of 80 px).",
    )
    shape: Literal["squeeze", "keep"] = Field(
        default="squeeze",
        description="'squeeze': the photo fills the inner square (lmdis-rep); 'keep': its long "
        "side does, and its shape stays.",
    )
    low: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="What black becomes, as a share of full brightness (lmdis-rep: 0.1, so that a "
        "sigmoid output is not saturated).",
    )
    high: float = Field(
        default=0.9,
        gt=0,
        le=1,
        description="What white becomes, border included (lmdis-rep: 0.9).",
    )

    @model_validator(mode="after")
    def _ordered(self) -> ZapposShoesOptions:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self
