"""F against a slow version, its layers' norms, and what its settings change."""

import pytest
import torch

from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.mapping import AuxiliaryMapping, SpectralLayers


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_layer_has_norm_1_after_drawing():
    layers = SpectralLayers(4, 6, 9, normalised=True)
    layers.draw(torch.Generator().manual_seed(0))
    largest = torch.linalg.svdvals(layers.layers()[0].detach())[:, 0]
    torch.testing.assert_close(largest, torch.ones(4), atol=1e-5, rtol=0)


def test_training_passes_follow_the_norm_of_changed_weights():
    layers = SpectralLayers(4, 6, 9, normalised=True)
    layers.draw(torch.Generator().manual_seed(0))
    changes = torch.randn(layers.weight.shape, generator=torch.Generator().manual_seed(1))
    layers.weight.data += 5.0 * changes
    far = torch.linalg.svdvals(layers.layers()[0].detach())[:, 0]
    for _ in range(100):
        layers.train().layers()
    near = torch.linalg.svdvals(layers.eval().layers()[0].detach())[:, 0]
    assert (far - 1.0).abs().max() > 0.01
    torch.testing.assert_close(near, torch.ones(4), atol=1e-3, rtol=0)


def test_the_power_method_stands_still_in_evaluation():
    layers = SpectralLayers(2, 3, 3, normalised=True)
    layers.draw(torch.Generator().manual_seed(0))
    layers.weight.data *= torch.tensor([1.0, 2.0, 3.0])
    before = layers.left.clone()
    layers.eval().layers()
    assert torch.equal(layers.left, before)
    layers.train().layers()
    assert not torch.equal(layers.left, before)


def test_layers_without_norm_are_plain():
    layers = SpectralLayers(2, 3, 4, normalised=False)
    layers.draw(torch.Generator().manual_seed(0))
    layers.weight.data *= 7.0
    assert torch.equal(layers.layers()[0], layers.weight)


