"""The order of one adversarial step: what is updated, when, and by which randomness."""

import pytest
import torch

from harness_gans.gan_seg.adversarial import AdversarialTraining


@pytest.fixture
def training(tiny, drawn_generator, run):
    def make(**changes):
        config = tiny(**changes)
        return AdversarialTraining(config, drawn_generator(config).float(), 16, run)

    return make


@pytest.fixture
def real():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(
    ("step", "penalised", "regularised"), [(0, True, True), (1, False, False), (2, False, True)]
)
def test_lazy_losses_take_their_turn(training, real, step, penalised, regularised):
    losses = training(penalty_interval=4, regulariser_interval=2).step(step, real)
    assert ("penalty" in losses) == penalised
    assert ("concentration" in losses) == ("area" in losses) == regularised


def test_fresh_fakes_are_drawn_for_each_update_and_shared_ones_once(training, real):
    for shared, expected in ((False, 2), (True, 1)):
        adversaries = training(shared_fakes=shared)
        drawn = []
        draw = adversaries.draw
        adversaries.draw = lambda count, draw=draw, drawn=drawn: drawn.append(count) or draw(count)
        adversaries.step(0, real)
        assert drawn == [4] * expected


def test_running_statistics_move_in_both_draws(training, real):
    adversaries = training()
    adversaries.step(0, real)
    assert adversaries.generator.mask.blocks[0].normalisations[0].num_batches_tracked.item() == 2


def test_discriminator_update_leaves_the_generator_alone_and_the_reverse(training, real):
    adversaries = training()
    before = [p.clone() for p in adversaries.generator.parameters()]
    adversaries.update_discriminator(0, real, adversaries.draw(4).images.detach())
    assert all(map(torch.equal, adversaries.generator.parameters(), before))
    before = [p.clone() for p in adversaries.discriminator.parameters()]
    adversaries.update_generator(0, adversaries.draw(4))
    assert all(map(torch.equal, adversaries.discriminator.parameters(), before))
    assert all(p.grad is not None for p in adversaries.generator.parameters())


def test_concentration_weight_grows_with_the_number_of_parts(tiny):
    config = tiny(concentration_per_part=1.25)
    assert (config.concentration(8), config.concentration(12)) == (10.0, 15.0)
    assert tiny(concentration_weight=7.0).concentration(12) == 7.0


def test_weights_of_the_regularisers_count(training, real):
    moved = []
    for weight in (0.0, 1.0):
        adversaries = training(concentration_weight=weight, area_weight=0.0)
        adversaries.update_generator(0, adversaries.draw(4))
        moved.append([p.grad.clone() for p in adversaries.generator.points.places.parameters()])
    assert not any(map(torch.allclose, *moved))


def test_average_follows_the_generator_slowly_or_at_once(training, real):
    for decay in (0.0, 0.9):
        adversaries = training(averaging=decay)
        start = adversaries.generator.points.constants.detach().clone()
        adversaries.step(0, real)
        now = adversaries.generator.points.constants.detach()
        expected = decay * start + (1 - decay) * now
        assert torch.allclose(adversaries.averaged.module.points.constants, expected, atol=1e-7)


def test_step_leaves_the_callers_images_alone(training, real):
    before = real.clone()
    training().step(0, real)
    assert torch.equal(real, before)
    assert not real.requires_grad


def test_global_randomness_is_neither_used_nor_moved(tiny, drawn_generator, run, real):
    generator = drawn_generator(tiny()).float()
    state = torch.random.get_rng_state()
    AdversarialTraining(tiny(), generator, 16, run).step(0, real)
    assert torch.equal(torch.random.get_rng_state(), state)
