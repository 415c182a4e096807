"""Metrics over one evaluation: predictions and truth to the scores of a record."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.contract.arrays import Curve, Evaluation, Measurement
from harness.contract.config import Options
from harness.contract.metric import Metric
from harness.contract.specs import MetricSpec
from harness.errors import AssetMissing, ConfigError
from harness.record import Score
from harness.registry import Registry
from harness.suite import MetricUse, Suite
from harness.toml import validate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What is said when something a metric needs is not there.
_REASONS = {
    "keypoints": "the method finds no keypoints",
    "parts": "the method finds no parts",
    "landmarks": "the dataset has no landmarks",
    "foreground": "the dataset has no foreground masks",
    "part_labels": "the dataset has no part labels",
    "attributes": "the dataset has no attributes",
    "detector": "it shows the method further images, and only predictions are known",
    "samples": "the method generates no images",
    "render": "the method draws no images from changed latents",
    "fit_images": "the images that the method learned on are not known",
    "editing": "the method edits no latents",
}


@dataclass(frozen=True)
class Scored:
    """All answers about one evaluation.

    Attributes:
        scores: in the order of the metrics that were asked for.
        per_image: `float64 [N]` by metric name, where a metric has values an image.
        curves: by metric name, where a metric has one.
        unmeasured: why there is no score, by the name of an optional metric whose weights are not
            on this machine.
    """

    scores: list[Score]
    per_image: dict[str, NDArray[np.float64]]
    curves: dict[str, Curve]
    unmeasured: dict[str, str] = field(default_factory=dict)


def resolved_uses(suite: Suite, known: Registry) -> list[tuple[MetricUse, MetricSpec, Options]]:
    """Every metric of a suite with its spec and validated parameters.

    Raises:
        UnknownName: a metric or a parameter does not exist.
        ConfigError: a parameter is wrong, or two metrics that must have the same ones differ.
    """
    resolved: list[tuple[MetricUse, MetricSpec, Options]] = []
    for use in suite.metrics:
        entry = known.metrics.get(use.name, f"suite {suite.name}")
        params = validate(
            entry.load(entry.spec.params), use.params, f"suite {suite.name}: metric {use.name}"
        )
        resolved.append((use, entry.spec, params))
    _check_pairs(suite, resolved)
    return resolved


def _check_pairs(suite: Suite, resolved: Sequence[tuple[MetricUse, MetricSpec, Options]]) -> None:
    """Refuse different parameters of metrics that must have the same."""
    params = {spec.name: params.model_dump() for _, spec, params in resolved}
    for _, spec, _ in resolved:
        own, other = params[spec.name], params.get(spec.params_of)
        if other is not None and own != other:
            wrong = ", ".join(key for key in own if own[key] != other.get(key))
            raise ConfigError(
                f"Suite {suite.name!r}: {spec.name} and {spec.params_of} are two views of the same "
                f"thing and must have the same parameters; they differ in {wrong}."
            )


def metric_settings(suite: Suite, known: Registry) -> dict[str, dict[str, Any]]:
    """Version and parameters of every metric, by name, in the suite's order.

    They decide which scores of a metric are comparable; a score has them as `Score.settings`.

    Raises:
        UnknownName: a metric or a parameter does not exist.
        ConfigError: a parameter is wrong.
    """
    return {
        use.name: {"version": spec.version, "params": params.model_dump(mode="json")}
        for use, spec, params in resolved_uses(suite, known)
    }


def score_evaluation(
    uses: Sequence[MetricUse],
    evaluation: Evaluation,
    known: Registry,
    *,
    seed: int = 0,
    optional: Collection[str] = (),
) -> Scored:
    """All scores of one evaluation.

    Args:
        uses: metrics with their parameters.
        evaluation: predictions and truth.
        known: the registry.
        seed: of the bootstrap.
        optional: metrics that are left out, with the reason, where they miss weights.

    Returns:
        The scores in the order of `uses`, with per-image values and curves.

    Raises:
        AssetMissing: a metric that is not optional needs weights that are not on this machine.
        UnknownName: a metric does not exist.
        ConfigError: a parameter is wrong.
        ShapeError: an array has the wrong form.
    """
    scores: list[Score] = []
    per_image: dict[str, NDArray[np.float64]] = {}
    curves: dict[str, Curve] = {}
    unmeasured: dict[str, str] = {}
    images = len(evaluation.test.ids)
    for use in uses:
        entry = known.metrics.get(use.name)
        params = validate(entry.load(entry.spec.params), use.params, f"metric {use.name}")
        missing = _missing(entry.spec.needs, evaluation)
        if missing:
            scores.append(_score(entry.spec, params, None, missing=missing))
            continue
        metric: Metric = entry.load(entry.spec.target)(params)
        try:
            measurement = metric.measure(evaluation)
        except AssetMissing as error:
            if use.name not in optional:
                raise
            unmeasured[use.name] = str(error)
            continue
        counted = images if measurement.resampled is None else measurement.resampled
        interval = _interval(measurement, counted, seed)
        scores.append(_score(entry.spec, params, measurement, images=counted, interval=interval))
        if measurement.per_image is not None:
            per_image[use.name] = measurement.per_image
        if measurement.curve is not None:
            curves[use.name] = measurement.curve
    return Scored(scores, per_image, curves, unmeasured)


def _missing(needs: Sequence[str], evaluation: Evaluation) -> str:
    """Why a metric does not apply; empty when it does.

    Landmarks that a method names itself stand in for keypoints where landmarks are scored.
    """
    test, truth = evaluation.test, evaluation.test_truth
    named = test.landmarks is not None and "landmarks" in needs
    there = {
        "keypoints": test.keypoints is not None or named,
        "parts": test.part_labels is not None,
        "landmarks": truth.landmarks is not None,
        "foreground": truth.foreground is not None,
        "part_labels": truth.parts is not None,
        "attributes": truth.attributes is not None,
        "detector": evaluation.predict is not None,
        "samples": evaluation.sample is not None,
        "render": evaluation.render is not None,
        "fit_images": evaluation.fit_images is not None,
        "editing": evaluation.editing is not None,
    }
    for need in needs:
        if not there[need]:
            return _REASONS[need]
    if "landmarks" in needs and not named and evaluation.regress is None:
        return "the dataset has no labelled images for the regressor"
    return ""


def _interval(measurement: Measurement, images: int, seed: int) -> tuple[float, float] | None:
    from harness.statistics import bootstrap_interval, bootstrap_interval_of

    if not math.isfinite(measurement.value):
        return None
    if measurement.resample is not None:
        return bootstrap_interval_of(measurement.resample, images, seed=seed)
    if measurement.per_image is None:
        return None
    return bootstrap_interval(measurement.per_image, seed=seed)


def _score(
    spec: MetricSpec,
    params: Options,
    measurement: Measurement | None,
    *,
    images: int = 0,
    interval: tuple[float, float] | None = None,
    missing: str = "",
) -> Score:
    common: Mapping[str, Any] = {
        "metric": spec.name,
        "version": spec.version,
        "unit": spec.unit,
        "direction": spec.direction,
        "params": params.model_dump(mode="json"),
    }
    if measurement is None:
        return Score(**common, value=None, n=0, missing=missing)
    import numpy as np

    finite = math.isfinite(measurement.value)
    counted = images
    if measurement.per_image is not None:
        counted = int(np.isfinite(measurement.per_image).sum())
    return Score(
        **common,
        value=measurement.value if finite else None,
        ci95=interval,
        n=counted,
        also=_finite(measurement.also),
        details=_finite(measurement.details),
        excluded={k: v for k, v in measurement.excluded.items() if v},
        per_image=spec.name if measurement.per_image is not None else None,
        missing="" if finite else "undefined: nothing could be counted",
    )


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """What JSON can hold: undefined numbers as null."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
