"""Specs of the bundled trackers."""

from __future__ import annotations

from harness.contract import TrackerSpec, hook


@hook
def harness_trackers() -> list[TrackerSpec]:
    """All trackers of this package."""
    return [
        TrackerSpec(
            name="tensorboard",
            summary="Curves, scores and pictures for TensorBoard, in RUN/tensorboard or a folder.",
            target="harness_trackers.tensorboard:TensorBoard",
        ),
        TrackerSpec(
            name="mlflow",
            summary="Curves, scores, records and pictures in MLflow; mlflow=URI names a server.",
            target="harness_trackers.mlflow:MLflow",
        ),
    ]
