"""Keypoints and embeddings to a style map (paper 3.2), and its convolution without building it.

The style map concatenates H_j(p) w_j over the keypoints and H_bg(p) w_bg (eq. 4): for ten keypoints
1,408 channels, but eleven degrees of freedom per pixel. Every use of it is a convolution, which is
linear, so the kernel is contracted with the embeddings of each image and applied to the eleven
heatmaps: the same function and gradients, up to rounding.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from harness.vision.coordinates import fractions_to_signed, signed_pixels, signed_to_fractions
from harness.vision.heatmaps import gaussian_heatmaps
from harness_gans.latent_keypoint_gan.keypoint_generator import Latents
from harness_gans.neighbourhoods import neighbourhoods

#: Where the coordinates of a side have their ends; `printed` is eq. 2 of the paper.
KeypointGrid = Literal["printed", "corners", "centres"]


def pixel_coordinates(side: int, grid: KeypointGrid, *, like: Tensor) -> Tensor:
    """Signed coordinates of all pixels along one axis.

    Args:
        side: number of pixels.
        grid: `printed` counts pixels from 1 and puts number y at 2 y / side - 1 (eq. 2), half a
            pixel off the symmetric `centres`; see `harness.vision.coordinates` for the others.
        like: a tensor whose type and device are taken.

    Returns:
        `[side]`.
    """
    if grid == "printed":
        return signed_pixels(side, like=like) + 1.0 / side
    return signed_pixels(side, grid=grid, like=like)


def points_to_fractions(points: Tensor, side: int, grid: KeypointGrid) -> Tensor:
    """Signed points of an image of `side` pixels as fractions; any shape."""
    if grid == "printed":
        return signed_to_fractions(points - 1.0 / side, side)
    return signed_to_fractions(points, side, grid=grid)


def fractions_to_points(fractions: Tensor, side: int, grid: KeypointGrid) -> Tensor:
    """The inverse of `points_to_fractions`, up to rounding."""
    if grid == "printed":
        return fractions_to_signed(fractions, side) + 1.0 / side
    return fractions_to_signed(fractions, side, grid=grid)


def keypoint_heatmaps(points: Tensor, side: int, tau: float, grid: KeypointGrid) -> Tensor:
    """H_j(p) = exp(-|p - k_j|^2 / tau) at every pixel (eq. 2).

    Args:
        points: `[N, K, 2]`, signed.
        side: of the maps in pixels.
        tau: in squared units of half an image side, the same at every side.
        grid: convention of the coordinates.

    Returns:
        `[N, K, side, side]` in [0, 1].
    """
    along = pixel_coordinates(side, grid, like=points)
    return gaussian_heatmaps(points, torch.full_like(points[..., 0], tau), along, along)


def foreground(heatmaps: Tensor) -> Tensor:
    """max_j H_j, which is 1 - H_bg (eq. 3); its gradient reaches the nearest keypoint alone.

    Args:
        heatmaps: `[N, K, H, W]`.

    Returns:
        `[N, 1, H, W]`.
    """
    return heatmaps.max(dim=1, keepdim=True).values


class StyleMap:
    """The style map of eq. 4 at one side, in factors.

    Args:
        latents: keypoints and embeddings of P poses, backgrounds of N images.
        heatmaps: of the keypoints, `[P, K, H, W]`.
    """

    def __init__(self, latents: Latents, heatmaps: Tensor) -> None:
        self.latents = latents
        self.height, self.width = heatmaps.shape[-2:]
        self.poses, self.keypoints = heatmaps.shape[:2]
        self.has_background = latents.background.shape[1] > 0
        maps = heatmaps
        if self.has_background:
            maps = torch.cat([heatmaps, 1.0 - foreground(heatmaps)], dim=1)
        # [P, H W, 9 K] or [P, H W, 9 (K + 1)], shared by all convolutions.
        self.patches = neighbourhoods(maps)

    def convolved(self, convolution: nn.Conv2d) -> Tensor:
        """The 3x3 convolution of the style map with padding 1.

        Args:
            convolution: with E weights for each of the K keypoints, in their order, then E for
                the background if there is one.

        Returns:
            `[N, O, H, W]`, channels last in memory.
        """
        outputs = len(convolution.weight)
        kernels, partners = self.kernels(convolution.weight)
        flat = torch.baddbmm(cast(Tensor, convolution.bias), self.patches, kernels)
        if len(partners):
            # A partner differs in the background alone, so its map differs by one heatmap's.
            count = len(partners)
            maps = self.patches.shape[2] // 9
            around = self.patches[:count, :, maps - 1 :: maps]
            flat = torch.cat([flat, torch.baddbmm(flat[:count], around, partners)])
        return flat.reshape(-1, self.height, self.width, outputs).permute(0, 3, 1, 2)

    def kernels(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """A convolution's weight contracted with the embeddings of every image.

        Args:
            weight: `[O, (K + 1) E, 3, 3]`, without background `[O, K E, 3, 3]`.

        Returns:
            `[P, 9 (K + 1), O]` (or `[P, 9 K, O]`) for the poses, rows as `neighbourhoods` orders
            them, and `[N - P, 9, O]`: how the background's rows of the partners differ.
        """
        embeddings = self.latents.appearance.transpose(0, 1)
        outputs, size = len(weight), embeddings.shape[-1]
        # [K + 1, E, O 9], a view where the weight is in channels-last order.
        by_map = weight.permute(0, 2, 3, 1).reshape(outputs * 9, -1, size).permute(1, 2, 0)
        drawn = torch.bmm(embeddings, by_map[: self.keypoints])
        partners = drawn.new_zeros(0, 9, outputs)
        if self.has_background:
            behind = self.latents.background @ by_map[self.keypoints]
            drawn = torch.cat([drawn, behind[None, : self.poses]])
            count = len(behind) - self.poses
            change = behind[self.poses :] - behind[:count]
            partners = change.view(count, outputs, 9).transpose(1, 2)
        by_place = drawn.view(-1, self.poses, outputs, 9).permute(1, 3, 0, 2)
        return by_place.reshape(self.poses, -1, outputs), partners
