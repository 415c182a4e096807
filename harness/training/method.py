"""The base of methods whose whole state lies in networks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.contract import Method
from harness.training.modules import joint_state, load_joint_state, parameter_count, placed

if TYPE_CHECKING:
    from torch import Tensor, device
    from torch.nn import Module


class NetworkMethod(Method):
    """A method that keeps, restores, moves and counts the networks it names.

    Attributes:
        owner: the method's name, for messages.
    """

    owner: ClassVar[str]

    @abstractmethod
    def kept(self) -> Mapping[str, Module]:
        """The networks that prediction needs, by name."""

    def state_dict(self) -> dict[str, Tensor]:
        """Weights of the kept networks, prefixed by their names."""
        return joint_state(self.kept())

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave.

        Raises:
            RecordError: the state belongs to another configuration.
        """
        load_joint_state(self.kept(), state, self.owner)

    def to(self, device: device) -> None:
        """Move the kept networks."""
        for module in self.kept().values():
            placed(module, device)

    def parameter_count(self) -> int:
        """Trainable parameters of the kept networks."""
        return parameter_count(self.kept())
