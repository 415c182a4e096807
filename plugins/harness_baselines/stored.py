"""What the baselines share: a few stored tensors, and labels that must be there."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, device

from harness.contract import Method, MethodConfig, Run, Samples
from harness.errors import DataError, RecordError, RunError


class StoredBaseline(Method):
    """A method whose whole knowledge is a few tensors."""

    #: Names of the stored tensors with their numbers of dimensions.
    STORED: ClassVar[dict[str, int]] = {}

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self._stored: dict[str, Tensor] = {}

    def store(self, **tensors: Tensor) -> None:
        """Keep what `fit` found."""
        self._stored = tensors

    def stored(self, name: str) -> Tensor:
        """A stored tensor.

        Raises:
            RunError: nothing was learned or loaded yet.
        """
        if name not in self._stored:
            raise RunError(f"{type(self).__name__} knows no {name} yet; call fit first.")
        return self._stored[name]

    def state_dict(self) -> dict[str, Tensor]:
        """The stored tensors."""
        return dict(self._stored)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take stored tensors over.

        Raises:
            RecordError: names or dimensions are those of another method.
        """
        got = {name: tensor.ndim for name, tensor in state.items()}
        if got != self.STORED:
            raise RecordError(
                f"{type(self).__name__} stores tensors of dimensions {self.STORED}, but the state "
                f"has {got}: it belongs to another method."
            )
        self._stored = dict(state)

    def to(self, device: device) -> None:
        """Move the stored tensors."""
        self._stored = {name: tensor.to(device) for name, tensor in self._stored.items()}


def labelled(run: Run, method: str) -> Samples:
    """The labelled samples of a run.

    Raises:
        DataError: there are none.
    """
    if run.labelled is None or not len(run.labelled):
        raise DataError(
            f"{method} needs labelled images: the suite has no split of role 'regress'."
        )
    return run.labelled
