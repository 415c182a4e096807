"""A metric that keeps the contract, and for every check one that breaks just it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness.contract import Evaluation, Measurement, Metric, MetricSpec
from harness.errors import ShapeError

GOOD = MetricSpec(
    name="good",
    summary="Mean distance of keypoints from landmarks.",
    target="conforming.metrics:Good",
    params="conforming.options:NoOptions",
    unit="fraction of the edge",
    direction="lower",
    needs=("keypoints", "landmarks"),
)
#: Specs by the check that they break, and it alone.
BROKEN: dict[str, MetricSpec] = {
    "spec": replace(GOOD, unit=""),
    "params": replace(GOOD, params="conforming.options:BareOptions"),
}


def breaks(check: str) -> Any:
    """Note a class as the one that breaks a check."""

    def note(kind: type) -> type:
        BROKEN[check] = replace(GOOD, target=f"{__name__}:{kind.__name__}")
        return kind

    return note


def mean(values: np.ndarray) -> float:
    """The mean of what is finite, NaN where nothing is."""
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan")


class Good(Metric):
    """Mean distance over visible landmarks, then over images; missing keypoints at the centre."""

    missing = 0.5

    def measure(self, evaluation: Evaluation) -> Measurement:
        values = self.distances(evaluation)
        return Measurement(mean(values), per_image=values)

    def distances(self, evaluation: Evaluation) -> np.ndarray:
        points = np.asarray(evaluation.test.keypoints, dtype=np.float64)
        truth, visible = evaluation.test_truth.landmarks, evaluation.test_truth.visible
        if points.shape != truth.shape:
            raise ShapeError(f"keypoints {points.shape}, landmarks {truth.shape}.")
        points = np.where(np.isnan(points), self.missing, points)
        gaps = np.linalg.norm(points - np.nan_to_num(truth), axis=-1)
        counted = visible & np.isfinite(gaps)
        total = np.where(counted, gaps, 0.0).sum(axis=1)
        return np.where(counted.any(axis=1), total / np.maximum(counted.sum(axis=1), 1), np.nan)


@breaks("measures")
class Column(Good):
    def measure(self, evaluation: Evaluation) -> Measurement:
        values = self.distances(evaluation)
        return Measurement(mean(values), per_image=values[:, None])


@breaks("best_end")
class Constant(Good):
    def distances(self, evaluation: Evaluation) -> np.ndarray:
        return np.where(np.isnan(super().distances(evaluation)), np.nan, 1.0)


@breaks("order_of_images")
class FirstCountsMost(Good):
    def measure(self, evaluation: Evaluation) -> Measurement:
        values = self.distances(evaluation)
        return Measurement(mean(values * np.linspace(2, 0, len(values))))


@breaks("mean_of_images")
class Median(Good):
    def measure(self, evaluation: Evaluation) -> Measurement:
        values = self.distances(evaluation)
        whole = bool(np.isfinite(values).all())
        value = float(np.percentile(values, 80)) if whole else mean(values)
        return Measurement(value, per_image=values)


@breaks("missing_keypoints")
class LeavesOut(Good):
    missing = float("nan")


@breaks("unchanged_inputs")
class WritesOver(Good):
    def distances(self, evaluation: Evaluation) -> np.ndarray:
        evaluation.test.keypoints[:] = evaluation.test.keypoints.clip(0, 1)
        return super().distances(evaluation)


@breaks("repeatable")
class Noisy(Good):
    def measure(self, evaluation: Evaluation) -> Measurement:
        found = super().measure(evaluation)
        return replace(found, value=found.value + 1e-12 * np.random.default_rng().random())


@breaks("wrong_shapes")
class CutsOff(Good):
    def distances(self, evaluation: Evaluation) -> np.ndarray:
        truth = evaluation.test_truth.take(range(len(evaluation.test.ids)))
        return super().distances(replace(evaluation, test_truth=truth))


@breaks("undefined")
class Zero(Good):
    def measure(self, evaluation: Evaluation) -> Measurement:
        found = super().measure(evaluation)
        return replace(found, value=float(np.nan_to_num(found.value)))
