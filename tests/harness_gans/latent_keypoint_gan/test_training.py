"""The order of one adversarial step: what is updated, when, and by which randomness."""

import pytest
import torch

from harness_gans.growing import Stage
from harness_gans.latent_keypoint_gan.growing import stages
from harness_gans.latent_keypoint_gan.training import AdversarialTraining

LAST = Stage(16, 4, 3, 0)


@pytest.fixture
def training(tiny, drawn_generator, run):
    def make(**changes):
        return AdversarialTraining(tiny(**changes), drawn_generator(tiny(**changes)).float(), run)

    return make


@pytest.fixture
def real():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(("step", "penalised"), [(0, True), (1, False), (4, True)])
def test_lazy_penalty_takes_its_turn(training, real, step, penalised):
    losses = training(penalty_interval=4).step(LAST, step, real)
    assert ("penalty" in losses) == penalised
    assert {"generator", "discriminator", "background", "keypoint_distance"} <= losses.keys()


def test_second_backgrounds_are_drawn_beside_the_batch_or_within_it(training):
    drawn = training().draw(LAST, 1.0, 4)
    assert (len(drawn.images), len(drawn.foreground)) == (8, 4)
    drawn = training().draw(LAST, 1.0, 4, pairs=False)
    assert (len(drawn.images), len(drawn.foreground)) == (4, 4)
    for pairs in (True, False):
        drawn = training(background_pairs=1).draw(LAST, 1.0, 4, pairs=pairs)
        assert (len(drawn.images), len(drawn.foreground)) == ((4, 3) if pairs else (4, 4))


def test_without_background_there_is_no_pair_and_no_loss(training, real):
    adversaries = training(separate_background=False)
    assert "background" not in adversaries.step(LAST, 0, real)
    assert len(adversaries.draw(LAST, 1.0, 4).images) == 4


@pytest.mark.parametrize("pairs", [None, 2])
@pytest.mark.parametrize("shared", [False, True])
def test_discriminator_sees_as_many_generated_images_as_real_ones(training, real, shared, pairs):
    adversaries = training(shared_fakes=shared, background_pairs=pairs)
    seen = []
    judged = adversaries.judged
    adversaries.judged = lambda images, fade: seen.append(len(images)) or judged(images, fade)
    adversaries.step(LAST, 0, real)
    assert seen == [4, 4, 4]


def test_discriminator_update_leaves_the_generator_alone_and_the_reverse(training, real):
    adversaries = training()
    before = [p.clone() for p in adversaries.generator.parameters()]
    fakes = adversaries.draw(LAST, 1.0, 4, pairs=False).images.detach()
    adversaries.update_discriminator(0, 1.0, real, fakes)
    assert all(map(torch.equal, adversaries.generator.parameters(), before))
    before = [p.clone() for p in adversaries.discriminator.parameters()]
    adversaries.update_generator(1.0, adversaries.draw(LAST, 1.0, 4), 4)
    assert all(map(torch.equal, adversaries.discriminator.parameters(), before))
    assert all(p.grad is None for p in adversaries.discriminator.parameters()) or all(
        not p.requires_grad for p in adversaries.discriminator.parameters()
    )


def test_weight_of_the_background_loss_counts(training):
    gradients = []
    for weight in (1e-9, 100.0):
        adversaries = training(background_weight=weight)
        adversaries.update_generator(1.0, adversaries.draw(LAST, 1.0, 4), 4)
        gradients.append(adversaries.generator.start.grad.clone())
    assert not torch.allclose(*gradients)


def rates(adversaries):
    return [group["lr"] for group in adversaries.generator_optimiser.param_groups]


def test_keypoint_generator_rests_while_a_side_is_faded_in(training, real):
    adversaries = training(position_rate_factor=0.05)
    stage = Stage(16, 4, 6, 2)
    names = {"positions", "appearance", "background", "constants"}
    for step, resting in ((0, True), (1, True), (2, False)):
        before = {n: p.clone() for n, p in adversaries.generator.keypoints.named_parameters()}
        adversaries.step(stage, step, real)
        keypoint_rates = [0.0, 0.0] if resting else [5e-5, 1e-3]
        assert rates(adversaries) == pytest.approx([1e-3, *keypoint_rates])
        moved = {
            name.split(".")[0]
            for name, value in adversaries.generator.keypoints.named_parameters()
            if not torch.equal(value, before[name])
        }
        assert moved == (set() if resting else names)
    # Adam's moments go on meanwhile, as a learning rate of 0 has it.
    state = adversaries.generator_optimiser.state[adversaries.generator.keypoints.constants]
    assert int(state["step"]) == 3


def test_ablation_without_the_scheduler_moves_keypoints_all_the_time(training, real):
    adversaries = training(freeze_keypoints=False)
    adversaries.step(Stage(16, 4, 6, 2), 0, real)
    assert rates(adversaries) == pytest.approx([1e-3, 5e-5, 1e-3])


