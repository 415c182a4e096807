from typing import Any

import pytest
import torch
from torch import nn

from harness.contract import MethodConfig
from harness.errors import RecordError
from harness.training.method import NetworkMethod


class Toy(NetworkMethod):
    owner = "toy"

    def __init__(self, width: int = 2) -> None:
        super().__init__(MethodConfig(), 1, 8)
        self.kept_net = nn.Conv2d(3, width, 3)
        self.other = nn.Linear(5, 5)

    def fit(self, images: Any, run: Any) -> None:
        """Nothing to learn."""

    def kept(self) -> dict[str, nn.Module]:
        return {"net": self.kept_net}


def test_only_the_kept_networks_are_saved_and_counted() -> None:
    toy = Toy()
    assert set(toy.state_dict()) == {"net.weight", "net.bias"}
    assert toy.parameter_count() == 3 * 2 * 9 + 2


def test_weights_come_back_to_the_last_bit_in_evaluation() -> None:
    saved, fresh = Toy(), Toy()
    fresh.load_state_dict(saved.state_dict())
    assert torch.equal(fresh.kept_net.weight, saved.kept_net.weight)
    assert not fresh.kept_net.training


def test_weights_of_another_width_are_refused_with_the_methods_name() -> None:
    with pytest.raises(RecordError, match="toy: the saved net does not fit"):
        Toy().load_state_dict(Toy(width=3).state_dict())


def test_kept_networks_move_in_channels_last_order() -> None:
    toy = Toy()
    toy.to(torch.device("cpu"))
    assert toy.kept_net.weight.is_contiguous(memory_format=torch.channels_last)
