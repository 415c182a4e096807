"""Both losses against hand-computed numbers and naive sums, in float64."""

import pytest
import torch

from harness.errors import ShapeError
from harness_autoencoders.thewlis.losses import alignment_loss, diversity_loss


def random_maps(seed, count=2, parts=3, height=4, width=5):
    generator = torch.Generator().manual_seed(seed)
    scores = 3 * torch.randn(count, parts, height * width, generator=generator, dtype=torch.float64)
    return torch.softmax(scores, dim=-1).reshape(count, parts, height, width)


def one_hot(places, side=4):
    """One image whose maps are 1 at (row, column)."""
    maps = torch.zeros(1, len(places), side, side, dtype=torch.float64)
    for part, (row, column) in enumerate(places):
        maps[0, part, row, column] = 1.0
    return maps


def random_places(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return 5 * torch.randn(*shape, 2, generator=generator, dtype=torch.float64)


def test_alignment_equals_the_double_sum_over_all_pairs_of_places():
    p, q = random_maps(0), random_maps(1)
    a, b = random_places(2, 2, 20), random_places(3, 2, 20)
    total = 0.0
    for n in range(2):
        for r in range(3):
            for u in range(20):
                for v in range(20):
                    square = (a[n, u] - b[n, v]).square().sum().item()
                    total += square * p[n, r].flatten()[u].item() * q[n, r].flatten()[v].item()
    assert alignment_loss(p, q, a, b).item() == pytest.approx(total / (2 * 3), rel=1e-12)


def test_alignment_of_certain_landmarks_is_their_squared_distance():
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij")
    places = torch.stack((columns, rows), dim=-1).reshape(-1, 2).double()
    p, q = one_hot([(0, 0), (1, 2)]), one_hot([(3, 1), (1, 3)])
    # (0, 0) to (3, 1) is 10, (1, 2) to (1, 3) is 1.
    assert alignment_loss(p, q, places, places).item() == pytest.approx((10 + 1) / 2)


def test_alignment_of_equal_maps_is_twice_their_variance():
    places = torch.tensor([[0.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    maps = torch.tensor([[[[0.5, 0.5]]]], dtype=torch.float64)
    assert alignment_loss(maps, maps, places, places).item() == pytest.approx(2.0)


def test_places_shared_by_all_images_may_be_given_once():
    p, q, a = random_maps(0), random_maps(1), random_places(2, 20)
    spread = a.expand(2, 20, 2)
    assert torch.equal(alignment_loss(p, q, a, spread), alignment_loss(p, q, spread, a))


def test_places_of_another_grid_are_refused():
    maps = random_maps(0)
    with pytest.raises(ShapeError, match=r"places have shape \[19, 2\]"):
        alignment_loss(maps, maps, random_places(0, 19), random_places(0, 20))


@pytest.mark.parametrize("pooling", ["blocks", "sliding"])
def test_diversity_of_landmarks_that_share_no_window_is_zero(pooling):
    maps = one_hot([(0, 0), (0, 3), (3, 0)])
    assert diversity_loss(maps, 2, pooling).item() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("pooling", ["blocks", "sliding"])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
def test_diversity_of_equal_maps_is_one_less_than_their_number(window, pooling):
    maps = random_maps(0, parts=1).expand(2, 6, 4, 5)
    assert diversity_loss(maps, window, pooling).item() == pytest.approx(5.0)


def test_landmarks_in_one_block_compete_though_their_pixels_differ():
    maps = one_hot([(0, 0), (1, 1), (2, 2)])
    assert diversity_loss(maps, 2).item() == pytest.approx(1.0)
    assert diversity_loss(maps, 1).item() == pytest.approx(0.0)


def test_sliding_windows_see_neighbours_across_the_border_of_a_block():
    maps = one_hot([(1, 1), (2, 2)])
    assert diversity_loss(maps, 2, "blocks").item() == pytest.approx(0.0)
    # One of the four windows of either holds both.
    assert diversity_loss(maps, 2, "sliding").item() == pytest.approx(0.25)


@pytest.mark.parametrize("window", [1, 2, 3])
def test_diversity_in_blocks_equals_the_naive_loop(window):
    maps = random_maps(5)
    total = 0.0
    for n in range(2):
        for top in range(0, 4, window):
            for left in range(0, 5, window):
                block = maps[n, :, top : top + window, left : left + window]
                total += max(part.sum().item() for part in block)
    assert diversity_loss(maps, window).item() == pytest.approx(3 - total / 2, rel=1e-12)


def test_both_losses_have_the_right_gradients():
    p, q = random_maps(0, 1, 2, 3, 3), random_maps(1, 1, 2, 3, 3)
    a, b = random_places(2, 1, 9), random_places(3, 9)
    leaves = (p.requires_grad_(), q.requires_grad_())
    assert torch.autograd.gradcheck(lambda x, y: alignment_loss(x, y, a, b), leaves)
    assert torch.autograd.gradcheck(lambda x: diversity_loss(x, 2), leaves[:1])
