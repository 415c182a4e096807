"""A feature extractor by its name in a metric's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contract import Evaluation

if TYPE_CHECKING:
    from harness_metrics.features.extractor import Extractor

INCEPTION, FACE_ATTRIBUTES = "inception", "face_attributes"


def build_extractor(name: str, evaluation: Evaluation, sha256: str = "") -> Extractor:
    """An extractor with its weights.

    Args:
        name: `inception`, `face_attributes`, or a network of timm with its weights, such as
            `resnet18.a1_in1k`.
        evaluation: for extractors that are trained on the suite's labels.
        sha256: first digits that the sha256 of timm's file must have.

    Raises:
        UnknownName: there is no such extractor.
        ConfigError: a network of timm without the name of its weights.
        AssetMissing: weights must be fetched first.
        DataError: weights are wrong, or the suite has no labels to train on.
    """
    if name == INCEPTION:
        from harness_metrics.features.inception import inception

        return inception()
    if name == FACE_ATTRIBUTES:
        from harness_metrics.features.face_attributes import face_attributes

        return face_attributes(evaluation)
    from harness_metrics.features.timm_model import timm_model

    return timm_model(name, sha256)
