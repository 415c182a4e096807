"""Metrics that a test can compute by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.contract import Evaluation, Measurement, Metric


class Spread(Metric):
    """Mean distance of the keypoints from the picture's left edge, times `scale`."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        params: Any = self.params
        values = evaluation.test.keypoints[..., 0].mean(1).astype(np.float64)
        return Measurement(
            value=float(params.scale * values.mean()),
            per_image=params.scale * values,
            also={"unscaled": float(values.mean()), "nothing": float("nan")},
            details={"first": float(values[0]), "nothing": float("nan")},
        )


class Distance(Metric):
    """Distance between the first keypoint, or named landmark, and the first true landmark."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        test = evaluation.test
        points = test.keypoints if test.keypoints is not None else test.landmarks
        gaps = points[:, 0] - evaluation.test_truth.landmarks[:, 0]
        values = np.linalg.norm(gaps.astype(np.float64), axis=1)
        values[0] = np.nan
        return Measurement(
            value=float(np.nanmean(values)),
            per_image=values,
            excluded={"first image": 1, "never": 0},
        )


class Overlap(Metric):
    """Share of the pixels on which predicted and true foreground agree."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        agree = (evaluation.test.part_labels > 0) == evaluation.test_truth.foreground
        values = agree.mean((1, 2), dtype=np.float64)
        return Measurement(value=float(values.mean()), per_image=values)


class Pooled(Metric):
    """Median x of all keypoints: no mean over images."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        points = evaluation.test.keypoints
        return Measurement(
            value=float(np.median(points[..., 0])),
            resample=lambda chosen: float(np.median(points[chosen][..., 0])),
        )


class Undefined(Metric):
    """Never has a value."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        params: Any = self.params
        if params.crash:
            raise RuntimeError("the metric broke")
        return Measurement(value=float("nan"), per_image=np.full(len(evaluation.test.ids), np.nan))


class Drawn(Metric):
    """Mean of three new images, of the same with all keypoints at 0, and their largest label."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        batches = list(evaluation.sample(3, 7))
        latents = dict(batches[0].latents)
        moved = evaluation.render({**latents, "keypoints": 0 * latents["keypoints"]})
        return Measurement(
            value=float(np.concatenate([batch.images for batch in batches]).mean()),
            details={
                "moved": float(moved.images.mean()),
                "labels": float(batches[0].part_labels.max()),
                "side": float(moved.images.shape[-1]),
            },
        )


class Learned(Metric):
    """Mean of all images that the method learned on, with their number and side."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        images = evaluation.fit_images
        return Measurement(
            value=float(np.asarray(images).mean()),
            details={"images": float(len(images)), "side": float(images.shape[-1])},
        )
