"""How different generated images are from each other, beside real ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fields import Floats
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import ExtractorParams


class Diversity(Metric):
    """Mean distance of two generated images in feature space, over that of two real ones.

    Higher is better up to 1, which is the variety of the real images; 0 is a generator that always
    draws the same image. Noise can be more than 1, so read it beside `precision_recall`. Images are
    taken in pairs without a common image: generated ones as they come, real ones in random order
    (parameter `seed`), since neighbours in a dataset may be frames of one video.

    `details` holds both mean distances with their standard errors over pairs. Features are those of
    the parameter `extractor`, distances Euclidean. It is not LPIPS, whose features are those of
    every pixel and whose weights were fitted to people's answers.

    Source: the means over pairs follow Zhu et al. 2017 (section 5); features and ratio are this
        project's own.
    """

    params: ExtractorParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Ratio of the two mean distances.

        Raises:
            UnknownName: there is no such extractor.
            ConfigError: a network of timm without the name of its weights.
            AssetMissing: its weights are not on this machine.
            DataError: they are other weights, or the images or labels are missing.
        """
        sets = ImageSets.of(evaluation, self.params)
        order = np.random.default_rng(self.params.seed)
        real = pair_distances(order.permutation(sets.real_features()))
        made = pair_distances(sets.generated_features())
        details = {
            "mean distance of generated images": float(made.mean()),
            "standard error of generated images": _standard_error(made),
            "mean distance of real images": float(real.mean()),
            "standard error of real images": _standard_error(real),
        }
        value = float(made.mean() / real.mean()) if real.any() else float("nan")
        return Measurement(value, details={**details, **sets.details()})


def pair_distances(features: NDArray[np.floating]) -> Floats:
    """Distances `float64 [N // 2]` of the first and second, third and fourth, ... of `[N, d]`.

    >>> pair_distances(np.array([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]])).tolist()
    [5.0]
    """
    whole = len(features) // 2 * 2
    rows = features[:whole].astype(np.float64)
    apart = rows[0::2] - rows[1::2]
    return np.asarray(np.linalg.norm(apart, axis=1))


def _standard_error(values: Floats) -> float:
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1) / np.sqrt(len(values)))
