"""Mask algebra against hand-computed values."""

import pytest
import torch

from harness.errors import ShapeError
from harness.vision.masks import painted_parts, part_centres, part_labels, resized_masks


def test_centre_is_the_mean_place_of_a_part_in_pixel_centre_fractions():
    masks = torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    masks[0, 1, 1, 1], masks[0, 1, 1, 2] = 1.0, 3.0
    expected = torch.tensor([[[2.25 / 3, 0.5]]], dtype=torch.float64)
    assert torch.allclose(part_centres(masks), expected, atol=1e-5)


def test_empty_part_lies_in_the_image_centre():
    masks = torch.zeros(2, 3, 4, 6)
    masks[:, 0] = 1.0
    assert torch.allclose(part_centres(masks), torch.full((2, 2, 2), 0.5), atol=1e-6)


def test_background_does_not_count_and_parts_are_not_normalised_against_each_other():
    masks = torch.rand(2, 4, 5, 5)
    other = masks.clone()
    other[:, 0] = 7.0
    other[:, 2] = 0.0
    assert torch.equal(part_centres(other)[:, [0, 2]], part_centres(masks)[:, [0, 2]])


def test_naive_loop_gives_the_same_centres():
    masks = torch.softmax(torch.randn(2, 3, 4, 6, dtype=torch.float64), dim=1)
    expected = torch.zeros(2, 2, 2, dtype=torch.float64)
    for n in range(2):
        for k in range(2):
            total = x = y = 0.0
            for i in range(4):
                for j in range(6):
                    value = masks[n, k + 1, i, j].item() + 1e-6
                    total += value
                    x += value * (j + 0.5) / 6
                    y += value * (i + 0.5) / 4
            expected[n, k] = torch.tensor([x / total, y / total], dtype=torch.float64)
    assert torch.allclose(part_centres(masks), expected, rtol=1e-12)


def test_flipping_the_masks_mirrors_the_centres():
    masks = torch.softmax(torch.randn(3, 5, 8, 8), dim=1)
    mirrored = part_centres(masks.flip(-1))
    expected = part_centres(masks) * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    assert torch.allclose(mirrored, expected, atol=1e-6)


def test_half_precision_masks_are_summed_in_float32():
    masks = torch.softmax(torch.randn(1, 3, 64, 64), dim=1)
    got = part_centres(masks.bfloat16())
    assert got.dtype == torch.float32
    assert torch.allclose(got, part_centres(masks.bfloat16().float()))


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 1, 4, 4)])
def test_wrong_shapes_are_refused_with_the_shape(shape):
    with pytest.raises(ShapeError, match=r"expected \[N, K\+1, H, W\]"):
        part_centres(torch.zeros(shape))


def test_labels_are_the_largest_channel_and_ties_go_to_the_lowest():
    masks = torch.tensor([[0.2, 0.4, 0.0], [0.5, 0.4, 0.1], [0.3, 0.2, 0.9]])
    labels = part_labels(masks[None, :, None, :])
    assert labels.dtype == torch.uint8
    assert labels.tolist() == [[[1, 0, 2]]]


def test_resized_masks_still_sum_to_one():
    masks = torch.softmax(torch.randn(2, 4, 8, 8), dim=1)
    assert torch.allclose(resized_masks(masks, 20).sum(dim=1), torch.ones(2, 20, 20), atol=1e-6)


def test_masks_of_the_right_size_are_left_alone():
    masks = torch.rand(1, 2, 8, 8)
    assert torch.equal(resized_masks(masks, 8), masks)


def test_painting_darkens_the_background_and_tells_parts_apart():
    images = torch.full((1, 3, 1, 3), 100, dtype=torch.uint8)
    labels = torch.tensor([[[0, 1, 2]]], dtype=torch.uint8)
    painted = painted_parts(labels, images, opacity=0.5)
    assert painted[0, :, 0, 0].tolist() == [50, 50, 50]
    assert painted[0, :, 0, 1].tolist() != painted[0, :, 0, 2].tolist()
