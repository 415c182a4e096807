"""The perceptual loss over a network of two known layers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.vision.perceptual import NETS, FeatureNet, PerceptualLoss, build_net
from harness.vision.perceptual.nets import Pixels


class Known(FeatureNet):
    """Three times the image, and the sum of every square of two by two pixels."""

    layers = 2

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(3.0))
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images: Tensor) -> list[Tensor]:
        return [self.factor * images, 4.0 * nn.functional.avg_pool2d(images, 2)]


def images() -> tuple[Tensor, Tensor]:
    """Two images of 4 x 4 pixels that differ by 2: in a checked pattern, and evenly."""
    real = 100.0 * torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    sign = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(2, 2)
    away = torch.stack((sign, torch.ones(4, 4)))[:, None] * 2.0
    return real + away, real


def known_loss(**changes: object) -> PerceptualLoss:
    return PerceptualLoss(Known(), **changes).train()  # type: ignore[arg-type]


def test_start_values_are_blended_with_the_first_batch_and_divide_it() -> None:
    # Sums of a checked pattern vanish, those of the even one are 8: their mean square is 32.
    terms = [4.0, 36.0, 32.0]
    start = (8.0, 6.0, 16.0)
    loss = known_loss(rate=0.25, start=start)
    means = [0.75 * old + 0.25 * new for old, new in zip(start, terms, strict=True)]
    expected = sum(term / mean for term, mean in zip(terms, means, strict=True))
    assert float(loss(*images())) == pytest.approx(expected, rel=1e-5)
    assert loss.means.tolist() == pytest.approx(means, rel=1e-5)
    means = [0.75 * old + 0.25 * new for old, new in zip(means, terms, strict=True)]
    loss(*images())
    assert loss.means.tolist() == pytest.approx(means, rel=1e-5)


def test_without_start_values_the_first_batch_counts_one_for_each_layer() -> None:
    loss = known_loss()
    assert float(loss(*images())) == pytest.approx(3.0, rel=1e-6)
    assert loss.means.tolist() == pytest.approx([4.0, 36.0, 32.0], rel=1e-5)


def test_in_equilibrium_the_loss_is_the_number_of_layers() -> None:
    loss = known_loss(rate=0.1, start=(1.0, 1000.0, 2.0))
    for _ in range(300):
        value = loss(*images())
    assert float(value) == pytest.approx(3.0, rel=1e-5)


def test_in_evaluation_the_means_stay_but_the_batch_is_blended_in() -> None:
    start = (8.0, 6.0, 16.0)
    training, evaluation = known_loss(start=start), known_loss(start=start).eval()
    assert float(evaluation(*images())) == float(training(*images()))
    assert evaluation.means.tolist() == list(start)


def test_the_network_never_trains() -> None:
    loss = known_loss()
    before = loss.net.norm.running_mean.clone()  # type: ignore[union-attr, operator]
    loss(*images())
    assert loss.training
    assert not loss.net.training
    assert torch.equal(loss.net.norm.running_mean, before)  # type: ignore[union-attr, arg-type]


def test_gradients_reach_the_drawn_images_alone() -> None:
    loss = known_loss(start=(8.0, 6.0, 16.0))
    drawn, real = (values.requires_grad_() for values in images())
    loss(drawn, real).backward()
    assert drawn.grad is not None
    assert real.grad is None
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_no_gradient_flows_through_the_means() -> None:
    drawn, real = images()
    loss = PerceptualLoss(Pixels(), rate=0.5, start=(8.0,)).train()
    drawn.requires_grad_()
    loss(drawn, real).backward()
    # (d - r)^2 / (0.5 * 8 + 0.5 * 4), with the denominator as a constant.
    expected = 2.0 * (drawn.detach() - real) / drawn.numel() / 6.0
    torch.testing.assert_close(drawn.grad, expected)


def test_a_mask_weighs_places_and_its_zeros_count() -> None:
    drawn, real = images()
    mask = torch.zeros(2, 1, 4, 4)
    mask[:, :, :2] = 1.0
    loss = known_loss()
    loss(drawn, real, mask)
    assert loss.means.tolist() == pytest.approx([2.0, 18.0, 16.0], rel=1e-5)


def test_a_mask_is_resized_bilinearly_to_every_layer() -> None:
    drawn, real = images()
    mask = torch.zeros(2, 1, 4, 4)
    # Of 2 x 2 places the mean of the four pixels counts: 0.25 in one place of four.
    mask[:, :, 1, 1] = 1.0
    loss = known_loss()
    loss(drawn, real, mask)
    expected = [4.0 / 16, 36.0 / 16, 32.0 * 0.25 / 4]
    assert loss.means.tolist() == pytest.approx(expected, rel=1e-5)


def test_absolute_differences_by_hand() -> None:
    # The image differs by 2, its triple by 6; sums of a checked pattern by 0, of an even one by 8.
    loss = known_loss(power=1)
    mask = torch.full((2, 1, 4, 4), 0.5)
    loss(*images(), mask)
    assert loss.means.tolist() == pytest.approx([1.0, 3.0, 2.0], rel=1e-5)


def test_equal_images_cost_nothing() -> None:
    _, real = images()
    assert float(known_loss()(real, real)) == 0.0


def test_half_precision_features_are_compared_in_full() -> None:
    drawn, real = images()
    loss = PerceptualLoss(Pixels()).train()
    # Squares above 65504 do not exist in float16.
    value = loss(1000.0 + drawn.half(), real.half())
    assert math.isfinite(float(value))
    assert value.dtype == torch.float32


def test_the_means_are_part_of_the_state() -> None:
    loss = known_loss()
    loss(*images())
    resumed = known_loss()
    resumed.load_state_dict(loss.state_dict())
    drawn, real = images()
    assert float(resumed(drawn + 1.0, real)) == float(loss(drawn + 1.0, real))
    assert torch.equal(resumed.means, loss.means)


def test_the_error_is_the_geometric_mean_of_the_means() -> None:
    loss = known_loss(start=(1.0, 8.0, 27.0))
    assert float(loss.error()) == pytest.approx(6.0)


@pytest.mark.parametrize("start", [(1.0,), (1.0, 2.0, 3.0, 4.0), (1.0, 0.0, 2.0)])
def test_start_values_must_fit_the_layers(start: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match=r"perceptual_start is .*, expected 3 numbers above 0"):
        known_loss(start=start)


def test_pixels_compare_the_images_alone() -> None:
    net = build_net("pixels")
    assert net(images()[0]) == []
    assert PerceptualLoss(net).means.shape == (1,)


def test_every_network_has_a_name() -> None:
    assert set(NETS) == {"vgg19_imagenet", "vgg16_colour", "rotation_net", "pixels"}
    assert build_net("rotation_net").layers == 4
