"""The configurations of the editors that move latents along directions."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.contract import MethodConfig

#: Least latents of a block of the incremental PCA, and how many for each component (the code's).
BLOCK_LEAST, BLOCK_PER_COMPONENT = 2000, 3


class DirectionConfig(MethodConfig):
    """What all of them can be told."""

    cap: float = Field(
        1.5,
        gt=0,
        description="Length of the longest edit (strength 1), in units of R, the mean distance of "
        "latents from their mean (no paper states one; beyond about 1.5 R images break).",
    )


class RandomDirectionConfig(DirectionConfig):
    """Everything that `harness show method random_direction` prints."""


class GuidedConfig(DirectionConfig):
    """What those can be told that look at the guide."""

    batch_size: int = Field(
        256,
        ge=1,
        description="Images that are drawn and answered at once; no result depends on it.",
    )


class InterFaceGanConfig(GuidedConfig):
    """Everything that `harness show method interfacegan` prints; defaults are the comparison's.

    The comparison is that of SGF (Li, Jin, Zhu 2021), which gives every editor 200,000 latents.
    """

    latents: int = Field(
        200_000,
        ge=4,
        description="Latents that are drawn, and whose images the guide answers (SGF's comparison: "
        "200,000; InterFaceGAN's paper: 500,000).",
    )
    extremes: float = Field(
        0.02,
        gt=0,
        le=0.5,
        description="Share of them with the highest answers that are positive examples of an "
        "attribute, and with the lowest that are negative ones (paper, code: 0.02).",
    )
    extremes_least: int = Field(
        50,
        ge=2,
        description="But at least so many of each (own choice: a small share of few is too few).",
    )
    training_share: float = Field(
        0.7,
        gt=0,
        lt=1,
        description="Of the examples; the rest is for validation (code: 0.7).",
    )
    penalty: float = Field(
        1.0, gt=0, description="C of the support vector machine (code: scikit-learn's 1)."
    )
    conditions: int = Field(
        0,
        ge=0,
        description="How many other attributes a direction is made orthogonal to: those whose "
        "boundaries are most alike, by absolute cosine (paper: conditional manipulation, the "
        "attributes chosen by hand; 0 leaves the boundaries as they are).",
    )

    @model_validator(mode="after")
    def _extremes_are_there(self) -> Self:
        """Both sides' examples are different latents."""
        if self.latents < 2 * self.extremes_least:
            raise ValueError(
                f"latents {self.latents} is below twice extremes_least {self.extremes_least}"
            )
        return self


class GanSpaceConfig(GuidedConfig):
    """Everything that `harness show method ganspace` prints; defaults are the notebooks'.

    In place of vectors and layers picked by hand, each attribute's are chosen automatically, which
    takes labels: the guide's answers to `labelled` images.
    """

    latents: int = Field(
        1_000_000,
        ge=2,
        description="Latents of the PCA, rounded down to whole blocks (notebooks: 1,000,000).",
    )
    draw_batch: int = Field(
        10_000,
        ge=1,
        description="Latents that are drawn at once; a block is as large or larger (notebooks: "
        "10,000).",
    )
    components: int = Field(80, ge=1, description="Principal components (code: 80).")
    candidates: int = Field(
        40, ge=1, description="The first so many components are tried (own choice)."
    )
    choice: Literal["effect", "correlation"] = Field(
        "effect",
        description="How an attribute's direction is chosen automatically: `effect` tries every "
        "candidate in every range of layers, and takes what changes the attribute most for its "
        "changes of the others; `correlation` takes the component that correlates most with the "
        "attribute, in all layers.",
    )
    labelled: int = Field(
        200,
        ge=3,
        description="Latents whose images the guide answers for the choice (own choice: 200).",
    )
    probe: float = Field(
        2.0,
        gt=0,
        description="How far `effect` moves them to both sides, in standard deviations of the "
        "component (figures of the code: mostly 2).",
    )
    effect_least: float = Field(
        0.2,
        ge=0,
        le=1,
        description="`effect` takes only what changes the attribute's mean answer by so much to a "
        "side; where nothing does, what changes it most (own choice).",
    )
    ranges: int = Field(
        3,
        ge=1,
        description="`effect` tries all layers, and so many runs of layers of about equal length "
        "(own choice: 3, coarse, middle and fine).",
    )

    @model_validator(mode="after")
    def _enough_latents_and_components(self) -> Self:
        """There is a block, and it holds enough for all components."""
        if self.candidates > self.components:
            raise ValueError(
                f"candidates {self.candidates} is above the number of components {self.components}"
            )
        if self.latents < self.block:
            raise ValueError(
                f"latents {self.latents} is below one block of the PCA, which has {self.block}"
            )
        return self

    @property
    def block(self) -> int:
        """Latents that the incremental PCA takes at once."""
        least = max(BLOCK_LEAST, BLOCK_PER_COMPONENT * self.components)
        return max(self.draw_batch, least)
