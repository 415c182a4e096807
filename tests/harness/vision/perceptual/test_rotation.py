"""The network that learns which way up an image is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from harness.training.images import FitImages
from harness.training.run import TrainingRun
from harness.vision.perceptual.rotation import (
    RotationNet,
    middle,
    quarter_turns,
    train_rotation_net,
)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def slopes(count: int, seed: int, size: int = 16) -> Tensor:
    """Noisy pictures that grow brighter from top to bottom, in every piece of them."""
    noise = torch.randint(0, 40, (count, 3, size, size), generator=seeded(seed))
    return (noise + torch.linspace(0, 200, size)[:, None]).byte()


def new_run(folder: Path) -> TrainingRun:
    return TrainingRun(folder, "toy", seed=0, device=torch.device("cpu"))


def trained(folder: Path, steps: int) -> RotationNet:
    net = RotationNet()
    run = new_run(folder)
    train_rotation_net(net, FitImages(slopes(128, 1).numpy(), seed=0), run, steps)
    return net


def stirred() -> RotationNet:
    """A network with drawn weights whose norms have seen images and are not the identity."""
    net = RotationNet()
    net.draw(seeded())
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        nn.init.normal_(norm.weight, generator=seeded(1))
        nn.init.normal_(norm.bias, generator=seeded(2))
    net.train()(slopes(32, 3).float())
    return net


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_every_image_is_turned_by_its_own_number(order: torch.memory_format) -> None:
    images = torch.randint(0, 255, (6, 3, 5, 5), generator=seeded()).byte()
    images = images.contiguous(memory_format=order)
    turns = torch.tensor([0, 1, 2, 3, 1, 0])
    before = images.clone()
    got = quarter_turns(images, turns)
    for one, image, quarters in zip(got, images, turns.tolist(), strict=True):
        assert torch.equal(one, torch.rot90(image, quarters, (1, 2)))
    assert torch.equal(images, before)


def test_a_quarter_turn_is_counter_clockwise() -> None:
    image = torch.tensor([[1, 2], [3, 4]])[None, None]
    assert quarter_turns(image, torch.tensor([1])).tolist() == [[[[2, 4], [1, 3]]]]


def test_the_way_up_is_learned_in_few_steps(tmp_path: Path) -> None:
    net = trained(tmp_path, steps=40)
    turns = torch.randint(0, 4, (200,), generator=seeded(5))
    fresh = quarter_turns(slopes(200, seed=6), turns).float()
    with torch.no_grad():
        right = (net.logits(fresh).argmax(1) == turns).float().mean()
    assert right > 0.95
    assert not net.training
    assert not any(parameter.requires_grad for parameter in net.parameters())


def test_the_accuracy_is_logged(tmp_path: Path) -> None:
    trained(tmp_path, steps=20)
    curves = (tmp_path / "curves.csv").read_text()
    assert "rotation_accuracy" in curves
    assert "rotation_net" in curves


def test_a_finished_training_is_restored_and_not_repeated(tmp_path: Path) -> None:
    first = trained(tmp_path, steps=5)
    checkpoint = tmp_path / "checkpoints" / "rotation_net.pt"
    written = checkpoint.stat().st_mtime_ns
    again = trained(tmp_path, steps=5)
    assert checkpoint.stat().st_mtime_ns == written
    states = first.state_dict(), again.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_no_steps_leave_the_start_weights(tmp_path: Path) -> None:
    expected = RotationNet()
    expected.draw(new_run(tmp_path / "other").generator("rotation_net"))
    images = slopes(4, 0).float()
    got = trained(tmp_path / "none", steps=0)(images)
    for one, other in zip(got, expected.fold()(images), strict=True):
        torch.testing.assert_close(one, other)


def test_folded_norms_give_the_same_features() -> None:
    net = stirred().eval()
    images = slopes(4, seed=7).float()
    with torch.no_grad():
        before, logits = net(images), net.logits(images)
        folded = net.fold()
        after = folded(images)
    assert folded is net
    assert not any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    for one, other in zip(after, before, strict=True):
        # Features reach 10; sums of up to 576 products are rounded differently.
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(net.logits(images), logits, atol=1e-4, rtol=1e-4)


def test_there_are_as_many_features_as_layers_from_shallow_to_deep() -> None:
    net = stirred().eval()
    features = net(slopes(2, seed=0).float())
    assert len(features) == net.layers == 4
    shapes = [tuple(maps.shape) for maps in features]
    assert shapes == [(2, 16, 16, 16), (2, 32, 8, 8), (2, 32, 8, 8), (2, 64, 4, 4)]
    assert all(bool((maps >= 0).all()) for maps in features)


def test_start_weights_come_from_the_generator_alone() -> None:
    before = torch.random.get_rng_state()
    first, second, third = RotationNet(), RotationNet(), RotationNet()
    assert torch.equal(torch.random.get_rng_state(), before)
    for net, seed in ((first, 1), (second, 1), (third, 2)):
        net.draw(seeded(seed))
    images = slopes(1, 0).float()
    assert torch.equal(first.eval()(images)[3], second.eval()(images)[3])
    assert not torch.equal(first(images)[3], third.eval()(images)[3])
    assert not first.logits(images).any()


def test_grey_is_zero_to_the_network() -> None:
    net = stirred().eval()
    # 127.5 becomes 0, so the first convolution, which has no bias, gives 0 there.
    grey = net.blocks[0][0](torch.full((1, 3, 4, 4), 127.5) / 127.5 - 1.0)  # type: ignore[index]
    seen = net(torch.full((1, 3, 4, 4), 127.5))[0]
    norm = net.blocks[0][1]  # type: ignore[index]
    assert not grey.any()
    torch.testing.assert_close(seen, torch.relu(norm(torch.zeros(1, 16, 4, 4))))


def test_images_are_not_changed(tmp_path: Path) -> None:
    array = slopes(64, 2).numpy()
    before = array.copy()
    train_rotation_net(RotationNet(), FitImages(array, seed=0), new_run(tmp_path), 2)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(("share", "alike"), [(0.5, True), (1.0, False)])
def test_only_the_middle_of_the_images_teaches(tmp_path: Path, share: float, alike: bool) -> None:
    plain = slopes(64, 2)
    bordered = plain.clone()
    bordered[:, :, :4] = 0
    weights = []
    for number, images in enumerate((plain, bordered)):
        net, run = RotationNet(), new_run(tmp_path / str(number))
        train_rotation_net(net, FitImages(images.numpy(), seed=0), run, 2, share)
        weights.append(net.classifier.weight)
    assert torch.equal(*weights) is alike


@pytest.mark.parametrize(
    ("share", "first", "side"), [(1.0, 0, 10), (0.6, 2, 6), (0.5, 2, 5), (0.01, 4, 1)]
)
def test_middle_of_images(share: float, first: int, side: int) -> None:
    images = torch.arange(10).expand(2, 3, 10, 10)
    got = middle(images, share)
    assert got.shape == (2, 3, side, side)
    assert got[1, 2, 0].tolist() == list(range(first, first + side))
