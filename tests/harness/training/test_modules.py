from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import DataError, RecordError
from harness.training.images import FitImages
from harness.training.modules import (
    is_shown,
    joint_state,
    load_joint_state,
    parameter_count,
    placed,
    require_images,
    untouched_randomness,
)

CPU = torch.device("cpu")


def networks(seed: int, width: int = 4) -> dict[str, nn.Module]:
    """Two modules with drawn weights; the norm of the first has seen something."""
    found = {
        "pose": nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width)),
        "pose2": nn.Linear(2, 3),
    }
    generator = torch.Generator().manual_seed(seed)
    for module in found.values():
        for parameter in module.parameters():
            nn.init.normal_(parameter, generator=generator)
    found["pose"](torch.rand(2, 3, 6, 6, generator=generator))
    return found


def test_layers_are_built_without_touching_the_global_randomness() -> None:
    before = torch.random.get_rng_state()
    with untouched_randomness():
        nn.Linear(3, 3)
        torch.rand(5)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_convolution_weights_are_placed_channels_last() -> None:
    net = nn.Sequential(nn.Conv2d(8, 4, 3), nn.Linear(4, 2))
    before = net[0].weight.clone()
    assert placed(net, CPU) is net
    assert net[0].weight.stride() == (72, 1, 24, 8)
    assert torch.equal(net[0].weight, before)


def test_a_joint_state_holds_everything_under_its_module() -> None:
    state = joint_state(networks(0))
    weights = ("weight", "bias")
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    assert set(state) == {
        *(f"pose.0.{name}" for name in weights),
        *(f"pose.1.{name}" for name in (*weights, *statistics)),
        *(f"pose2.{name}" for name in weights),
    }


def test_a_joint_state_is_restored_to_the_last_bit_in_evaluation() -> None:
    saved, other = networks(0), networks(1)
    placed(saved["pose"], CPU).eval()
    load_joint_state(other, joint_state(saved), "toy")
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    assert torch.equal(other["pose"](images), saved["pose"](images))
    assert torch.equal(other["pose2"].weight, saved["pose2"].weight)  # type: ignore[arg-type]
    assert not any(module.training for module in other.values())
    weight = other["pose"][0].weight  # type: ignore[index]
    assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("flaw", ["width", "missing"])
def test_a_state_of_another_configuration_is_refused_in_one_sentence(flaw: str) -> None:
    state = joint_state(networks(0, width=5 if flaw == "width" else 4))
    if flaw == "missing":
        del state["pose.0.bias"]
    with pytest.raises(RecordError) as caught:
        load_joint_state(networks(0), state, "toy")
    said = str(caught.value)
    start, end = "toy: the saved pose does not fit this configuration (", "it was trained with."
    assert said.startswith(start)
    assert said.endswith(end)
    assert "\n" not in said


def test_only_trainable_parameters_are_counted() -> None:
    found = networks(0)
    assert parameter_count(found) == (3 * 4 * 9 + 4) + (4 + 4) + (2 * 3 + 3)
    found["pose"].requires_grad_(False)
    assert parameter_count(found) == 9


def images(count: int) -> FitImages:
    return FitImages(np.zeros((count, 3, 4, 4), np.uint8), seed=0)


@pytest.mark.parametrize(("count", "found"), [(1, "1 image"), (2, "2 images")])
def test_too_few_images_are_refused(count: int, found: str) -> None:
    said = f"toy: the role 'fit' has {found}, expected at least 3; give more images."
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        require_images(images(count), 3, "toy")


def test_enough_images_are_accepted() -> None:
    require_images(images(3), 3, "toy")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [0]),
        (3, [0, 1, 2]),
        (10, list(range(10))),
        (15, [1, 3, 5, 7, 9, 11, 13, 14]),
        (25, [2, 5, 8, 11, 14, 17, 20, 23, 24]),
        (100, list(range(9, 100, 10))),
        (5000, list(range(499, 5000, 500))),
    ],
)
def test_pictures_are_shown_ten_times_at_most_and_at_the_end(
    steps: int, expected: list[int]
) -> None:
    assert [step for step in range(steps) if is_shown(step, steps)] == expected
