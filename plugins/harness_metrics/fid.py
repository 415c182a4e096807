"""The Frechet Inception distance."""

from __future__ import annotations

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.features.choice import INCEPTION, build_extractor
from harness_metrics.frechet import frechet_distance
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import ImageSetParams


class Fid(Metric):
    """Frechet distance of generated and real images in the features of the Inception of 2015.

    Lower is better; squared units of the features. Only the network that FID is defined by counts,
    with pytorch-fid's port of its weights: images of 8 bits are enlarged to 299 pixels bilinearly,
    the features are its 2,048 pooled ones, covariances have the divisor n - 1. The distance itself
    is computed without a matrix square root (see `frechet`), which agrees with pytorch-fid's where
    that is right, and is exact for fewer images than features too.

    The distance falls with the number of images, so that only values of equal `count` can be
    compared. There is no interval: images drawn with repeats shrink a covariance. Repeat it with
    other seeds. The real images are those the method learned on, or those of role `test` (parameter
    `real`); their mean and covariance are kept in the cache.

    Source: Heusel et al. 2017; He et al. 2021 (section 4.4) and He et al. 2022 (appendix C) count
        50,000 generated images.
    """

    params: ImageSetParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """The distance of all generated from all real images.

        Raises:
            AssetMissing: the published weights are not on this machine.
            DataError: they are other weights, or there are too few real images.
        """
        extractor = build_extractor(INCEPTION, evaluation)
        return measured(ImageSets(evaluation, self.params, extractor))


def measured(sets: ImageSets) -> Measurement:
    """The Frechet distance in the features of any extractor."""
    real = sets.real_statistics().gaussian()
    made = sets.generated_statistics().gaussian()
    details = {
        "squared distance of the means": float(((made.mean - real.mean) ** 2).sum()),
        "variance of generated images": made.variance(),
        "variance of real images": real.variance(),
    }
    return Measurement(frechet_distance(made, real), details={**details, **sets.details()})
