"""The image generator: sizes, fading in, gradients, and equality to the naive one."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.generator import Generator

SIDES = (64, 128, 256, 512)


def at_side(side, **changes):
    sides = SIDES[: SIDES.index(side) + 1]
    stages = {
        "stage_sides": sides,
        "stage_images": (10**7,) * len(sides),
        "batch_sizes": (16,) * len(sides),
    }
    return LatentKeypointGanConfig(**stages, **changes)


@pytest.mark.parametrize(
    ("side", "expected"),
    [(64, 48_562_199), (128, 53_135_002), (256, 56_932_957), (512, 60_426_432)],
)
def test_parameters_are_as_many_as_the_papers_sizes_give(side, expected):
    with torch.device("meta"):
        generator = Generator(at_side(side), 10)
    assert sum(p.numel() for p in generator.parameters()) == expected


def test_parameters_of_the_pieces():
    with torch.device("meta"):
        generator = Generator(at_side(512), 10)

    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(generator.keypoints.positions) == 136_724
    assert count(generator.keypoints.appearance) == 164_480
    assert count(generator.keypoints.background) == 164_480
    assert generator.keypoints.constants.numel() == 1_280
    assert generator.start.numel() == 8_192
    blocks = [10_325_248] * 4 + [6_785_280, 4_572_416, 3_797_760, 3_493_376]
    assert [count(block) for block in generator.blocks] == blocks
    colours = {"64": 771, "128": 387, "256": 195, "512": 99}
    assert {side: count(layer) for side, layer in generator.colours.items()} == colours


@pytest.mark.parametrize("keypoints", [1, 6])
@pytest.mark.parametrize("grid", ["printed", "corners", "centres"])
def test_outputs_have_the_promised_forms_and_ranges(tiny, drawn_generator, noise, grid, keypoints):
    config = tiny(grid=grid, upsampling="nearest", colour_kernel=3, style_head_kernel=1)
    drawn = drawn_generator(config, keypoints)(noise(config, partners=2))
    assert drawn.images.shape == (6, 3, 16, 16)
    assert drawn.images.abs().max() <= 1
    assert drawn.foreground.shape == (4, 1, 16, 16)
    assert drawn.latents.points.shape == (4, keypoints, 2)
    assert drawn.latents.points.abs().max() < 1


def test_images_of_earlier_stages_have_their_side(tiny, drawn_generator, noise):
    config = tiny()
    generator = drawn_generator(config)
    assert generator(noise(config), 8).images.shape == (4, 3, 8, 8)
    assert generator(noise(config)).images.shape == (4, 3, 16, 16)


@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
def test_a_new_side_is_faded_in(tiny, drawn_generator, noise, upsampling):
    config = tiny(upsampling=upsampling)
    generator = drawn_generator(config).eval()
    old, new = generator(noise(config), 8).images, generator(noise(config), 16).images
    smooth = {} if upsampling == "nearest" else {"mode": "bilinear", "align_corners": False}
    up = F.interpolate(old, scale_factor=2, **smooth)
    for fade in (0.0, 0.25, 1.0):
        got = generator(noise(config), 16, fade).images
        assert torch.allclose(got, (1 - fade) * up + fade * new, atol=1e-12)


CHANGES = [
    pytest.param({}, id="paper"),
    pytest.param({"grid": "corners", "position_divisor": 20.0, "position_layers": 4}, id="lineage"),
    pytest.param(
        {"grid": "centres", "upsampling": "nearest", "style_head_kernel": 1, "colour_kernel": 3},
        id="quick",
    ),
    pytest.param({"separate_background": False}, id="no background"),
]


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("fade", [0.3, 1.0])
def test_generator_gives_the_naive_values_and_gradients(
    tiny, drawn_generator, noise, naive, changes, training, fade
):
    config = tiny(**changes)
    generator = drawn_generator(config)
    generator(noise(config, 8))
    generator.train(training)
    partners = 3 if config.separate_background else 0
    results = []
    for paint in (generator.painted, lambda *given: naive.naive_painted(generator, *given)):
        drawn = paint(generator.keypoints(noise(config, partners=partners)), 16, fade)
        weights = torch.linspace(-1, 1, drawn.images.numel(), dtype=torch.float64)
        loss = (drawn.images.flatten() * weights).sum() + drawn.foreground.square().sum()
        gradients = torch.autograd.grad(loss, list(generator.parameters()), allow_unused=True)
        results.append([drawn.images, drawn.foreground, *gradients])
    for fast, slow in zip(*results, strict=True):
        if slow is None:
            assert fast is None
        else:
            assert (fast - slow).abs().max() < 1e-10 * max(1.0, slow.abs().max().item())


def test_every_parameter_of_a_stage_gets_a_gradient_and_no_later_one(tiny, drawn_generator, noise):
    config = tiny()
    generator = drawn_generator(config)
    generator(noise(config), 8).images.square().sum().backward()
    later = {n for n, p in generator.named_parameters() if p.grad is None}
    assert {name.split(".")[1] for name in later} == {"2", "16"}
    generator(noise(config), 16, 0.5).images.square().sum().backward()
    silent = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    # Batch normalisation removes the bias of a convolution that only feeds it, up to rounding.
    assert silent == []


def test_tau_says_how_far_a_keypoint_reaches(tiny, drawn_generator, noise):
    shares = []
    for tau in (0.02, 0.2):
        config = tiny(tau=tau)
        shares.append(drawn_generator(config)(noise(config)).foreground.mean().item())
    assert shares[1] > 3 * shares[0]


def test_a_partner_has_the_same_pose_and_looks_before_another_background(
    tiny, drawn_generator, noise
):
    config = tiny()
    generator = drawn_generator(config).eval()
    given = noise(config, partners=2)
    images = generator(given).images
    swapped = replace(given, background=given.background[[4, 5, 2, 3]])
    assert torch.allclose(images[4:], generator(swapped).images[:2], atol=1e-12)
    assert not torch.allclose(images[4:], images[:2])


def test_images_in_evaluation_do_not_depend_on_each_other(tiny, drawn_generator, noise):
    config = tiny()
    generator = drawn_generator(config).eval()
    given = noise(config)
    alone = replace(
        given,
        positions=given.positions[1:2],
        appearance=given.appearance[1:2],
        background=given.background[1:2],
    )
    assert torch.allclose(generator(alone).images, generator(given).images[1:2], atol=1e-12)