def test_gradient_of_a_normalised_weight_is_that_of_its_division_by_the_norm():
    layers = SpectralLayers(1, 3, 3, normalised=True)
    layers.draw(torch.Generator().manual_seed(0))
    layers.weight.data = draw(1, 3, 3)
    layers.double()
    for _ in range(200):
        layers.train().layers()
    target = draw(3, 3, seed=1)
    (found,) = torch.autograd.grad((layers.eval().layers()[0][0] * target).sum(), layers.weight)
    weight = layers.weight.detach()[0].requires_grad_()
    divided = weight / torch.linalg.matrix_norm(weight, ord=2)
    (expected,) = torch.autograd.grad((divided * target).sum(), weight)
    torch.testing.assert_close(found[0], expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("adain", ["feature", "sample"])
@pytest.mark.parametrize("normalise_first", [True, False])
def test_mapping_equals_a_slow_version(drawn_mapping, adain, normalise_first):
    mapping = drawn_mapping(adain=adain, normalise_first=normalise_first)
    latents, conditions = 2.0 + 3.0 * draw(4, 5), draw(4, 3, seed=1)

    def slow(z, c):
        h = (z - mapping.latent_mean) / mapping.latent_deviation
        c = (c - mapping.condition_mean) * mapping.condition_scale
        divided = [
            stack.weight / torch.linalg.matrix_norm(stack.weight, ord=2)[:, None, None]
            for stack in (mapping.styles, mapping.linear)
        ]
        for k in range(3):
            style = divided[0][k] @ c + mapping.styles.bias[k]
            gamma, beta = style[: len(style) // 2], style[len(style) // 2 :]
            if k > 0 or normalise_first:
                h = (h - h.mean()) / (h.var(correction=0) + 1e-5).sqrt()
            h = (1 + gamma) * h + beta
            h = torch.where(h > 0, h, 0.2 * h)
            h = divided[1][k] @ h + mapping.linear.bias[k]
        h = divided[1][3] @ h + mapping.linear.bias[3]
        return mapping.latent_mean + mapping.latent_deviation * h

    expected = torch.stack([slow(z, c) for z, c in zip(latents, conditions, strict=True)])
    # float32 weights were drawn: their norms are 1 to that precision.
    torch.testing.assert_close(mapping(latents, conditions), expected, atol=1e-5, rtol=1e-5)


def test_statistics_are_those_of_the_pairs():
    mapping = AuxiliaryMapping(SgfConfig(blocks=1), 2, 2)
    latents = torch.tensor([[1.0, 0.0], [3.0, 8.0]])
    mapping.standardise(latents, torch.tensor([[0.0, 0.7], [1.0, 0.7]]))
    half = 0.5**0.5
    torch.testing.assert_close(mapping.latent_mean, torch.tensor([2.0, 4.0]))
    torch.testing.assert_close(mapping.latent_deviation, torch.tensor([2 * half, 8 * half]))
    torch.testing.assert_close(mapping.condition_mean, torch.tensor([0.5, 0.7]))
    torch.testing.assert_close(mapping.condition_scale, torch.tensor([1 / half, 0.0]))
    assert float(mapping.spread) == pytest.approx((2.0 + 32.0) / 2)


def test_a_condition_that_never_changed_moves_nothing(drawn_mapping):
    mapping = drawn_mapping()
    mapping.standardise(draw(20, 5), torch.cat([draw(20, 2), torch.ones(20, 1)], dim=1))
    latents, conditions = draw(2, 5), draw(2, 3)
    changed = conditions + torch.tensor([0.0, 0.0, 5.0])
    assert torch.equal(mapping(latents, conditions), mapping(latents, changed))
    changed = conditions + torch.tensor([0.0, 5.0, 0.0])
    assert not torch.allclose(mapping(latents, conditions), mapping(latents, changed))


def test_length_of_latents_is_seen_only_without_the_first_normalisation(drawn_mapping):
    conditions = draw(4, 3, seed=1)
    differences = {}
    for first in (True, False):
        mapping = drawn_mapping(normalise_first=first)
        offset = mapping.latent_deviation * draw(4, 5)
        results = [mapping(mapping.latent_mean + a * offset, conditions) for a in (1.0, 3.0)]
        differences[first] = float((results[0] - results[1]).abs().max().detach())
    assert differences[True] < 1e-3
    assert differences[False] > 0.1


def test_samples_of_a_batch_do_not_meet(drawn_mapping):
    mapping = drawn_mapping()
    latents, conditions = draw(6, 5), draw(6, 3)
    alone = torch.cat([mapping(latents[i : i + 1], conditions[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(mapping(latents, conditions), alone)


def test_gradients_reach_every_weight(drawn_mapping):
    mapping = drawn_mapping().train()
    (mapping(draw(8, 5), draw(8, 3)) - draw(8, 5)).square().mean().backward()
    for name, parameter in mapping.named_parameters():
        reached = parameter.grad.flatten(1).abs().amax(dim=1)
        assert (reached > 0).all(), name


def test_parameters_are_those_of_the_layers():
    """At D = 512, C = 48 and 15 layers: 16 of 512 to 512, 15 of 48 to 1024."""
    with torch.device("meta"):
        mapping = AuxiliaryMapping(SgfConfig(), 512, 48)
    count = sum(p.numel() for p in mapping.parameters())
    assert count == 16 * (512 * 512 + 512) + 15 * (48 * 1024 + 1024)


def test_same_generator_draws_the_same_mapping_whatever_the_global_seed():
    weights = []
    for _ in range(2):
        torch.rand(3)
        mapping = AuxiliaryMapping(SgfConfig(blocks=2), 4, 3)
        mapping.draw(torch.Generator().manual_seed(5))
        weights.append(mapping.state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    start = weights[0]["linear.weight"]
    torch.testing.assert_close(start[0] @ start[0].T, torch.eye(4))
    assert not torch.allclose(start[0], start[1])


@pytest.mark.parametrize("style_norm", [True, False])
def test_the_styles_layers_are_normalised_like_the_others_or_not(drawn_mapping, style_norm):
    mapping = drawn_mapping(size=6, style_norm=style_norm)
    weights, _ = mapping.styles.layers()
    largest = torch.linalg.matrix_norm(weights, ord=2)
    raw = torch.linalg.matrix_norm(mapping.styles.weight, ord=2)
    torch.testing.assert_close(largest, torch.ones(3).double() if style_norm else raw)
    applied, _ = mapping.linear.layers()
    torch.testing.assert_close(torch.linalg.matrix_norm(applied, ord=2), torch.ones(4).double())
