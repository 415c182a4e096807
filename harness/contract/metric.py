"""What a metric implements."""

from __future__ import annotations

from abc import ABC, abstractmethod

from harness.contract.arrays import Evaluation, Measurement
from harness.contract.config import Options


class Metric(ABC):
    """Predictions and truth to a score; constructed with the suite's parameters.

    Args:
        params: the validated parameter model named by the spec.
    """

    def __init__(self, params: Options) -> None:
        self.params = params

    @abstractmethod
    def measure(self, evaluation: Evaluation) -> Measurement:
        """The score of one evaluation.

        Accumulates in float64 and does not depend on the order of the images.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: the truth or the predictions cannot be scored at all.
        """