def test_groups_of_adam_hold_every_parameter_once(training):
    adversaries = training()
    grouped = [p for g in adversaries.generator_optimiser.param_groups for p in g["params"]]
    assert len(grouped) == len(set(grouped)) == len(list(adversaries.generator.parameters()))
    _, positions, looks = (g["params"] for g in adversaries.generator_optimiser.param_groups)
    keypoints = adversaries.generator.keypoints
    assert set(positions) == set(keypoints.positions.parameters())
    assert set(positions) | set(looks) == set(keypoints.parameters())


def test_layers_of_a_later_stage_have_no_moments_until_it_begins(training, real):
    adversaries = training()
    small = torch.nn.functional.avg_pool2d(real, 2)
    adversaries.step(Stage(8, 4, 3, 0), 0, small)
    late = adversaries.generator.blocks[2].spread.weight
    early = adversaries.generator.blocks[1].spread.weight
    state = adversaries.generator_optimiser.state
    assert late not in state
    adversaries.step(Stage(16, 4, 3, 2), 0, real)
    assert (int(state[late]["step"]), int(state[early]["step"])) == (1, 2)


def test_every_stage_of_the_configuration_trains(training, tiny, real):
    adversaries = training()
    for stage in stages(tiny()):
        seen = torch.nn.functional.avg_pool2d(real, 16 // stage.side)
        for step in range(stage.steps):
            losses = adversaries.step(stage, step, seen)
    assert all(value.isfinite() for value in losses.values())


def test_hinge_and_spectral_norm_train(training, real):
    adversaries = training(adversarial_loss="hinge", spectral_norm=True, penalty_weight=0.0)
    before = [p.clone() for p in adversaries.discriminator.parameters()]
    losses = adversaries.step(LAST, 0, real)
    assert "penalty" not in losses
    assert all(value.isfinite() for value in losses.values())
    changed = [
        not torch.equal(a, b)
        for a, b in zip(adversaries.discriminator.parameters(), before, strict=True)
    ]
    assert sum(changed) > len(changed) / 2


def test_average_follows_the_generator_slowly_or_at_once(training, real):
    for decay in (0.0, 0.9):
        adversaries = training(averaging=decay)
        start = adversaries.generator.start.detach().clone()
        adversaries.step(LAST, 0, real)
        now = adversaries.generator.start.detach()
        expected = decay * start + (1 - decay) * now
        assert torch.allclose(adversaries.averaged.module.start, expected, atol=1e-7)


def test_recovery_trains_a_locator_whose_state_belongs_to_the_run(training, real):
    assert "locator" not in training().state()
    adversaries = training(recovery_weight=10.0, position_jitter=0.2)
    before = [p.clone() for p in adversaries.locator.parameters()]
    losses = adversaries.step(LAST, 0, real)
    assert losses["recovery"] > 0
    assert adversaries.state()["locator"] is adversaries.locator
    assert not any(map(torch.equal, adversaries.locator.parameters(), before))
    assert rates(adversaries)[3] == 4e-4


def test_recovery_asks_the_generator_to_show_its_keypoints(training):
    gradients = []
    for weight in (1e-9, 10.0):
        adversaries = training(recovery_weight=weight)
        adversaries.update_generator(1.0, adversaries.draw(LAST, 1.0, 4), 4)
        gradients.append(adversaries.generator.blocks[2].spread.weight.grad.clone())
    assert not torch.allclose(*gradients)


def test_step_leaves_the_callers_images_alone(training, real):
    before = real.clone()
    training().step(LAST, 0, real)
    assert torch.equal(real, before)
    assert not real.requires_grad


def test_global_randomness_is_neither_used_nor_moved(tiny, drawn_generator, run, real):
    config = tiny(recovery_weight=1.0, spectral_norm=True)
    generator = drawn_generator(config).float()
    state = torch.random.get_rng_state()
    AdversarialTraining(config, generator, run).step(LAST, 0, real)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("pairs", [None, 2])
def test_steps_give_the_losses_and_weights_of_the_naive_generator(
    tiny, drawn_generator, new_run, naive, real, pairs
):
    config = tiny(background_pairs=pairs)
    results = []
    for explicit in (False, True):
        generator = drawn_generator(config)
        training = AdversarialTraining(config, generator, new_run())
        training.discriminator.double()
        if explicit:
            network = training.generator
            network.painted = lambda *given, net=network: naive.naive_painted(net, *given)
        losses = [training.step(Stage(16, 4, 4, 2), step, real.double()) for step in range(3)]
        results.append((losses, dict(generator.named_parameters())))
    (fast, ours), (slow, theirs) = results
    for got, expected in zip(fast, slow, strict=True):
        for name, value in got.items():
            assert value.item() == pytest.approx(expected[name].item(), rel=1e-8), name
    for name, value in ours.items():
        # Adam divides by the gradient's size: where that is rounding alone, weights differ.
        if theirs[name].grad is not None and theirs[name].grad.abs().max() > 1e-6:
            assert torch.allclose(value, theirs[name], rtol=1e-6, atol=1e-8), name
