"""The oracles as plugins of the harness: what answers images with conditions."""

from __future__ import annotations

from harness.contract import MethodSpec, hook

#: Which uses networks that answer so, and trains them for its generators.
PAPER = (
    "Li, Jin, Zhu: Surrogate Gradient Field for Latent Space Manipulation. CVPR 2021, arXiv "
    "2104.09065."
)
OPTIONS = "harness_editing.oracles.config:OracleConfig"
PRESETS = "harness_editing.oracles"


@hook
def harness_methods() -> list[MethodSpec]:
    """One oracle for every kind of conditions."""
    return [
        MethodSpec(
            name="attribute_oracle",
            summary="Says how probable every attribute is, learned from labelled images",
            target="harness_editing.oracles.attributes:AttributeOracle",
            config=OPTIONS,
            presets=PRESETS,
            capabilities=("answer",),
            paper=PAPER,
            sees=("images", "labels"),
        ),
        MethodSpec(
            name="keypoint_oracle",
            summary="Says where the landmarks are, learned from labelled images",
            target="harness_editing.oracles.keypoints:KeypointOracle",
            config=OPTIONS,
            presets=PRESETS,
            capabilities=("answer",),
            paper=PAPER,
            sees=("images", "labels"),
        ),
        MethodSpec(
            name="caption_oracle",
            summary="Says which captions fit, by the embedding it has learned to predict",
            target="harness_editing.oracles.captions.method:CaptionOracle",
            config="harness_editing.oracles.captions.config:CaptionOracleConfig",
            presets="harness_editing.oracles.captions",
            capabilities=("answer",),
            paper=PAPER,
            sees=("images", "labels"),
        ),
    ]
