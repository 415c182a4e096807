"""One step of the adversarial training and what belongs to it."""

import pytest
import torch

from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.stylegan2.generator import Generator
from harness_gans.stylegan2.training import AdversarialTraining, averaging_decay, mixed
from harness_gans.stylegan2.weights import draw_weights


@pytest.fixture
def training(tiny, run):
    def make(**changes):
        config = tiny(**changes)
        generator = Generator(config, 16)
        draw_weights(generator, torch.Generator().manual_seed(1))
        return AdversarialTraining(config, generator, 16, run)

    return make


def real(count=4):
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1


def copied(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed(network, before):
    return {name for name, value in network.state_dict().items() if value.ne(before[name]).any()}


def test_a_step_moves_every_weight_of_both_networks(training):
    both = training()
    networks = (both.generator, both.discriminator)
    before = [copied(network) for network in networks]
    losses = both.step(0, real())
    parts = {"discriminator", "logit_gap", "r1", "generator", "path", "path_length"}
    assert losses.keys() == parts
    assert all(value.isfinite() and not value.requires_grad for value in losses.values())
    for network, old in zip(networks, before, strict=True):
        assert changed(network, old) >= {name for name, _ in network.named_parameters()}


def test_regularisers_come_on_their_turns_alone(training):
    both = training(r1_interval=3, path_interval=2)
    seen = [both.step(step, real()).keys() for step in range(6)]
    assert ["r1" in names for names in seen] == [True, False, False, True, False, False]
    assert ["path" in names for names in seen] == [True, False, True, False, True, False]


def test_weights_of_zero_leave_regularisers_and_their_correction_out(training):
    both = training(r1_weight=0.0, path_weight=0.0)
    assert both.step(0, real()).keys() == {"discriminator", "logit_gap", "generator"}
    for optimiser in (both.generator_optimiser, both.discriminator_optimiser):
        assert optimiser.param_groups[0]["lr"] == 2e-3


def test_updates_of_one_network_leave_the_other_alone(training):
    both = training()
    before = copied(both.generator)
    fakes = both.draw(4).detach()
    means = {"mean"}
    both.update_discriminator(real(), fakes)
    both.regularise_discriminator(real())
    assert changed(both.generator, before) == means
    before = copied(both.discriminator)
    both.update_generator(both.draw(4))
    both.regularise_generator(2)
    assert not changed(both.discriminator, before)


def test_r1_counts_half_gamma_times_its_interval(training):
    both = training(r1_weight=6.0, r1_interval=5)
    seen = real().requires_grad_()
    penalty = gradient_penalty(seen, both.discriminator(seen), "r1")
    expected = torch.autograd.grad(15.0 * penalty, both.discriminator.hidden.weight)[0]
    both.regularise_discriminator(real())
    assert torch.allclose(both.discriminator.hidden.weight.grad, expected, rtol=1e-4, atol=1e-7)


def test_path_penalty_takes_its_share_of_the_batch(training, monkeypatch):
    both = training(path_shrink=4, batch_size=4)
    sizes = []
    monkeypatch.setattr(both, "regularise_generator", lambda count: sizes.append(count) or {})
    both.step(0, real())
    assert sizes == [1]


@pytest.mark.parametrize("shared", [True, False])
def test_shared_fakes_save_a_batch(training, monkeypatch, shared):
    both = training(shared_fakes=shared, path_weight=0.0)
    drawn = []
    draw = both.draw
    monkeypatch.setattr(both, "draw", lambda count: drawn.append(count) or draw(count))
    both.step(1, real())
    assert drawn == ([4] if shared else [4, 4])


def test_average_is_the_weighted_mean_with_the_steps_decay(training):
    both = training(averaging_half_life=4.0)
    first = copied(both.generator)
    both.step(1, real())
    now = both.generator.state_dict()
    for name, value in both.averaged.module.named_parameters():
        assert torch.allclose(value, (first[name] + now[name]) / 2, atol=1e-6), name
    assert torch.equal(both.averaged.module.mean, both.generator.mean)


def test_decay_halves_after_the_half_life_and_ramps_up(tiny):
    paper = tiny(batch_size=32)
    assert averaging_decay(paper, 0) == pytest.approx(0.997784, abs=1e-6)
    assert averaging_decay(paper, 0) ** (10_000 / 32) == pytest.approx(0.5)
    ramped = tiny(batch_size=32, averaging_ramp=0.05)
    # After 100 steps 3,200 images, of which 5 % are 160.
    assert averaging_decay(ramped, 99) == pytest.approx(0.5 ** (32 / 160))
    assert averaging_decay(ramped, 10**6) == averaging_decay(paper, 0)


def test_mixing_takes_the_other_latent_from_a_layer_on():
    first, second = torch.zeros(3000, 2), torch.ones(3000, 2)
    got = mixed(first, second, 5, 0.9, torch.Generator().manual_seed(0))
    assert got.shape == (3000, 5, 2)
    assert (got[:, 0] == 0).all()
    assert (got.diff(dim=1) >= 0).all()
    shares = got[:, :, 0].mean(dim=0).tolist()
    # Each of the four cuts takes 0.9 / 4 of the images.
    assert shares == pytest.approx([0.0, 0.225, 0.45, 0.675, 0.9], abs=0.03)
    assert (mixed(first, second, 5, 0.0, torch.Generator()) == 0).all()
