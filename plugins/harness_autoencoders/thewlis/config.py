"""The configuration of factorised spatial embeddings: what the paper fixes, what is chosen."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.contract import MethodConfig


class ThewlisConfig(MethodConfig):
    """Everything that `harness show method thewlis` prints.

    "Paper" marks what the paper fixes, "re-implementations" what public ones agree on, "chosen"
    what neither tells.
    """

    # Network.
    filters: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (20, 48, 64, 80, 256),
        min_length=1,
        description="Channels of the convolutions before the last, which has K (paper).",
    )
    kernels: tuple[Literal[1, 3, 5, 7], ...] = Field(
        (5, 3, 3, 3, 3, 1),
        description="Kernels in pixels, the last convolution's included (paper: the first is 5, "
        "the last 1; the others chosen).",
    )
    halvings: int = Field(
        1, ge=0, description="Maxima over 2 x 2 pixels, one behind each first convolution (paper)."
    )
    context_blocks: int = Field(
        0,
        ge=0,
        le=4,
        description="Further halvings below the score maps, added back to them, which widen what a "
        "landmark sees (not in the paper).",
    )
    norm_momentum: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Share of the present batch in the running statistics (re-implementation).",
    )

    # Pairs.
    pairs: Literal["one", "both"] = Field(
        "both",
        description="Whether one image of a pair is warped, so that the other looks like those of "
        "the test, or both, so that neither can be told from the other by its blur (chosen).",
    )
    margin_pixels: int = Field(
        10,
        ge=0,
        description="Cut from every side of the images of a pair, so that few warps show what lies "
        "outside of the image (paper: the central 80 of 100 pixels).",
    )
    warp_rotation: float = Field(10.0, ge=0, description="Deviation in degrees (chosen).")
    warp_log_scale: float = Field(
        0.1, ge=0, description="Deviation of the scale's natural logarithm (chosen)."
    )
    warp_translation: float = Field(
        0.05, ge=0, description="Largest shift along an axis, in image edges (chosen)."
    )
    warp_grid: int = Field(
        5, ge=2, description="Control points of the spline along each axis (re-implementation)."
    )
    warp_displacement: float = Field(
        0.02, ge=0, description="Deviation of a control point, in image edges (chosen)."
    )

    # Losses.
    alignment_weight: float = Field(
        1.0, ge=0, description="Of the alignment, in squared pixels of the map (paper)."
    )
    diversity_weight: float = Field(
        500.0, ge=0, description="Of the diversity of both images (re-implementations: 500, 100)."
    )
    diversity_window: int = Field(
        5,
        ge=1,
        description="m, side in map pixels within which landmarks compete (re-implementations: 4, "
        "5).",
    )
    diversity_pooling: Literal["blocks", "sliding"] = Field(
        "blocks",
        description="Sums over neighbouring windows (paper), or means over all windows "
        "(re-implementation).",
    )

    # Training.
    batch_size: int = Field(32, ge=2, description="Pairs of a step (re-implementations).")
    steps: int = Field(100_000, ge=0, description="Updates (chosen).")
    learning_rate: float = Field(1e-4, gt=0, description="Of Adam (re-implementations).")
    schedule: Literal["constant", "linear"] = Field(
        "constant", description="Of the learning rate; linear falls to 0 over the second half."
    )
    weight_decay: float = Field(
        5e-4, ge=0, description="Half a squared sum of the convolutions' weights (paper)."
    )
    averaging: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay per step of the averaged weights; 0 keeps the last (paper).",
    )

    @model_validator(mode="after")
    def _layers_fit_together(self) -> Self:
        """One kernel for every convolution, and no more halvings than convolutions."""
        if len(self.kernels) != len(self.filters) + 1:
            raise ValueError(
                f"kernels has {len(self.kernels)} entries, expected {len(self.filters) + 1}: one "
                "for each of the filters and one for the last convolution"
            )
        if self.halvings > len(self.filters):
            raise ValueError(
                f"halvings is {self.halvings}, but filters has only {len(self.filters)} entries"
            )
        return self
