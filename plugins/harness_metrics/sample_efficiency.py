"""How the landmark error falls with the number of labelled images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.contract import Curve, Evaluation, Measurement, Metric
from harness_metrics.fields import (
    Floats,
    Landmarks,
    check_ids,
    landmarks_of,
    mean_over_images,
    nonzero,
)
from harness_metrics.inter_ocular_error import InterOcularError
from harness_metrics.landmark_error import LandmarkError
from harness_metrics.landmark_metric import (
    LabelledKeypoints,
    LandmarkMetric,
    image_errors,
    image_size,
    labelled_keypoints,
)
from harness_metrics.landmark_regression import IMAGE_CENTRE, Regression
from harness_metrics.params import SampleEfficiencyParams

Indices = NDArray[np.int64]

#: Errors `float64 [draws, N]` of the test images, by the number of labelled images.
Line = Mapping[int, Floats]

MINIMUM_NORM, RIDGE = "minimum norm", "ridge"

#: Numbers of labelled images, as in figure 3 of Jakab et al. 2018 with more steps; then all.
SIZES = (1, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)

#: The value is an area that begins at this many labelled images.
AREA_FROM = 10

#: From this many labelled images on, draws hardly differ and fewer are made.
MANY = 1000


class SampleEfficiency(Metric):
    """Mean landmark error over the logarithm of the number n of labelled images.

    Lower is better; percent of the distance between the eyes or of the image edge (parameter
    `normaliser`). For n = 1, 5, 10, 20, 50, 100, 200, 500, 1000, 5000 and all labelled images of
    role `regress`, the linear map from keypoints to landmarks is fitted on n of them by ridge
    regression and scored on the test images; the value is the area under the mean error against
    log10(n) from n = 10 to all, by trapezia, divided by that range of the logarithm. With exactly
    10 labelled images it is the error there, with fewer it is undefined.

    The n images are the first of a permutation, so that the subsets of a draw are nested; the
    permutations follow from the parameter `seed` and the images' ids alone, so that all methods
    meet the same subsets. `details` holds mean and standard deviation (divisor draws - 1) over
    draws for every n, for the ridge regression and for the fit of minimum norm, which published
    curves have; `also` the area under the latter.

    The fit of minimum norm peaks where n equals the number 2K of coordinates: there it just passes
    through every labelled image, and directions in which these hardly vary get huge weights. The
    peak belongs to the estimator, not to the keypoints, and where 2K is one of the numbers n, it
    alone would decide the area; so the ridge curve, which has none, gives the value.

    Missing keypoints, landmarks and lengths count as in the landmark errors; a landmark that a
    subset shows in no image is predicted at the image centre and counted, for every subset once.
    Labelled images without a visible landmark are left out. Methods that name landmarks themselves
    fit nothing and have no value. `per_image` is the area of each image; its interval holds the
    subsets fixed.

    Source: Jakab et al. 2018 (figure 3), with an area that the paper does not have.
    """

    params: SampleEfficiencyParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """The area, with the curve it belongs to.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: landmarks, keypoints or labelled images are missing.
            ConfigError: an eye names a landmark that the dataset does not have.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        truth = landmarks_of(evaluation.test_truth, "test")
        if evaluation.test.keypoints is None and evaluation.test.landmarks is not None:
            return _undefined("images: landmarks named by the method itself", len(truth.points))
        given = labelled_keypoints(evaluation, truth)
        lengths, excluded = self._normaliser().scored_lengths(truth, image_size(evaluation))
        order = _labelled_in_order(given)
        if len(order) < AREA_FROM:
            reason = f"labelled images: too few, the value needs {AREA_FROM}"
            return _undefined(reason, len(order))
        subsets = self._subsets(order)
        lines = self._lines(given, subsets, truth, lengths)
        unlabelled = sum(
            int((~given.labels.visible[images].any(axis=0)).sum())
            for draws in subsets.values()
            for images in draws
        )
        counts = {
            "images of regress: no landmark visible": len(given.ids) - len(order),
            "landmarks: not visible in a subset, set to image centre": unlabelled,
        }
        return _measurement(lines, nonzero({**excluded, **counts, **given.missing()}), self._unit())

    def _normaliser(self) -> LandmarkMetric:
        if self.params.normaliser == "edge":
            return LandmarkError(self.params)
        return InterOcularError(self.params)

    def _unit(self) -> str:
        edge = self.params.normaliser == "edge"
        return "% of image edge" if edge else "% of inter-ocular distance"

    def _subsets(self, order: Indices) -> dict[int, list[Indices]]:
        """Positions of the labelled images of every draw, by their number."""
        permuted = [
            np.random.default_rng([self.params.seed, draw]).permutation(order)
            for draw in range(max(self.params.draws, self.params.draws_of_many))
        ]
        subsets = {
            size: [
                images[:size]
                for images in permuted[
                    : self.params.draws_of_many if size >= MANY else self.params.draws
                ]
            ]
            for size in SIZES
            if size < len(order)
        }
        return {**subsets, len(order): [order]}

    def _lines(
        self,
        given: LabelledKeypoints,
        subsets: Mapping[int, Sequence[Indices]],
        truth: Landmarks,
        lengths: Floats,
    ) -> dict[str, Line]:
        params = self.params
        regression = Regression(
            given.keypoints, given.labels, given.test, origin=params.origin, bias=params.bias
        )

        def errors(images: Indices, ridge: float) -> Floats:
            predicted = regression.predict(images, ridge=ridge)
            return image_errors(np.nan_to_num(predicted, nan=IMAGE_CENTRE), truth, lengths)

        return {
            name: {
                size: np.array([errors(images, ridge) for images in draws])
                for size, draws in subsets.items()
            }
            for name, ridge in ((MINIMUM_NORM, 0.0), (RIDGE, params.ridge))
        }


