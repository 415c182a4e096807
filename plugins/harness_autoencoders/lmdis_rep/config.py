"""The configuration of lmdis-rep: what the paper fixes, what its code fixes, what is chosen."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from typing_extensions import override

from harness.contract import MethodConfig

#: Channels of the convolutions of each stage.
Stages = Annotated[tuple[tuple[PositiveInt, ...], ...], Field(min_length=1)]


class LmdisRepConfig(MethodConfig):
    """Everything that `harness show method lmdis_rep` prints."""

    # Frame.
    padded_size: int = Field(
        96, ge=8, description="Side in pixels of the padded image that is encoded (paper table 6)."
    )
    padding: Literal["edge", "mean_edge"] = Field(
        "edge", description="Border: the edge pixels (paper G.1) or their mean colour (code)."
    )

    stem_channels: int = Field(
        0,
        ge=0,
        description="Channels of a first convolution in front of a halving: the hourglasses then "
        "work at half the side (paper fig. 40 g and h: 32 at 128 px); 0 for none.",
    )

    # Hourglasses: from the full side down, then up again; a side is halved between two stages.
    landmark_encoder: Stages = Field(
        ((32, 32), (64, 64), (64, 64), (64, 64)),
        description="Channels of the landmark detector on the way down (paper fig. 40 c, code).",
    )
    landmark_decoder: Stages = Field(
        ((64, 64), (64, 64), (64, 32), (32,)),
        description="And on the way up; the scores follow (code).",
    )
    feature_encoder: Stages = Field(
        ((32, 64), (128,), (256,), (512,)),
        description="Channels of the feature network on the way down (paper fig. 40 d, code).",
    )
    feature_decoder: Stages = Field(
        ((256,), (128,), (64,), (64, 64)), description="And on the way up; the last is S (code)."
    )
    image_encoder: Stages = Field(
        ((64, 64), (128,), (256,), (512,), (512,)),
        description="Channels of the image decoder on the way down (paper fig. 40 f, code).",
    )
    image_decoder: Stages = Field(
        ((512,), (256,), (128,), (64,), (32,)),
        description="And on the way up; the three colours follow (code).",
    )
    skip_convolutions: tuple[int, int, int] = Field(
        (3, 3, 3),
        description="Convolutions of a skip of the landmark, feature and image networks (paper "
        "fig. 40; code: 3, 2, 2).",
    )
    scores: Literal["hourglass", "further", "separate"] = Field(
        "further",
        description="The last convolution of the hourglass makes them (code at 80 px), a further "
        "1x1 convolution behind it (paper), or that one alone (code at 128 px).",
    )
    score_scale: float = Field(
        1.0,
        gt=0,
        description="Start of the norm's scale behind the scores: how peaked the maps are at first "
        "(code: 1).",
    )
    colour_scale: float = Field(
        1.0,
        gt=0,
        description="Start of the norm's scale behind the colours: how strong the contrasts "
        "are at first (code: 1).",
    )

    # Landmarks and descriptors.
    descriptor_size: int = Field(8, ge=1, description="C, values of a descriptor (paper table 7).")
    spread_channels: int | None = Field(
        None,
        ge=1,
        description="Channels of a descriptor on its way back; empty means S (code at 128 px: 64, "
        "where S is 32).",
    )
    pooling: Literal["gaussian", "map"] = Field(
        "gaussian",
        description="Mask under which a landmark's features are pooled: the Gaussian of its map "
        "(paper eq. 9) or the map (code).",
    )
    descriptor_activation: bool = Field(
        True,
        description="Leaky ReLU after the descriptors' way back to features (paper; code: no).",
    )
    redrawn_widths: tuple[PositiveFloat, ...] = Field(
        (0.125, 0.1767767, 0.25, 0.3535534, 0.5),
        min_length=1,
        description="Deviations of the redrawn Gaussians, in image edges (code).",
    )
    redrawn_density: Literal["paper", "code"] = Field(
        "paper",
        description="Score of a redrawn landmark: the normal density in image edges against a "
        "background of 1 (paper eq. 12), or the code's smaller one.",
    )

    # Losses.
    reconstruction: Literal["paper", "code", "rotation_net"] = Field(
        "paper",
        description="Squared error times 400 (paper eq. 17), times 1/2 (code), or a perceptual "
        "loss in a network trained on the rotation of the images (a stand-in, not in the paper).",
    )
    reconstruction_weight: float = Field(
        0.01, ge=0, description="Weight of the reconstruction (paper table 7: CelebA, K = 10)."
    )
    reconstruction_growth: tuple[float, ...] = Field(
        (10.0, 10.0), description="Factors by which that weight grows (paper table 7)."
    )
    reconstruction_milestones: tuple[int, ...] | None = Field(
        None,
        description="Steps at which it grows; empty means the milestones (paper table 7).",
    )
    mask_off: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        description="Border that the reconstruction leaves out, in image edges (not in the paper).",
    )
    mask_rise: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        description="Smooth step behind that border, in image edges (not in the paper; as IMM's).",
    )
    concentration: Literal["paper", "code"] = Field(
        "paper", description="2 pi e (var_x + var_y)^2 (paper eq. 5) or 2 pi e std^2 (code)."
    )
    concentration_weight: float = Field(100.0, ge=0, description="Its weight (paper table 7).")
    separation_weight: float = Field(16.0, ge=0, description="Of eq. 7 (paper table 7).")
    separation_sigma: float = Field(
        0.06, gt=0, description="Reach of the separation, in image edges (paper table 7)."
    )
    equivariance: Literal["paper", "code"] = Field(
        "paper", description="Unit of eq. 8: image edges (paper), or the code's, 3.33 times larger."
    )
    equivariance_weight: float = Field(1e4, ge=0, description="Of eq. 8 (paper table 7).")
    flow_weight: float = Field(
        0.0,
        ge=0,
        description="Of the equivariance under optical flow between frames of a clip (paper C.1).",
    )
    flow_preference_weight: float = Field(
        0.0,
        ge=0,
        description="Of lying where the flow is large (paper eq. 16, with the weight of the "
        "equivariance); needs flow_weight above 0.",
    )
    flow_gap: int = Field(
        10, ge=1, description="Most frames between the two of a flow pair (paper C.1)."
    )

    # Warps of the equivariance.
    warp_rotation: float = Field(10.0, ge=0, description="Deviation in degrees (paper 3.2).")
    warp_log_scale: float = Field(
        0.2231436,
        ge=0,
        description="Deviation of the scale's natural logarithm (code: ln 1.25; the paper's 1.25 "
        "in base 2 cannot be meant).",
    )
    warp_translation: float = Field(
        0.15, ge=0, description="Largest shift along an axis, in padded edges (paper 3.2)."
    )
    warp_grid: int = Field(7, ge=2, description="Control points along each axis (code).")
    warp_displacement: float = Field(
        0.1, ge=0, description="Deviation of a control point, in padded edges (paper; code: 0.05)."
    )
    landmark_warps: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of warps whose control points are the landmarks (paper 3.2; released "
        "code: none).",
    )
    landmark_displacement: float = Field(
        0.05, ge=0, description="Deviation of these control points (paper; code: 0.025)."
    )
    landmark_warps_from: tuple[int, int] = Field(
        (5_000, 10_000), description="Steps between which that share rises from 0 (code)."
    )

    # Training.
    jitter_brightness: float = Field(
        32 / 255, ge=0, le=1, description="Largest shift of all values, 0 to 1 (code)."
    )
    jitter_contrast: float = Field(
        0.5, ge=0, lt=1, description="Contrast between 1 - this and 1 + this (code)."
    )
    rotation_steps: int = Field(
        400, ge=1, description="Updates of the rotation network; unused by the other losses."
    )
    rotation_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Middle of the images on which the rotation network is trained, in image "
        "edges; below 1 its features know more of what is inside of the object.",
    )
    batch_size: int = Field(16, ge=2, description="Images of a step (paper G.3).")
    steps: int = Field(250_000, ge=0, description="Updates; chosen a little beyond the last decay.")
    milestones: tuple[int, ...] = Field(
        (100_000, 200_000),
        description="Steps at which the learning rate is divided by 10 (paper table 7).",
    )
    schedule: Literal["milestones", "linear"] = Field(
        "milestones", description="Of the learning rate; linear falls to 0 over the second half."
    )
    learning_rate: float = Field(1e-3, gt=0, description="Of Adam (paper G.3).")
    weight_decay: float = Field(1e-6, ge=0, description="Half a squared sum (code).")
    gradient_bound: Literal["global", "none"] = Field(
        "none", description="Cut all gradients together to norm 1 (code: none)."
    )
    norm_steps: int = Field(
        500,
        ge=0,
        description="Training batches over which the batch statistics are averaged anew at the end "
        "(paper G.3); 0 where norms are frozen.",
    )
    norm_frozen_from: int | None = Field(
        None,
        ge=1,
        description="Step from which the batch norms keep the statistics they have and train with "
        "them, so that a landmark does not depend on the other images of its batch; empty: never "
        "(paper).",
    )
    averaging: float = Field(
        0.0, ge=0, lt=1, description="Decay per step of the averaged weights; 0 keeps the last."
    )

    @model_validator(mode="after")
    def _stages_fit_together(self) -> Self:
        """Every hourglass goes up as often as down, and skips meet maps of their width."""
        for name in ("landmark", "feature", "image"):
            down: Stages = getattr(self, f"{name}_encoder")
            up: Stages = getattr(self, f"{name}_decoder")
            if len(down) != len(up):
                raise ValueError(
                    f"{name}_decoder has {len(up)} stages, expected {len(down)} as {name}_encoder"
                )
            # Where the last stage of the image decoder is empty, the colours follow at once.
            needed = up[:-1] if name == "image" else up
            if not all((*down, *needed)):
                raise ValueError(f"a stage of {name}_encoder or {name}_decoder has no convolution")
            for level, (narrow, wide) in enumerate(zip(down[-2::-1], up, strict=False)):
                if narrow[-1] != wide[-1]:
                    raise ValueError(
                        f"{name}_decoder: stage {level} ends with {wide[-1]} channels, but meets a "
                        f"skip of {narrow[-1]}"
                    )
        if self.mask_off + self.mask_rise >= 0.5:
            border = self.mask_off + self.mask_rise
            raise ValueError(f"mask_off + mask_rise is {border:.3f}, expected less than 0.5")
        if self.norm_frozen_from is not None and self.norm_steps:
            raise ValueError(
                f"norm_steps is {self.norm_steps}, expected 0 with norm_frozen_from: networks "
                "trained with frozen statistics need exactly those"
            )
        factors, steps = self.reconstruction_growth, self._growth_steps()
        if len(factors) != len(steps):
            raise ValueError(
                f"reconstruction_growth has {len(factors)} factors, expected one for each of the "
                f"{len(steps)} milestones (or reconstruction_milestones)"
            )
        return self

    @override
    def also_sees(self) -> tuple[str, ...]:
        """Video, where optical flow is used."""
        return ("video",) if self.flow_weight > 0 else ()

    def reconstruction_factor(self, step: int) -> float:
        """The weight of the reconstruction at a step."""
        weight = self.reconstruction_weight
        for milestone, factor in zip(self._growth_steps(), self.reconstruction_growth, strict=True):
            weight *= factor if step >= milestone else 1.0
        return weight

    def _growth_steps(self) -> tuple[int, ...]:
        own = self.reconstruction_milestones
        return self.milestones if own is None else own
