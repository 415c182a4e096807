"""Principal components of latents, found block by block."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

#: What scikit-learn's incremental PCA knows after a block; all that it needs for the next one.
LEARNED = (
    "components_",
    "singular_values_",
    "explained_variance_",
    "mean_",
    "var_",
    "n_samples_seen_",
)


class Components:
    """Scikit-learn's incremental PCA as something that a checkpoint can hold.

    Args:
        count: K, how many components.

    Source: Härkönen et al. 2020; official code, `decomposition.compute` and
    `estimators.IPCAEstimator`. Between blocks only K components are kept, so the result is exact
    for one block or where K = D, and near it else.
    """

    def __init__(self, count: int) -> None:
        from sklearn.decomposition import IncrementalPCA

        self._pca: Any = IncrementalPCA(n_components=count)

    def add(self, latents: Tensor) -> None:
        """Learn from one more block `[B, D]`, B and D not below K."""
        self._pca.partial_fit(latents.detach().cpu().double().numpy())

    @property
    def directions(self) -> Tensor:
        """The components `float32 [K, D]`, unit rows, largest variance first; signs say nothing."""
        return torch.from_numpy(self._pca.components_.copy()).float()

    @property
    def deviations(self) -> Tensor:
        """Standard deviations of the latents along them, `float32 [K]`; divisor N - 1."""
        return torch.from_numpy(self._pca.explained_variance_.copy()).sqrt().float()

    def state_dict(self) -> dict[str, Any]:
        """What was learned; nothing before the first block."""
        known = [name for name in LEARNED if hasattr(self._pca, name)]
        return {name: torch.as_tensor(getattr(self._pca, name)) for name in known}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Restore what `state_dict` gave."""
        for name, value in state_dict.items():
            setattr(self._pca, name, value.numpy() if value.dim() else value.item())
        if "mean_" in state_dict:
            self._pca.n_features_in_ = len(state_dict["mean_"])
