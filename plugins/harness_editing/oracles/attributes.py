"""The oracle of attributes: how probable each is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.contract import Samples
from harness.errors import DataError
from harness_editing.oracles.supervised import SupervisedOracle


class AttributeOracle(SupervisedOracle):
    """Answers with probabilities in [0, 1], in the dataset's order of attributes."""

    owner = "attribute_oracle"
    conditions = "attributes"

    def targets(self, samples: Samples) -> Tensor:
        """The attributes, 0 or 1, NaN where unknown.

        Raises:
            DataError: there are none.
        """
        if samples.attributes is None:
            raise DataError(
                f"{self.owner} learns from attributes, which the labelled images do not have; "
                "choose a dataset with attributes or another oracle."
            )
        return torch.from_numpy(np.array(samples.attributes, np.float32))

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Cross-entropy of logits, mean over the known attributes."""
        known = wanted.isfinite()
        wrong = F.binary_cross_entropy_with_logits(
            outputs, wanted.nan_to_num(0.0), weight=known.float(), reduction="sum"
        )
        return wrong / known.sum().clamp_min(1)

    def conditions_of(self, outputs: Tensor) -> Tensor:
        """Probabilities of logits."""
        return outputs.sigmoid()
