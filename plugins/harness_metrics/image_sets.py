"""The generated and the real images that metrics of image quality compare, as features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation
from harness.contract.assets import digest, kept_arrays
from harness.errors import DataError
from harness_metrics.features.choice import build_extractor
from harness_metrics.gaussian_statistics import FEWEST, GaussianStatistics

if TYPE_CHECKING:
    from harness_metrics.features.extractor import Extractor
    from harness_metrics.params import ExtractorParams, ImageSetParams

Features = NDArray[np.float32]
#: Real images that are read at once.
CHUNK = 256


@dataclass(frozen=True)
class ImageSets:
    """Generated and real images seen by one extractor.

    Attributes:
        evaluation: gives the images.
        params: how many, and which real ones.
        extractor: turns them into features.
    """

    evaluation: Evaluation
    params: ImageSetParams
    extractor: Extractor

    @classmethod
    def of(cls, evaluation: Evaluation, params: ExtractorParams) -> ImageSets:
        """The images seen by the extractor that the parameters name.

        Raises:
            UnknownName: there is no such extractor.
            ConfigError: a network of timm without the name of its weights.
            AssetMissing: its weights are not on this machine.
            DataError: they are other weights, or the suite has no labels to train it on.
        """
        extractor = build_extractor(params.extractor, evaluation, params.weights_sha256)
        return cls(evaluation, params, extractor)

    def generated(self) -> Iterator[Features]:
        """Features of generated images, batch by batch; no image is kept.

        Raises:
            DataError: the method draws no images.
        """
        if self.evaluation.sample is None:
            raise DataError("The method generates no images, which this metric compares.")
        for drawn in self.evaluation.sample(self.params.count, self.params.seed):
            yield self.extractor.features(drawn.images)

    def real_images(self) -> NDArray[np.uint8]:
        """The real images `uint8 [N, 3, S, S]`, on the disk where they are many.

        Raises:
            DataError: there are none of the wanted role, or too few.
        """
        test = self.params.real == "test"
        images = self.evaluation.test_truth.images if test else self.evaluation.fit_images
        if images is None:
            raise DataError(
                "The images that the method learned on are not known; compare with those of "
                "role 'test' (real = \"test\")."
            )
        chosen = images[: self.params.real_count]
        if len(chosen) < FEWEST:
            raise DataError(
                f"Role '{self.params.real}' has {len(chosen)} image, expected at least {FEWEST}."
            )
        return chosen

    def real(self) -> Iterator[Features]:
        """Features of the real images, batch by batch."""
        images = self.real_images()
        for start in range(0, len(images), CHUNK):
            yield self.extractor.features(images[start : start + CHUNK])

    def generated_statistics(self) -> GaussianStatistics:
        """Mean and covariance of the generated images' features."""
        return _statistics(self.generated())

    def real_statistics(self) -> GaussianStatistics:
        """Mean and covariance of the real images' features, from the cache where they are there."""
        arrays = kept_arrays(
            "real_statistics", self._key(), lambda: _statistics(self.real()).arrays()
        )
        return GaussianStatistics.from_arrays(arrays)

    def generated_features(self) -> Features:
        """All features of the generated images, `float32 [N, d]`."""
        return _checked(np.concatenate(list(self.generated())), "generated")

    def real_features(self) -> Features:
        """All features of the real images, `float32 [N, d]`, from the cache likewise."""
        arrays = kept_arrays(
            "real_features", self._key(), lambda: {"rows": np.concatenate(list(self.real()))}
        )
        return _checked(arrays["rows"], "real")

    def smaller(self) -> int:
        """Number of images of the smaller side."""
        return min(self.params.count, len(self.real_images()))

    def details(self) -> dict[str, float]:
        """How many images were compared, and how good the extractor is."""
        return {
            "generated images": float(self.params.count),
            "real images": float(len(self.real_images())),
            **self.extractor.facts,
        }

    def _key(self) -> dict[str, object]:
        return {"extractor": self.extractor.identity, "images": digest(self.real_images())}


def _statistics(batches: Iterator[Features]) -> GaussianStatistics:
    statistics = GaussianStatistics()
    for features in batches:
        statistics.update(features)
    return statistics


def _checked(features: Features, side: str) -> Features:
    wrong = ~np.isfinite(features).all(axis=1)
    if wrong.any():
        raise DataError(
            f"The features of {side} image {int(wrong.argmax())} are not finite; look at the "
            "image, or use another extractor."
        )
    return features
