"""Named values that a checkpoint can hold."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Stored(Generic[Value]):
    """Tensors or numbers by name; what a loop finds and may lose when it is killed.

    Attributes:
        values: by name; tensors on the CPU.
    """

    def __init__(self, **values: Value) -> None:
        self.values = values

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def state_dict(self) -> dict[str, Any]:
        """The values."""
        return dict(self.values)

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Restore what `state_dict` gave."""
        self.values = dict(state_dict)