def area_weights(sizes: Sequence[int]) -> Floats:
    """Weights `float64 [S]` that turn values at these numbers of images into the area.

    Args:
        sizes: increasing numbers of labelled images, the last at least `AREA_FROM`.

    Returns:
        Zero before `AREA_FROM`, trapezia in log10 from there on, with sum 1.

    >>> area_weights([1, 10, 100, 1000]).tolist()
    [0.0, 0.25, 0.5, 0.25]
    """
    weights = np.zeros(len(sizes))
    inside = [place for place, size in enumerate(sizes) if size >= AREA_FROM]
    if len(inside) == 1:
        weights[inside] = 1.0
        return weights
    logarithms = np.log10([sizes[place] for place in inside])
    widths = np.diff(logarithms) / 2 / (logarithms[-1] - logarithms[0])
    weights[inside[:-1]] += widths
    weights[inside[1:]] += widths
    return weights


def _undefined(reason: str, count: int) -> Measurement:
    return Measurement(value=float("nan"), excluded=nonzero({reason: count}))


def _labelled_in_order(given: LabelledKeypoints) -> Indices:
    """Positions of the images with a visible landmark, sorted by id: the file's order is chance."""
    labelled = np.flatnonzero(given.labels.visible.any(axis=1))
    order: Indices = labelled[np.argsort([given.ids[i] for i in labelled.tolist()], kind="stable")]
    return order


def _measurement(lines: Mapping[str, Line], excluded: dict[str, int], unit: str) -> Measurement:
    sizes = list(lines[MINIMUM_NORM])
    weights = area_weights(sizes)
    areas = {
        name: weights @ np.array([draws.mean(axis=0) for draws in line.values()])
        for name, line in lines.items()
    }
    means = {name: _over_draws(line, np.mean) for name, line in lines.items()}
    spreads = {name: _over_draws(line, _deviation) for name, line in lines.items()}
    details = {}
    for place, size in enumerate(sizes):
        label = "n=all" if place == len(sizes) - 1 else f"n={size}"
        for name, words in ((MINIMUM_NORM, label), (RIDGE, f"{label} ridge")):
            details[words] = float(means[name][place])
            details[f"{words} std"] = float(spreads[name][place])
    return Measurement(
        value=mean_over_images(areas[RIDGE]),
        per_image=areas[RIDGE],
        excluded=excluded,
        also={MINIMUM_NORM: mean_over_images(areas[MINIMUM_NORM])},
        details=details,
        curve=Curve(
            x=np.array(sizes, dtype=np.float64),
            lines=means,
            x_label="labelled images",
            y_label=f"mean error ({unit})",
            spreads=spreads,
            log=True,
        ),
    )


def _over_draws(line: Line, statistic: Callable[[Floats], np.floating | float]) -> Floats:
    """A statistic `float64 [S]` of the mean errors of the draws, for every number of images."""
    return np.array(
        [statistic(np.array([mean_over_images(draw) for draw in draws])) for draws in line.values()]
    )


def _deviation(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0
