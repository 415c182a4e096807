"""What every metric must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.conformance.descriptions import check_model
from harness.conformance.kit import Check, checks_of, fail, named, skip, unforeseen
from harness.conformance.metrics.subject import MetricSubject
from harness.conformance.surroundings import other_chance
from harness.contract.arrays import Evaluation, Measurement, Predicted, Samples
from harness.contract.assets import digest
from harness.contract.config import Options
from harness.contract.metric import Metric
from harness.errors import HarnessError

#: Relative rounding that is forgiven: values are sums in float64.
ROUNDING = 1e-9
#: How far keypoints are shifted where the detector is to err a little, in fractions of the edge.
ERROR = 0.02


def spec(metric: MetricSubject) -> None:
    """The spec has a `snake_case` name, one line of summary, a unit, and a direction."""
    found = metric.spec
    named(found)
    if found.direction not in ("higher", "lower"):
        fail(f"Its direction is {found.direction!r}.", "Write 'higher' or 'lower'.")
    if not found.unit.strip():
        fail("It has no unit.", "Name the unit, such as 'fraction' or '% of image edge'.")
    target = metric.entry.load(found.target)
    if not (isinstance(target, type) and issubclass(target, Metric)):
        fail(f"{target!r} is no Metric.", "Derive the class from harness.contract.Metric.")


def params(metric: MetricSubject) -> None:
    """Every parameter has a description and a default."""
    model = metric.entry.load(metric.spec.params)
    check_model(model, Options, "params")
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    if needed and not metric.given:
        fail(f"The parameter {needed[0]!r} has no default.", "Give it one.")


def measures(metric: MetricSubject) -> None:
    """A perfect method gets a finite value, with one value an image where there are any."""
    measurement = metric.measure(metric.world(perfect=True))
    if not isinstance(measurement, Measurement):
        fail(f"measure() gave {type(measurement).__name__}.", "Return a Measurement.")
    if not isinstance(measurement.value, float) or not np.isfinite(measurement.value):
        fail(f"Its value for a perfect method is {measurement.value!r}.", "Return a finite float.")
    values = measurement.per_image
    images = len(metric.world(perfect=True).test.ids)
    if values is not None and (values.shape != (images,) or values.dtype != np.float64):
        fail(
            f"per_image is {values.dtype} {list(values.shape)} for {images} images.",
            "Return float64 [N], NaN for images that are left out.",
        )


def best_end(metric: MetricSubject) -> None:
    """A perfect method scores better than one that sees nothing, in the declared direction."""
    compared = {"samples", "editing", "detector", "attributes"} & set(metric.spec.needs)
    if not metric.reads_truth and not compared:
        skip("It compares with no truth, so that no prediction is perfect.")
    best = metric.perfect().value
    other = metric.measure(metric.world(perfect=False)).value
    if not np.isfinite(other):
        return  # undefined is no gain
    gain = best - other if metric.spec.direction == "higher" else other - best
    if not gain > 0:
        fail(
            f"A perfect method scores {best:.6g} and guesses score {other:.6g}, and "
            f"{metric.spec.direction} is declared to be better.",
            "Look at the direction in the spec, or at what is compared.",
        )


def order_of_images(metric: MetricSubject) -> None:
    """Another order of the test images gives the same value, and per-image values move along."""
    drawn_by_place = sorted({"detector", "samples", "editing"} & set(metric.spec.needs))
    if drawn_by_place:
        skip(f"It needs {drawn_by_place[0]!r}: what it draws goes with the places of images.")
    shown, first = _slightly_wrong(metric)
    order = np.random.default_rng(8).permutation(len(shown.test.ids))
    moved = replace(
        shown, test=_taken(shown.test, order), test_truth=shown.test_truth.take(order.tolist())
    )
    second = metric.measure(moved)
    if not _near(first.value, second.value):
        fail(
            f"The value changes from {first.value!r} to {second.value!r} with the images' order.",
            "Sum in float64, and let no image depend on the one before.",
        )
    if first.per_image is None or second.per_image is None:
        return
    if not np.allclose(first.per_image[order], second.per_image, equal_nan=True, rtol=ROUNDING):
        fail("per_image does not move with the images.", "Value i belongs to test image i.")


def mean_of_images(metric: MetricSubject) -> None:
    """The value is the mean of `per_image`, or `resample` of all images gives it."""
    _, found = _slightly_wrong(metric)
    if found.resample is not None:
        count = found.resampled
        if count is None:
            count = len(metric.world(perfect=True).test.ids)
        whole = found.resample(np.arange(count))
        if not _near(whole, found.value, 1e-6):
            fail(
                f"resample() of all {count} positions gives {whole!r}, the value is "
                f"{found.value!r}.",
                "resample() recomputes the metric on the given positions.",
            )
    elif found.per_image is not None:
        values = found.per_image[np.isfinite(found.per_image)]
        mean = float(values.mean()) if len(values) else float("nan")
        if not _near(mean, found.value):
            fail(
                f"The value is {found.value!r} and per_image's mean is {mean!r}.",
                "Give resample where the metric is no mean over images; the interval needs it.",
            )
    else:
        skip("It has no values for single images; its interval is empty.")


def missing_keypoints(metric: MetricSubject) -> None:
    """A detector that finds nothing where it would err does not score better."""
    if "keypoints" not in metric.spec.needs or not (
        metric.reads_truth or "attributes" in metric.spec.needs
    ):
        skip("It compares no keypoints with labels.")
    shown, erring = _slightly_wrong(metric)
    points = shown.test.keypoints
    if points is None:
        skip("The evaluation has no keypoints.")
    lost = points.copy()
    lost[::2] = np.nan
    silent = metric.measure(replace(shown, test=replace(shown.test, keypoints=lost)))
    if not np.isfinite(silent.value):
        return
    gain = silent.value - erring.value
    gain = gain if metric.spec.direction == "higher" else -gain
    if gain > abs(erring.value) * ROUNDING:
        fail(
            f"With the keypoints of every other image missing the value goes from "
            f"{erring.value:.6g} to {silent.value:.6g}, which is better.",
            "Put missing keypoints at the image centre and count them in 'excluded'.",
        )


def unchanged_inputs(metric: MetricSubject) -> None:
    """Measuring changes no array that it is given, and works on read-only ones."""
    metric.perfect()
    shown = metric.world(perfect=True)
    arrays = _arrays(shown)
    before = {name: digest(array) for name, array in arrays.items()}
    metric.measure(shown)
    changed = [name for name, array in arrays.items() if digest(array) != before[name]]
    if changed:
        fail(f"It changes {changed[0]}.", "Work on a copy; other metrics read the same arrays.")
    for array in arrays.values():
        array.flags.writeable = False
    try:
        metric.measure(shown)
    except ValueError as error:
        fail(
            f"On read-only arrays: {unforeseen(error)}",
            "Truth comes memory-mapped; copy what you write to.",
        )


def repeatable(metric: MetricSubject) -> None:
    """Measuring twice gives the same value, whatever the global random state is."""
    first = metric.perfect()
    with other_chance(4):
        second = metric.measure(metric.world(perfect=True))
    if first.value != second.value:
        fail(
            f"It gives {first.value!r} and then {second.value!r}.",
            "Draw from np.random.default_rng(self.params.seed), or from nothing.",
        )


def wrong_shapes(metric: MetricSubject) -> None:
    """Predictions of another number of images are refused with an error of the harness."""
    if not {"keypoints", "parts"} & set(metric.spec.needs):
        skip("It reads no predictions of test images.")
    metric.perfect()
    shown = metric.world(perfect=True)
    fewer = np.arange(len(shown.test.ids) - 3)
    try:
        found = metric.measure(replace(shown, test=_taken(shown.test, fewer)))
    except HarnessError:
        return
    except Exception as error:  # noqa: BLE001 - foreign code
        fail(
            f"With predictions for too few images: {unforeseen(error)}",
            "Raise harness.errors.ShapeError with both shapes.",
        )
    if metric.reads_truth:
        fail(
            f"It scores predictions for too few images with {found.value!r}.",
            "Raise harness.errors.ShapeError with both shapes.",
        )


def undefined(metric: MetricSubject) -> None:
    """Where no label can be counted the value is NaN, or an error of the harness says why."""
    shown = metric.world(perfect=True)
    truth = shown.test_truth
    if "landmarks" in metric.spec.needs and truth.landmarks is not None:
        hidden = np.full_like(truth.landmarks, np.nan)
        gone = replace(truth, landmarks=hidden, visible=np.zeros(hidden.shape[:2], dtype=bool))
    elif metric.reads_truth:
        ignored = np.ones((len(truth), *truth.images.shape[2:]), dtype=bool)
        gone = replace(truth, ignored=ignored)
    else:
        skip("It reads no labels of single images.")
    metric.perfect()
    try:
        with np.errstate(all="ignore"):
            found = metric.measure(replace(shown, test_truth=gone))
    except HarnessError:
        return
    except Exception as error:  # noqa: BLE001 - foreign code
        fail(f"Without any label: {unforeseen(error)}", "Return NaN as the value.")
    if np.isfinite(found.value):
        fail(
            f"Without any label that counts its value is {found.value!r}.",
            "Return NaN: an undefined value has no stand-in.",
        )


def _slightly_wrong(metric: MetricSubject) -> tuple[Evaluation, Measurement]:
    """A perfect method whose predictions for every other test image are a little off."""
    metric.perfect()
    shown = metric.world(perfect=True)
    random = np.random.default_rng(6)
    test = shown.test
    points, labels = test.keypoints, test.part_labels
    if points is not None:
        points = points.copy()
        points[::2] += random.uniform(-ERROR, ERROR, points[::2].shape).astype(np.float32)
    if labels is not None:
        labels = labels.copy()
        labels[::2] = np.roll(labels[::2], 2, axis=-1)
    wrong = replace(shown, test=replace(test, keypoints=points, part_labels=labels))
    return wrong, metric.measure(wrong)


def _taken(predicted: Predicted, places: NDArray[np.int64]) -> Predicted:
    """The predictions at these places."""

    def pick(value: Any) -> Any:
        return None if value is None else value[places]

    changed = {f.name: pick(getattr(predicted, f.name)) for f in fields(predicted)[1:]}
    return Predicted(ids=[predicted.ids[i] for i in places], **changed)


def _arrays(shown: Evaluation) -> dict[str, NDArray[Any]]:
    """All arrays of an evaluation by what they are."""
    found: dict[str, NDArray[Any]] = {}
    parts: Mapping[str, Predicted | Samples | None] = {
        "the predictions of test": shown.test,
        "the truth of test": shown.test_truth,
        "the predictions of regress": shown.regress,
        "the truth of regress": shown.regress_truth,
    }
    for what, part in parts.items():
        if part is None or not is_dataclass(part):
            continue
        for field in fields(part):
            value = getattr(part, field.name)
            if isinstance(value, np.ndarray):
                found[f"{what} ({field.name})"] = value
    if shown.fit_images is not None:
        found["the images of fit"] = shown.fit_images
    return found


def _near(first: float, second: float, rounding: float = ROUNDING) -> bool:
    if np.isnan(first) and np.isnan(second):
        return True
    return abs(first - second) <= rounding * max(1.0, abs(first), abs(second))


CHECKS: tuple[Check[MetricSubject], ...] = checks_of(
    (
        spec,
        params,
        measures,
        best_end,
        order_of_images,
        mean_of_images,
        missing_keypoints,
        unchanged_inputs,
        repeatable,
        wrong_shapes,
        undefined,
    )
)
