"""The oracle of captions: which captions fit an image, as a vector in which captions lie too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.contract import Samples
from harness.errors import DataError
from harness_editing.oracles.captions.config import CaptionOracleConfig
from harness_editing.oracles.captions.encoders import Encoder, build_encoder
from harness_editing.oracles.supervised import SupervisedOracle


class CaptionOracle(SupervisedOracle):
    """Answers with embeddings of length 1, near that of the caption an image would have."""

    owner = "caption_oracle"
    conditions = "embedding"

    @cached_property
    def encoder(self) -> Encoder:
        """What turns captions into vectors, made when it is first needed."""
        return build_encoder(cast(CaptionOracleConfig, self.settings).encoder)

    def targets(self, samples: Samples) -> Tensor:
        """The embeddings of the captions, NaN for images with an empty one.

        Raises:
            DataError: there are no captions.
            UserError, AssetMissing: see `build_encoder`.
        """
        if samples.captions is None:
            raise DataError(
                f"{self.owner} learns from captions, which the labelled images do not have; choose "
                "a dataset with captions or another oracle."
            )
        # Many images share a caption, and an encoder may be slow.
        different, places = np.unique(np.array(samples.captions, dtype=str), return_inverse=True)
        texts = [str(text) for text in different]
        vectors = self.encoder(texts)
        vectors[[not text.strip() for text in texts]] = torch.nan
        return vectors[torch.from_numpy(places)]

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """1 minus the cosine, mean over the images with a caption."""
        known = wanted.isfinite().all(dim=1)
        cosines = F.cosine_similarity(outputs[known], wanted[known], dim=1)
        return (1.0 - cosines).sum() / known.sum().clamp_min(1)

    def conditions_of(self, outputs: Tensor) -> Tensor:
        """The network's numbers, brought to length 1."""
        return F.normalize(outputs, dim=1)

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions `[N]` as embeddings `float32 [N, C]` of length 1, on the network's device.

        Raises:
            UserError, AssetMissing: see `build_encoder`.
        """
        return self.encoder(captions).to(self._learned().head.weight.device)
