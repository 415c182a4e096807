"""One step of the adversarial training."""

import pytest
import torch

from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.growing import Stage
from harness_gans.progressive_gan.generator import Generator
from harness_gans.progressive_gan.losses import between
from harness_gans.progressive_gan.training import AdversarialTraining
from harness_gans.progressive_gan.weights import draw_weights

STAGE = Stage(8, 4, 10, 4)


@pytest.fixture
def training(tiny, new_run):
    def make(**changes):
        config = tiny(**changes)
        generator = Generator(config.noise_size, config.channels(16))
        draw_weights(generator, torch.Generator().manual_seed(1))
        return AdversarialTraining(config, generator, 16, new_run())

    return make


def real(side=8):
    return torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1


def copied(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed(network, before):
    return {name for name, value in network.state_dict().items() if value.ne(before[name]).any()}


def later(name):
    """Whether a tensor belongs to the side of 16 pixels."""
    return name.startswith(("blocks.1", "colours.2"))


def test_a_step_moves_the_layers_of_the_present_sides_alone(training):
    both = training()
    networks = (both.generator, both.critic)
    before = [copied(network) for network in networks]
    losses = both.step(STAGE, 2, real())
    assert losses.keys() == {"critic", "penalty", "drift", "generator"}
    for network, old in zip(networks, before, strict=True):
        moved = changed(network, old)
        # The critic's last bias shifts real and generated images alike; drift alone moves it.
        assert moved == {name for name in old if not later(name)}


def test_updates_of_one_network_leave_the_other_alone(training):
    both = training()
    before = copied(both.generator)
    with torch.no_grad():
        fakes = both.draw(STAGE, 0.5, 4)
    both.update_critic(0.5, real(), fakes)
    assert not changed(both.generator, before)
    before = copied(both.critic)
    both.update_generator(STAGE, 0.5, 4)
    assert not changed(both.critic, before)


def test_gradient_of_the_critic_is_that_of_its_three_terms(training):
    both = training(penalty_weight=7.0, drift_weight=0.3)
    critic, fakes = both.critic, -real()
    mixture = between(real(), fakes, both.run.__class__().generator("mixture")).requires_grad_()
    values = critic(real(), 0.5)
    total = critic(fakes, 0.5).mean() - values.mean() + 0.3 * values.square().mean()
    total = total + 7.0 * gradient_penalty(mixture, critic(mixture, 0.5), "one_centred")
    (expected,) = torch.autograd.grad(total, critic.hidden.weight)
    both.update_critic(0.5, real(), fakes)
    assert torch.allclose(critic.hidden.weight.grad, expected, rtol=1e-4, atol=1e-6)


def test_optimisers_forget_at_a_new_stage_and_the_average_does_not(training):
    both = training()
    both.step(STAGE, 2, real())
    assert both.generator_optimiser.state
    before = copied(both.averaged.module)
    both.begin_stage()
    assert not both.generator_optimiser.state
    assert not both.critic_optimiser.state
    assert not changed(both.averaged.module, before)
    (group,) = both.critic_optimiser.param_groups
    assert (group["lr"], group["betas"], group["eps"]) == (1e-3, (0.0, 0.99), 1e-8)


def test_average_follows_slowly(training):
    both = training(averaging=0.75)
    first = copied(both.generator)
    both.step(STAGE, 2, real())
    now = both.generator.state_dict()
    for name, value in both.averaged.module.named_parameters():
        assert torch.allclose(value, 0.75 * first[name] + 0.25 * now[name], atol=1e-6), name
