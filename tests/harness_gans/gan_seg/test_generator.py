"""Levels 2 and 3: sizes, sums, equivariance, ablations and gradients."""

from dataclasses import replace

import pytest
import torch

from harness.vision.masks import part_centres
from harness_gans.gan_seg.blocks import AdainBlock, SpadeBlock
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generator

SIX_BLOCKS = {
    "block_sides": (32, 32, 64, 64, 128, 128),
    "image_channels": (256, 256, 128, 128, 64, 64),
}


@pytest.mark.parametrize(
    ("parts", "changes", "expected"),
    [
        pytest.param(4, {}, 17_760_157, id="K=4"),
        pytest.param(8, {}, 17_793_225, id="K=8"),
        pytest.param(10, {}, 17_809_867, id="K=10"),
        pytest.param(8, SIX_BLOCKS, 23_221_833, id="birds"),
        pytest.param(8, SIX_BLOCKS | {"head": "single"}, 23_183_369, id="flowers"),
    ],
)
def test_parameters_are_as_many_as_in_the_official_generator(parts, changes, expected):
    with torch.device("meta"):
        generator = Generator(GanSegConfig(**changes), parts)
    assert sum(p.numel() for p in generator.parameters()) == expected


@pytest.mark.parametrize("grid", ["corners", "centres"])
@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("block", ["residual", "single"])
def test_outputs_have_the_promised_forms_and_ranges(
    tiny, drawn_generator, noise, block, upsampling, grid
):
    config = tiny(block=block, upsampling=upsampling, grid=grid, head="single")
    drawn = drawn_generator(config)(noise(config))
    assert drawn.images.shape == (4, 3, 16, 16)
    assert drawn.images.abs().max() <= 1
    assert drawn.masks.shape == (4, 4, 16, 16)
    assert torch.allclose(drawn.masks.sum(dim=1), torch.ones(4, 16, 16, dtype=torch.float64))
    assert drawn.heatmaps.shape == (4, 3, 16, 16)
    assert torch.equal(drawn.centres, drawn.parts.points.mean(dim=2))


def test_returned_heatmaps_are_those_of_the_image_without_the_margin(tiny, drawn_generator, noise):
    config = tiny(margin_pixels=4)
    drawn = drawn_generator(config)(noise(config))
    along = torch.linspace(-1, 1, 16, dtype=torch.float64)
    assert torch.allclose(drawn.heatmaps, drawn.parts.heatmaps(along, along))


@pytest.mark.parametrize("block", ["residual", "single"])
def test_every_parameter_gets_a_gradient(tiny, drawn_generator, noise, block):
    config = tiny(block=block)
    generator = drawn_generator(config)
    drawn = generator(noise(config))
    (drawn.images.square().sum() + drawn.masks.square().sum()).backward()
    silent = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    # Batch normalisation removes the bias of a convolution that only feeds it, up to rounding.
    assert silent == []


def test_moving_all_points_moves_masks_exactly_and_the_foreground_with_them(
    tiny, drawn_generator, noise
):
    config = tiny(margin_pixels=10, block_sides=(8, 8, 16, 32), grid="centres")
    generator = drawn_generator(config)
    generator(noise(config))
    generator.eval()
    given = noise(config)
    parts = generator.points(given.places, given.appearance)
    cell = torch.tensor([2.0 / 8, 0.0], dtype=torch.float64)
    with torch.no_grad():
        here = generator.drawn(parts, given)
        moved = generator.drawn(
            parts.moved(cell), replace(given, background_place=given.background_place + cell)
        )
    # One cell of the first block is four pixels of the image.
    assert torch.allclose(moved.masks[..., 4:], here.masks[..., :-4], atol=1e-9)
    inner = (slice(None), slice(None), slice(12, 20))
    followed = (moved.images[inner][..., 12:20] - here.images[inner][..., 8:16]).abs().mean()
    stayed = (moved.images[inner][..., 12:20] - here.images[inner][..., 12:20]).abs().mean()
    assert followed < 0.2 * stayed


def test_background_starts_ahead_by_its_logit(tiny, drawn_generator, noise):
    plain, ahead = tiny(), tiny(background_logit=2.0)
    without = drawn_generator(plain)(noise(plain)).masks
    with_logit = drawn_generator(ahead)(noise(ahead)).masks
    odds = with_logit[:, 0] / with_logit[:, 1] / (without[:, 0] / without[:, 1])
    assert torch.allclose(odds, torch.full_like(odds, 2.0).exp(), rtol=1e-5)


def test_background_noise_changes_pixels_but_no_mask(tiny, drawn_generator, noise):
    config = tiny()
    generator, given = drawn_generator(config).eval(), noise(tiny())
    other = replace(given, background=-given.background)
    assert torch.equal(generator(given).masks, generator(other).masks)
    assert not torch.allclose(generator(given).images, generator(other).images)


@pytest.mark.parametrize(("position", "still"), [("both", False), ("horizontal", True)])
def test_background_position_is_vertical_0_where_the_preset_says_so(tiny, noise, position, still):
    place = noise(tiny(background_position=position), 50).background_place
    assert place.shape == (50, 1, 2)
    assert place.abs().max() <= 1
    assert (not place[..., 1].any()) == still
    assert place[..., 0].std() > 0.4


def test_without_points_masks_come_from_the_mean_embedding_and_learned_constants(
    tiny, drawn_generator, noise
):
    config = tiny(use_points=False)
    generator = drawn_generator(config).eval()
    assert all(isinstance(block, AdainBlock) for block in generator.mask.blocks)
    assert all(isinstance(block, SpadeBlock) for block in generator.foreground.blocks)
    given = noise(config)
    drawn, other = generator(given), generator(replace(given, places=-given.places))
    assert torch.equal(drawn.masks, other.masks)
    assert torch.equal(drawn.centres, other.centres)


def test_without_a_separate_background_it_is_the_first_of_k_plus_one_parts(
    tiny, drawn_generator, noise
):
    config = tiny(separate_background=False)
    generator = drawn_generator(config)
    drawn = generator(noise(config))
    assert drawn.parts.points.shape[1] == 4
    assert drawn.masks.shape[1] == 4
    assert drawn.heatmaps.shape[1] == drawn.centres.shape[1] == 3
    assert torch.equal(drawn.centres, drawn.parts.centres[:, 1:])
    assert not hasattr(generator, "background")


@pytest.mark.parametrize("number", [2, 6])
def test_number_of_points_per_part_is_a_setting(tiny, drawn_generator, noise, number):
    config = tiny(points_per_part=number)
    assert drawn_generator(config)(noise(config)).parts.points.shape == (4, 3, number, 2)


def test_without_points_centres_are_the_masks_own(tiny, drawn_generator, noise):
    for separate in (True, False):
        config = tiny(use_points=False, separate_background=separate, grid="centres")
        drawn = drawn_generator(config)(noise(config))
        expected = 2.0 * part_centres(drawn.masks) - 1.0
        assert drawn.centres.shape == (4, 3, 2)
        assert torch.allclose(drawn.centres, expected)
