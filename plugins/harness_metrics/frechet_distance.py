"""The Frechet distance in the features of any extractor, under the extractor's own name."""

from __future__ import annotations

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fid import measured
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import FrechetParams


class FrechetDistance(Metric):
    """Frechet distance of generated and real images in the features of a named extractor.

    Lower is better; squared units of the features. What `fid` says of the distance, of images and
    of counts holds here too, but values of different extractors have nothing in common: the
    extractor is part of the score. Networks of timm see images resized as they want them, without
    a crop. `face_attributes` is trained on the suite's own labels; `details` then says how well it
    tells those of the test images. Training rounds otherwise on another kind of processor, so its
    values are comparable to the last digit on one machine and to a few percent between two.

    Source: as `fid`, with other features (this project's own).
    """

    params: FrechetParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """The distance of all generated from all real images.

        Raises:
            UnknownName: there is no such extractor.
            ConfigError: a network of timm without the name of its weights.
            AssetMissing: its weights are not on this machine.
            DataError: they are other weights, the suite has no labels for an extractor that is
                trained on them, or there are too few real images.
        """
        return measured(ImageSets.of(evaluation, self.params))
