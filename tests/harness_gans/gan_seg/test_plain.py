"""The fast step against the same maths written plainly, in float64."""

import copy

import pytest
import torch

from harness_gans.gan_seg.adversarial import AdversarialTraining

#: Relative to the largest value of each tensor; rounding alone gives about 1e-13.
TOLERANCE = 1e-10

PRESETS = [
    pytest.param({}, id="paper"),
    pytest.param(
        {
            "heatmap": "cone",
            "penalty": "one_centred",
            "penalty_interval": 2,
            "regulariser_interval": 2,
            "area_target": "disc",
            "concentration_reduction": "mean",
        },
        id="code",
    ),
    pytest.param({"block": "single", "upsampling": "nearest", "spade_head_kernel": 1}, id="quick"),
    pytest.param({"margin_pixels": 2, "head": "single"}, id="narrow margin"),
    pytest.param({"margin_pixels": 0}, id="no margin"),
]


def assert_equal(got: torch.Tensor, expected: torch.Tensor) -> None:
    assert got.shape == expected.shape
    scale = expected.abs().max().clamp_min(1e-30)
    assert ((got - expected).abs().max() / scale).item() < TOLERANCE


@pytest.mark.parametrize("changes", PRESETS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_generator_gives_the_plain_values_and_gradients(
    tiny, drawn_generator, noise, plain, changes, training
):
    config = tiny(**changes)
    generator = drawn_generator(config)
    generator(noise(config, 8))
    generator.train(training)
    results = []
    for draw in (generator, lambda given: plain.plain_generator(generator, given)):
        drawn = draw(noise(config))
        weights = torch.linspace(-1, 1, drawn.images.numel(), dtype=torch.float64)
        loss = (drawn.images.flatten() * weights).sum() + drawn.masks[:, 1].square().sum()
        gradients = torch.autograd.grad(loss, list(generator.parameters()))
        results.append([drawn.images, drawn.masks, drawn.heatmaps, *gradients])
    for fast, slow in zip(*results, strict=True):
        if slow.abs().max() > 1e-9:
            assert_equal(fast, slow)
        else:
            assert fast.abs().max() < 1e-9


@pytest.mark.parametrize("changes", PRESETS)
def test_a_whole_step_gives_the_plain_losses_and_weights(
    tiny, drawn_generator, run, new_run, plain, changes
):
    config = tiny(**changes)
    trainings = []
    for its_run in (run, new_run()):
        training = AdversarialTraining(config, drawn_generator(config), 16, its_run)
        training.discriminator.double()
        trainings.append(training)
    fast, slow = trainings
    slow.discriminator.load_state_dict(copy.deepcopy(fast.discriminator.state_dict()))
    real = torch.rand(4, 3, 16, 16, dtype=torch.float64) * 2 - 1
    for step in range(2):
        got, expected = fast.step(step, real), plain.plain_step(slow, step, real)
        for name, value in got.items():
            assert_equal(value, expected[name])
    pairs = [(fast.generator, slow.generator), (fast.discriminator, slow.discriminator)]
    for ours, theirs in pairs:
        for name, value in ours.named_parameters():
            expected = theirs.get_parameter(name)
            # Adam divides by the gradient's size: where that is rounding alone, weights differ.
            if expected.grad is not None and expected.grad.abs().max() > 1e-6:
                assert torch.allclose(value, expected, rtol=1e-6, atol=1e-8), name
