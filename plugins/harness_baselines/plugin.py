"""The bundled baselines: what a number is worth without learning, and the ceiling with labels."""

from __future__ import annotations

from harness.contract import MethodSpec, hook

PRESETS = "harness_baselines"
NO_OPTIONS = "harness_baselines.config:BaselineConfig"

POINTS = [
    MethodSpec(
        name="mean_shape",
        summary="The mean of the labelled landmarks, whatever the image shows",
        target="harness_baselines.mean_shape:MeanShape",
        config=NO_OPTIONS,
        presets=PRESETS,
        capabilities=("locate",),
        sees=("labels",),
        kind="trivial",
    ),
    MethodSpec(
        name="image_centre",
        summary="Every landmark at the image centre",
        target="harness_baselines.image_centre:ImageCentre",
        config=NO_OPTIONS,
        presets=PRESETS,
        capabilities=("locate",),
        sees=("labels",),
        kind="trivial",
    ),
    MethodSpec(
        name="random_keypoints",
        summary="K uniformly random keypoints in every image",
        target="harness_baselines.random_keypoints:RandomKeypoints",
        config=NO_OPTIONS,
        presets=PRESETS,
        capabilities=("detect",),
        kind="trivial",
    ),
]

MASKS = [
    MethodSpec(
        name="mean_mask",
        summary="The mean labelled foreground, cut at the threshold of best overlap",
        target="harness_baselines.mean_mask:MeanMask",
        config=NO_OPTIONS,
        presets=PRESETS,
        capabilities=("segment",),
        sees=("labels",),
        kind="trivial",
    ),
    MethodSpec(
        name="colour_clusters",
        summary="Two colour clusters an image; the one on the border is background",
        target="harness_baselines.colour_clusters:ColourClusters",
        config="harness_baselines.config:ColourClustersConfig",
        presets=PRESETS,
        capabilities=("segment",),
        kind="trivial",
    ),
    MethodSpec(
        name="grabcut",
        summary="OpenCV's GrabCut, started with a rectangle inside the border",
        target="harness_baselines.grabcut:GrabCut",
        config="harness_baselines.config:GrabCutConfig",
        presets=PRESETS,
        capabilities=("segment",),
        paper="Rother, Kolmogorov, Blake: GrabCut, SIGGRAPH 2004",
        kind="trivial",
        extra="grabcut",
    ),
]

ORACLES = [
    MethodSpec(
        name="part_centre_oracle",
        summary="The centres of the true parts as keypoints: what perfect parts would score",
        target="harness_baselines.part_centre_oracle:PartCentreOracle",
        config=NO_OPTIONS,
        presets=PRESETS,
        capabilities=("detect_with_truth",),
        sees=("labels", "test labels"),
        kind="oracle",
    ),
]


@hook
def harness_methods() -> list[MethodSpec]:
    """All bundled baselines."""
    return [*POINTS, *MASKS, *ORACLES]
