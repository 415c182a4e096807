"""The bundled metrics: landmark errors, mask overlap, part agreement and label-free diagnostics."""

from __future__ import annotations

from harness.contract import MetricSpec, hook
from harness_metrics.features.homes import INCEPTION

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
        name="taichi_mae",
        summary="Absolute landmark error in pixels of 256, summed over all coordinates",
        target="harness_metrics.taichi_mae:TaichiMae",
        params="harness_metrics.params:TaichiParams",
        unit="summed pixels",
        direction="lower",
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

IMAGE_QUALITY = [
    MetricSpec(
        name="fid",
        summary="Frechet distance of generated and real images in the features of Inception",
        target="harness_metrics.fid:Fid",
        params="harness_metrics.params:ImageSetParams",
        unit="squared feature distance",
        direction="lower",
        needs=("samples", "fit_images"),
        weights=(INCEPTION,),
    ),
    MetricSpec(
        name="frechet_distance",
        summary="Frechet distance of generated and real images in the features of a named network",
        target="harness_metrics.frechet_distance:FrechetDistance",
        params="harness_metrics.params:FrechetParams",
        unit="squared feature distance",
        direction="lower",
        needs=("samples", "fit_images"),
    ),
    MetricSpec(
        name="kid",
        summary="Unbiased kernel discrepancy of generated and real images",
        target="harness_metrics.kid:Kid",
        params="harness_metrics.params:KidParams",
        unit="squared discrepancy",
        direction="lower",
        needs=("samples", "fit_images"),
    ),
    MetricSpec(
        name="precision_recall",
        summary="Harmonic mean of how many generated images look real and how many real ones occur",
        target="harness_metrics.precision_recall:PrecisionRecall",
        params="harness_metrics.params:PrecisionRecallParams",
        unit="fraction",
        direction="higher",
        needs=("samples", "fit_images"),
    ),
    MetricSpec(
        name="diversity",
        summary="Mean distance of two generated images over that of two real ones; noise exceeds 1",
        target="harness_metrics.diversity:Diversity",
        params="harness_metrics.params:ExtractorParams",
        unit="ratio to real images",
        direction="higher",
        needs=("samples", "fit_images"),
    ),
]

EDITS = [
    MetricSpec(
        name="edit_locality",
        summary="How much of the change by an exchanged look lies at the part, over an even spread",
        target="harness_metrics.edit_locality:EditLocality",
        params="harness_metrics.edit_params:EditLocalityParams",
        unit="times an even spread",
        direction="higher",
        needs=("samples", "render"),
    ),
    MetricSpec(
        name="move_consistency",
        summary="Share of a motion of all keypoints that the detector sees in the changed image",
        target="harness_metrics.move_consistency:MoveConsistency",
        params="harness_metrics.edit_params:MoveConsistencyParams",
        unit="fraction",
        direction="higher",
        needs=("samples", "render", "detector"),
    ),
]


LATENT_EDITS = [
    MetricSpec(
        name="mds",
        summary="Area under disentanglement over accuracy of edits, by an oracle no editor sees",
        target="harness_metrics.mds:Mds",
        params="harness_metrics.edit_params:MdsParams",
        unit="fraction",
        direction="higher",
        needs=("editing", "attributes"),
    ),
    MetricSpec(
        name="mds_guide",
        summary="The same by the oracle that editors look at, as papers do; read it beside mds",
        target="harness_metrics.mds:MdsGuide",
        params="harness_metrics.edit_params:MdsParams",
        unit="fraction",
        direction="higher",
        needs=("editing", "attributes"),
        params_of="mds",
    ),
    MetricSpec(
        name="keypoint_edit_error",
        summary="Distance of the keypoints of edited images from the wanted ones",
        target="harness_metrics.keypoint_edit_error:KeypointEditError",
        params="harness_metrics.edit_params:LatentEditParams",
        unit="% of image edge",
        direction="lower",
        needs=("editing",),
    ),
    MetricSpec(
        name="caption_edit_similarity",
        summary="Cosine of edited images and their wanted captions",
        target="harness_metrics.caption_edit_similarity:CaptionEditSimilarity",
        params="harness_metrics.edit_params:LatentEditParams",
        unit="cosine",
        direction="higher",
        needs=("editing",),
    ),
]


@hook
def harness_metrics() -> list[MetricSpec]:
    """All bundled metrics."""
    return [
        *LANDMARKS,
        *MASKS,
        *ATTRIBUTES,
        *DIAGNOSTICS,
        *IMAGE_QUALITY,
        *EDITS,
        *LATENT_EDITS,
    ]
