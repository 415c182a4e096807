"""The locator finds what the generator shows, in small neighbourhoods."""

import torch

from harness_gans.latent_keypoint_gan.losses import recovery_loss
from harness_gans.latent_keypoint_gan.recovery import Locator
from harness_gans.latent_keypoint_gan.spatial_embedding import keypoint_heatmaps


def seeded():
    return torch.Generator().manual_seed(0)


def test_locator_sees_no_further_than_fifteen_pixels():
    locator = Locator(2, "centres", seeded())
    for layer in locator.layers:
        torch.nn.init.constant_(layer.weight, 0.01)
    images = torch.rand(1, 3, 32, 32, generator=seeded()).requires_grad_()
    maps = images
    for layer in locator.layers:
        maps = layer(maps)
    maps[0, 0, 4, 4].backward()
    rows = images.grad[0].abs().sum(dim=(0, 2)).nonzero().flatten()
    assert (rows.max() - rows.min() + 1).item() == 15


def test_locator_learns_to_find_coloured_spots():
    locator = Locator(2, "centres", seeded())
    optimiser = torch.optim.Adam(locator.parameters(), lr=1e-2)
    source = seeded()
    for _ in range(60):
        points = torch.rand(16, 2, 2, generator=source) * 1.4 - 0.7
        spots = keypoint_heatmaps(points, 16, 0.05, "centres")
        images = torch.cat([spots, torch.zeros(16, 1, 16, 16)], dim=1)
        loss = recovery_loss(locator(images), points)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # A guess in the middle is off by 2 * 1.4^2 / 12 = .33.
    assert loss.item() < 0.05
