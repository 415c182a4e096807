"""Warped pairs and where their pixels lie."""

import pytest
import torch

from harness_autoencoders.thewlis.losses import alignment_loss
from harness_autoencoders.thewlis.pairs import centre, map_places, scaled, warped_pair


def followed(pair, target, side):
    """Maps that are 1 at the pixel nearest to `target` of the shared frame, in both views."""
    maps = []
    for places in (pair.first, pair.second):
        nearest = (places - target).square().sum(dim=-1).expand(4, -1).argmin(dim=-1)
        maps.append(torch.nn.functional.one_hot(nearest, side * side).double())
    return [each.reshape(4, 1, side, side) for each in maps]


def draw(tiny, images, **changes):
    config = tiny(margin_pixels=4, halvings=0, **changes)
    return warped_pair(images, config, torch.Generator().manual_seed(1))


def test_places_of_a_centre_are_pixel_centres_of_the_whole_image():
    # The 4 central pixels of 8 in map pixels of 2: centres at 3 and 5 eighths.
    expected = torch.tensor([[3.0, 3.0], [5.0, 3.0], [3.0, 5.0], [5.0, 5.0]]) / 8
    assert torch.allclose(map_places(8, 2, 2), expected)


def test_centre_leaves_the_margin_out():
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert centre(image, 2).tolist() == [[[[14, 15], [20, 21]]]]
    assert torch.equal(centre(image, 0), image)


@pytest.mark.parametrize("pairs", ["one", "both"])
def test_places_say_where_a_view_shows_the_image(tiny, pairs):
    """An image whose colours are its coordinates shows in every view where each pixel lies."""
    axis = (torch.arange(32, dtype=torch.float64) + 0.5) - 16
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    images = torch.stack((columns, rows, rows)).expand(4, 3, 32, 32)
    pair = draw(tiny, images, pairs=pairs)
    inside = 0
    for view, places in zip(pair.views.chunk(2), (pair.first, pair.second), strict=True):
        shown = view[:, :2].flatten(2).mT
        seen = (places.abs() < 15.4).all(dim=-1).expand(4, -1)
        assert torch.allclose(shown[seen], places.expand(4, -1, 2)[seen], atol=1e-4)
        inside += int(seen.sum())
    assert inside > 0.9 * 8 * 24 * 24


def test_one_warp_leaves_the_first_view_as_it_is(tiny):
    images = torch.rand(4, 3, 32, 32)
    pair = draw(tiny, images, pairs="one")
    assert torch.equal(pair.views[:4], images[..., 4:28, 4:28])
    assert not torch.allclose(pair.views[4:], pair.views[:4], atol=0.01)


@pytest.mark.parametrize("pairs", ["one", "both"])
def test_detector_that_follows_has_no_alignment_loss_and_one_that_stays_has(tiny, pairs):
    pair = draw(tiny, torch.rand(4, 3, 32, 32, dtype=torch.float64), pairs=pairs)
    target = torch.tensor([3.2, -2.6], dtype=torch.float64)
    first, second = followed(pair, target, 24)
    loss = alignment_loss(first, second, pair.first, pair.second)
    # The nearest pixel is at most half a diagonal of a slightly scaled pixel away, in either view.
    assert loss < 1.0
    staying = alignment_loss(first, first, pair.first, pair.second)
    assert staying > 2 * loss
    exact = [places.clone().expand(4, -1, 2).clone() for places in (pair.first, pair.second)]
    for maps, places in zip((first, second), exact, strict=True):
        places[maps.flatten(1).bool()] = target
    assert alignment_loss(first, second, *exact).abs() < 1e-12


def test_same_generator_draws_the_same_pairs(tiny):
    images = torch.rand(4, 3, 32, 32)
    first, again = draw(tiny, images), draw(tiny, images)
    assert torch.equal(first.views, again.views)
    assert torch.equal(first.second, again.second)


def test_images_are_scaled_to_minus_one_and_one():
    images = torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 2, 1, 1)
    assert scaled(images).flatten().tolist() == [-1.0, 1.0]
