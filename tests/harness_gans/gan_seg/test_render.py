"""Images of changed latents: what moves, what stays, and what is drawn again to the last bit."""

import pytest
import torch

from harness.vision.coordinates import fractions_to_signed
from harness_gans.gan_seg.method import GanSeg
from harness_gans.gan_seg.weights import draw_weights

ABLATIONS = {
    "paper": {},
    "centres": {"grid": "centres", "heatmap": "cone"},
    "fixed scale": {"fixed_scale": 0.05, "block": "single"},
    "no background": {"separate_background": False},
    "no points": {"use_points": False},
    "neither": {"separate_background": False, "use_points": False},
}


@pytest.fixture
def method(tiny):
    """Untrained, with weights large enough that every latent is seen."""

    def make(**changes):
        made = GanSeg(tiny(**changes), 3, 16)
        draw_weights(made.generator, torch.Generator().manual_seed(1))
        random = torch.Generator().manual_seed(2)
        for name, value in made.generator.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(value, std=0.3, generator=random)
        return made

    return make


def sample(method, count=5, seed=0):
    return method.sample(count, torch.Generator().manual_seed(seed))


def changed(drawn, **latents):
    return {**drawn.latents, **latents}


@pytest.mark.parametrize("changes", ABLATIONS.values(), ids=ABLATIONS)
def test_unchanged_latents_give_the_sampled_images_to_the_last_bit(method, changes):
    made = method(**changes)
    drawn = sample(made)
    again = made.render(drawn.latents)
    assert torch.equal(again.images, drawn.images)
    assert torch.equal(again.masks, drawn.masks)
    assert torch.equal(again.keypoints, drawn.keypoints)
    assert again.latents.keys() == drawn.latents.keys()
    twice = made.render(again.latents)
    assert torch.equal(twice.images, drawn.images)


@pytest.mark.parametrize("changes", ABLATIONS.values(), ids=ABLATIONS)
def test_all_latents_of_another_image_give_that_image(method, changes):
    made = method(**changes)
    drawn = sample(made)
    other = made.render({name: value.flip(0) for name, value in drawn.latents.items()})
    assert torch.equal(other.images, drawn.images.flip(0))


@pytest.mark.parametrize("name", ["paper", "centres", "no background"])
def test_a_part_is_drawn_where_its_keypoint_is_put(method, name):
    made = method(**ABLATIONS[name])
    drawn = sample(made)
    wanted = drawn.keypoints.clone()
    wanted[:, 1] += torch.tensor([0.2, -0.1])
    moved = made.render(changed(drawn, keypoints=wanted))
    assert torch.allclose(moved.keypoints, wanted, atol=1e-6)
    assert not torch.equal(moved.images, drawn.images)


@pytest.mark.parametrize("name", ["paper", "centres"])
def test_moved_keypoints_take_their_points_along_and_leave_the_others(method, name):
    made = method(**ABLATIONS[name])
    drawn = sample(made)
    wanted = drawn.keypoints.clone()
    wanted[:, 2] += 0.25
    points, looks = drawn.latents["points"].clone(), drawn.latents["appearance"]
    grid = made.settings.grid
    points[:, 2] += fractions_to_signed(torch.tensor(0.25), 16, grid=grid) - fractions_to_signed(
        torch.tensor(0.0), 16, grid=grid
    )
    by_hand = made._parts({"points": points, "appearance": looks, "keypoints": wanted})
    by_render = made._parts(changed(drawn, keypoints=wanted))
    assert torch.allclose(by_render.points, by_hand.points, atol=1e-6)
    assert torch.equal(by_render.points[:, :2], drawn.latents["points"][:, :2])
    assert torch.allclose(by_render.deviations, made._parts(drawn.latents).deviations, atol=1e-6)


def test_a_way_between_two_images_draws_its_keypoints(method):
    made = method()
    drawn = sample(made, 2)
    middle = {name: value.mean(0, keepdim=True) for name, value in drawn.latents.items()}
    got = made.render(middle)
    assert torch.allclose(got.keypoints[0], drawn.keypoints.mean(0), atol=1e-6)


def test_another_background_changes_pixels_but_no_mask(method):
    made = method()
    drawn = sample(made)
    swapped = made.render(changed(drawn, background=drawn.latents["background"].flip(0)))
    assert torch.equal(swapped.masks, drawn.masks)
    assert (swapped.images != drawn.images).flatten(1).any(1)[:2].all()
    place = made.render(changed(drawn, background_place=drawn.latents["background_place"].flip(0)))
    assert torch.equal(place.masks, drawn.masks)
    assert not torch.equal(place.images, drawn.images)


@pytest.mark.parametrize("name", ["paper", "no background"])
def test_another_look_of_one_part_changes_the_image(method, name):
    made = method(**ABLATIONS[name])
    drawn = sample(made)
    looks = drawn.latents["appearance"].clone()
    looks[:, 0] = looks[:, 0].flip(0)
    swapped = made.render(changed(drawn, appearance=looks))
    differs = (swapped.images != drawn.images).flatten(1).any(1)
    assert differs.tolist() == [True, True, False, True, True]


def test_the_background_is_a_part_where_it_has_no_generator(method):
    """Its embedding alone is exchanged, whose place stays."""
    made = method(separate_background=False)
    drawn = sample(made)
    assert drawn.latents["appearance"].shape == (5, 3, 5)
    assert drawn.latents["points"].shape == (5, 4, 4, 2)
    swapped = made.render(changed(drawn, background=drawn.latents["background"].flip(0)))
    assert not torch.equal(swapped.images, drawn.images)
    assert torch.equal(swapped.keypoints, drawn.keypoints)


def test_without_points_moved_keypoints_change_nothing(method):
    made = method(use_points=False)
    drawn = sample(made)
    moved = made.render(changed(drawn, keypoints=drawn.keypoints + 0.3))
    assert torch.equal(moved.images, drawn.images)
    assert torch.equal(moved.keypoints, drawn.keypoints)
