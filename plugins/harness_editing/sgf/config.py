"""The configuration of SGF: what its paper fixes, and what it leaves open.

The paper's section 4.3 names the parts of the auxiliary mapping F (linear layers with spectral
normalisation, AdaIN for the conditions, 15 layers in W and 6 in Z) and leaves their order, widths
and activations to a supplement; it gives no number of steps and no measure of "close to c_1"
(algorithm 1). "Choice" marks what is ours for that reason.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import MethodConfig

#: The method's name, for messages.
OWNER = "sgf"


class SgfConfig(MethodConfig):
    """Everything that `harness show method sgf` prints; defaults are the paper's for W."""

    # Auxiliary mapping F.
    blocks: int = Field(
        15,
        ge=1,
        description="Layers of F, each as wide as a latent (paper 4.3: 15 in W, where 6 let F "
        "ignore the conditions; 6 in Z).",
    )
    adain: Literal["feature", "sample"] = Field(
        "feature",
        description="What AdaIN draws from the conditions: a scale and a shift for each feature, "
        "or one of each for the whole sample (choice; paper 4.3 says AdaIN).",
    )
    normalise_first: bool = Field(
        True,
        description="Normalise in the first block too, which hides from F how long a latent is "
        "(choice).",
    )
    spectral_norm: bool = Field(
        True, description="Divide weights by their largest singular value (paper 3.2, 4.3: yes)."
    )
    style_norm: bool = Field(
        True,
        description="Those of AdaIN's layers too (paper 4.3: all linear layers). They share a norm "
        "of 1 among the scales and shifts of all features, so that few conditions say little to a "
        "wide F; false lets them say more.",
    )

    # Training of F. How far its latents are truncated is a setting of the generator (paper: 0.8).
    pairs: int = Field(
        200_000, ge=20, description="Pairs of a latent and its conditions (paper 4.3: 200,000)."
    )
    validation_share: float = Field(
        0.05, gt=0, le=0.5, description="Share of the pairs that F is only measured on (choice)."
    )
    updates: int = Field(
        500_000, ge=0, description="Training steps; 0 leaves F random (paper 4.3: 500,000)."
    )
    batch_size: int = Field(8, ge=1, description="Pairs of a step (paper 4.3: 8).")
    rate: float = Field(2e-4, gt=0, description="Learning rate of Adam (paper 4.3: 0.0002).")
    schedule: Literal["constant", "linear"] = Field(
        "constant",
        description="`linear` lets the rate fall to 0 over the second half (paper: constant).",
    )

    # Editing.
    step_size: float = Field(
        0.2, gt=0, le=1, description="Lambda, share of c_1 - c_0 of a step (paper 4.3: 0.2)."
    )
    order: int = Field(
        1,
        ge=0,
        description="m, terms of the Neumann series after the first (paper 4.3: 1). More need a "
        "spectral radius of dF/dz below 1, which AdaIN does not keep; the curves show it.",
    )
    steps: int = Field(
        40,
        ge=1,
        description="n, the most steps, which is strength 1 (choice; 1 / lambda = 5 would do if "
        "the conditions changed evenly, and the paper goes on where they do not, 3.4).",
    )
    stop: bool = Field(
        False,
        description="Leave a sample as it is once its conditions are close to c_1 (paper, "
        "algorithm 1: yes). Then strengths beyond change nothing; false suits scores over all "
        "strengths (4.4.1), where other editors do not stop either.",
    )
    attribute_tolerance: float = Field(
        0.1, gt=0, description="Close: every wanted attribute is nearer than this (choice)."
    )
    keypoint_tolerance: float = Field(
        0.02,
        gt=0,
        description="Close: the wanted keypoints are nearer than this on average, in image edges "
        "(choice).",
    )
    embedding_share: float = Field(
        0.9,
        gt=0,
        le=1,
        description="Close: the cosine with the wanted embedding has made this share of its way to "
        "1 (choice).",
    )
    products: Literal["backward", "forward"] = Field(
        "backward",
        description="How Jacobians of F are multiplied: by the reverse mode twice, or by "
        "forward-mode differentiation, which is slower (`benchmarks/sgf_jvp.py`); results agree.",
    )
