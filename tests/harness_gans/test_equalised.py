"""Layers with equalised learning rates: their scale, their pace, and the normalisation."""

import pytest
import torch

from harness_gans.equalised import EqualisedConv2d, EqualisedLinear, normalised


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_weights_are_standard_normal_and_outputs_have_the_gain_as_deviation():
    linear = EqualisedLinear(400, 300, gain=3.0)
    convolution = EqualisedConv2d(40, 50, 3, gain=3.0)
    with torch.no_grad():
        for layer in (linear, convolution):
            layer.draw(seeded())
            assert layer.weight.std() == pytest.approx(1.0, abs=0.02)
        values = linear(torch.randn(200, 400, generator=seeded(1)))
        maps = convolution(torch.randn(8, 40, 10, 10, generator=seeded(1)))[..., 1:-1, 1:-1]
    assert values.std() == pytest.approx(3.0, rel=0.03)
    assert maps.std() == pytest.approx(3.0, rel=0.03)


def test_values_of_a_linear_layer_with_a_rate_by_hand():
    layer = EqualisedLinear(4, 1, gain=3.0, rate=0.5, start=1.0)
    with torch.no_grad():
        layer.weight.fill_(2.0)
        # 3 * 0.5 / root 4 * 2 * (1 + 2 + 3 + 4) + 1
        assert layer(torch.tensor([[1.0, 2.0, 3.0, 4.0]])).item() == pytest.approx(16.0)


def test_a_rate_changes_the_pace_but_not_what_is_drawn():
    slow, fast = EqualisedLinear(8, 8, rate=0.01), EqualisedLinear(8, 8)
    values = torch.randn(5, 8, generator=seeded())
    with torch.no_grad():
        for layer in (slow, fast):
            layer.draw(seeded(3))
    before = fast(values).detach()
    assert torch.allclose(slow(values), before, atol=1e-5)
    for layer in (slow, fast):
        optimiser = torch.optim.Adam(layer.parameters(), 1e-3)
        layer(values).square().sum().backward()
        optimiser.step()
    with torch.no_grad():
        ratio = (slow(values) - before).norm() / (fast(values) - before).norm()
    assert ratio.item() == pytest.approx(0.01, rel=0.05)


def test_values_of_a_convolution_by_hand():
    layer = EqualisedConv2d(4, 2, 3, gain=2.0)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.copy_(torch.tensor([0.0, 0.5]))
        centre = layer(torch.ones(1, 4, 3, 3))[0, :, 1, 1]
    # 2 / root 36 * 36
    assert centre.tolist() == pytest.approx([12.0, 12.5])
    assert EqualisedConv2d(4, 2, 1, bias=False).bias is None


def test_normalisation_of_three_and_four():
    got = normalised(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    assert got[0].tolist() == pytest.approx([0.848528, 1.131371], abs=1e-6)
    maps = torch.randn(2, 5, 3, 3, generator=seeded())
    assert torch.allclose(normalised(maps).square().mean(dim=1), torch.ones(2, 3, 3), atol=1e-5)
    assert normalised(torch.zeros(1, 4)).isfinite().all()
