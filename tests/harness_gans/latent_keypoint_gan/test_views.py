"""Random views of real images."""

import torch

from harness_gans.latent_keypoint_gan.views import views


def ramp(count):
    """Images whose red rises to the right and green downwards, from 0 to 255."""
    values = torch.linspace(0, 255, 32)
    rows = [values.expand(32, 32), values[:, None].expand(32, 32), values.expand(32, 32)]
    return torch.stack(rows).round().to(torch.uint8).expand(count, -1, -1, -1)


def seeded():
    return torch.Generator().manual_seed(0)


def test_nothing_but_the_scale_changes_by_default(tiny):
    source = seeded()
    before = source.get_state()
    view = views(tiny(), ramp(2), source)
    assert torch.equal(view, ramp(2) / 127.5 - 1.0)
    assert torch.equal(source.get_state(), before)


def test_crops_are_squares_of_seven_tenths_to_all_of_the_side(tiny):
    seen = views(tiny(smallest_crop=0.7), ramp(400), seeded())
    width = (seen[:, 0, 16, -1] - seen[:, 0, 16, 0]).abs() / 2
    height = (seen[:, 1, -1, 16] - seen[:, 1, 0, 16]).abs() / 2
    # Crop borders lie half a pixel outside the outermost pixel centres.
    assert torch.allclose(width, height, atol=0.03)
    assert 0.66 < width.min() < 0.75
    assert 0.95 < width.max() < 1.01
    centres = (seen[:, 0, 16, -1] + seen[:, 0, 16, 0]) / 2
    assert centres.std() > 0.05


def test_half_of_the_images_are_mirrored_where_asked(tiny):
    seen = views(tiny(flip=True), ramp(400), seeded())
    mirrored = seen[:, 0, 0, 0] > seen[:, 0, 0, -1]
    assert 150 < int(mirrored.sum()) < 250
