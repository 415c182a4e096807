"""The bundled metrics: landmark errors, mask overlap, part agreement and label-free diagnostics."""

from __future__ import annotations

from harness.contract import MetricSpec, hook

LANDMARKS = [
    MetricSpec(
        name="inter_ocular_error",
        summary="Mean landmark error in percent of the distance between the eyes",
        target="harness_metrics.inter_ocular_error:InterOcularError",
        params="harness_metrics.params:InterOcularParams",
        unit="% of inter-ocular distance",
        direction="lower",
        needs=("keypoints", "landmarks"),
    ),
    MetricSpec(
        name="landmark_error",
        summary="Mean landmark error in percent of the image edge",
        target="harness_metrics.landmark_error:LandmarkError",
        params="harness_metrics.params:RegressionParams",
        unit="% of image edge",
        direction="lower",
        needs=("keypoints", "landmarks"),
    ),
    MetricSpec(
        name="sample_efficiency",
        version=2,
        summary="Mean landmark error over the logarithm of the number of labelled images",
        target="harness_metrics.sample_efficiency:SampleEfficiency",
        params="harness_metrics.params:SampleEfficiencyParams",
        unit="% of inter-ocular distance or image edge",
        direction="lower",
        needs=("keypoints", "landmarks"),
    ),
    MetricSpec(
        name="bbc_pose_accuracy",
        summary="Share of landmarks found within 6 pixels of 128, over all points",
        target="harness_metrics.bbc_pose_accuracy:BbcPoseAccuracy",
        params="harness_metrics.params:BbcPoseParams",
        unit="% of points",
        direction="higher",
        needs=("keypoints", "landmarks"),
    ),
    MetricSpec(
        name="human36m_error",
        summary="Mean landmark error in percent of the edge, left and right exchanged where better",
        target="harness_metrics.human36m_error:Human36mError",
        params="harness_metrics.params:Human36mParams",
        unit="% of image edge",
        direction="lower",
        needs=("keypoints", "landmarks"),
    ),
]

MASKS = [
    MetricSpec(
        name="foreground_iou",
        summary="Overlap of all parts together with the true foreground, mean over images",
        target="harness_metrics.foreground_iou:ForegroundIou",
        params="harness_metrics.params:NoParams",
        unit="fraction",
        direction="higher",
        needs=("parts", "foreground"),
    ),
    MetricSpec(
        name="part_iou",
        summary="Overlap of matched parts with the true parts, mean over classes",
        target="harness_metrics.part_iou:PartIou",
        params="harness_metrics.params:PartIouParams",
        unit="fraction",
        direction="higher",
        needs=("parts", "part_labels"),
    ),
    MetricSpec(
        name="nmi",
        summary="Normalised mutual information of predicted and true parts over all test pixels",
        target="harness_metrics.nmi:NormalisedMutualInformation",
        params="harness_metrics.params:RegionParams",
        unit="%",
        direction="higher",
        needs=("parts", "part_labels"),
    ),
    MetricSpec(
        name="ari",
        summary="Adjusted Rand index of predicted and true parts over all test pixels",
        target="harness_metrics.ari:AdjustedRandIndex",
        params="harness_metrics.params:RegionParams",
        unit="%",
        direction="higher",
        needs=("parts", "part_labels"),
    ),
]

ATTRIBUTES = [
    MetricSpec(
        name="attribute_accuracy",
        summary="Share of attributes that a linear classifier tells from the keypoints",
        target="harness_metrics.attribute_accuracy:AttributeAccuracy",
        params="harness_metrics.params:AttributeParams",
        unit="%",
        direction="higher",
        needs=("keypoints", "attributes"),
    ),
]

DIAGNOSTICS = [
    MetricSpec(
        name="parts_used",
        summary="Number of parts that cover a noticeable area on average",
        target="harness_metrics.parts_used:PartsUsed",
        params="harness_metrics.params:PartsUsedParams",
        unit="parts",
        direction="higher",
        needs=("parts",),
    ),
    MetricSpec(
        name="foreground_share",
        summary="Share of the image that the parts cover together; a description, not a merit",
        target="harness_metrics.foreground_share:ForegroundShare",
        params="harness_metrics.params:NoParams",
        unit="fraction",
        direction="higher",
        needs=("parts",),
    ),
    MetricSpec(
        name="keypoint_spread",
        summary="How far keypoints move between images; 0 for a constant detector",
        target="harness_metrics.keypoint_spread:KeypointSpread",
        params="harness_metrics.params:NoParams",
        unit="% of image edge",
        direction="higher",
        needs=("keypoints",),
    ),
    MetricSpec(
        name="equivariance_error",
        summary="How far keypoints of a warped image are from the warped keypoints of the image",
        target="harness_metrics.equivariance_error:EquivarianceError",
        params="harness_metrics.params:EquivarianceParams",
        unit="% of image edge",
        direction="lower",
        needs=("keypoints", "detector"),
    ),
]


@hook
def harness_metrics() -> list[MetricSpec]:
    """All bundled metrics."""
    return [*LANDMARKS, *MASKS, *ATTRIBUTES, *DIAGNOSTICS]
