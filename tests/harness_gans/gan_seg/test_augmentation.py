"""Random views of real images."""

import torch

from harness_gans.gan_seg.augmentation import augmented


def ramp(count: int) -> torch.Tensor:
    """Images whose red rises to the right and green downwards, from 0 to 255."""
    values = torch.linspace(0, 255, 32)
    image = torch.stack(
        [values.expand(32, 32), values[:, None].expand(32, 32), values.expand(32, 32)]
    )
    return image.round().to(torch.uint8).expand(count, -1, -1, -1)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_pixels_become_minus_one_to_one():
    view = augmented(ramp(1), "none", seeded())
    assert (view.min().item(), view.max().item()) == (-1.0, 1.0)


def test_about_half_of_the_images_are_mirrored_and_none_is_changed_otherwise():
    images = ramp(400)
    views = augmented(images, "flip", seeded())
    plain = augmented(images, "none", seeded())
    same = (views == plain).flatten(1).all(dim=1)
    mirrored = (views == plain.flip(-1)).flatten(1).all(dim=1)
    assert (same ^ mirrored).all()
    assert 150 < int(mirrored.sum()) < 250


def test_crops_show_nine_tenths_to_all_of_the_area_with_moderate_ratios():
    views = augmented(ramp(300), "flip_crop", seeded())
    width = (views[:, 0, 16, -1] - views[:, 0, 16, 0]).abs() / 2
    height = (views[:, 1, -1, 16] - views[:, 1, 0, 16]).abs() / 2
    # Crop borders lie half a pixel outside the outermost pixel centres.
    assert (width * height).min() > 0.87
    assert (width * height).max() < 1.01
    assert (width / height).max() < 1.13
    assert (width / height).min() > 0.88
    assert width.std() > 0.01


def test_equal_generators_give_equal_views():
    assert torch.equal(
        augmented(ramp(3), "flip_crop", seeded()), augmented(ramp(3), "flip_crop", seeded())
    )
