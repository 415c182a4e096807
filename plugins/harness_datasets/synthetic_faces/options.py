"""Options of `synthetic_faces`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options


class SyntheticFacesOptions(Options):
    """Which faces; changing a count adds or removes faces at a split's end, the others stay."""

    difficulty: Literal["aligned", "mid", "wild"] = Field(
        default="mid", description="How much heads differ in place, size, rotation and turn."
    )
    seed: int = Field(default=0, ge=0, description="Which endless series of faces.")
    fit: int = Field(default=20_000, ge=1, description="Images of the split fit.")
    regress: int = Field(default=2_000, ge=1, description="Images of the split regress.")
    test: int = Field(default=1_000, ge=1, description="Images of the split test.")
