"""The network that finds the keypoints in real images, its loss and how it is read (paper 3.6)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18, resnet50

from harness.vision.soft_argmax import expected_points
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.spatial_embedding import (
    keypoint_heatmaps,
    pixel_coordinates,
)
from harness_gans.precision import at_least_float32
from harness_gans.start_weights import draw_predictor
from harness_gans.unet import UNet

#: Channels of the transposed convolutions (Xiao et al., 2018).
DECONVOLUTION_CHANNELS = 256
#: Standard deviation of the start weights behind the ResNet (Xiao et al., 2018).
HEAD_DEVIATION = 0.001
#: Added to every pixel of a heatmap that is read, so that an empty one gives the centre, not NaN.
SMALLEST_HEAT = 1e-8


def build_detector(config: LatentKeypointGanConfig, keypoints: int) -> UNet | ResNetDetector:
    """The configuration's network: images `[N, 3, H, W]`, -1 to 1, to K maps, one a keypoint."""
    if config.detector == "unet":
        return UNet(keypoints, config.detector_channels)
    return ResNetDetector(keypoints, config.detector_depth)


@torch.no_grad()
def draw_detector(network: UNet | ResNetDetector, generator: torch.Generator) -> None:
    """Draw start weights in place, as torchvision and Xiao et al. draw them."""
    draw_predictor(network, generator, resnet="backbone.")
    if isinstance(network, ResNetDetector):
        for layer in (*network.head, network.output):
            if isinstance(layer, nn.ConvTranspose2d | nn.Conv2d):
                layer.weight.normal_(std=HEAD_DEVIATION, generator=generator)


class ResNetDetector(nn.Module):
    """A ResNet, three transposed convolutions that double the side, a 1x1 convolution.

    Args:
        keypoints: K.
        depth: layers of the ResNet, 18 or 50.
    """

    def __init__(self, keypoints: int, depth: int) -> None:
        super().__init__()
        self.backbone = (resnet18 if depth == 18 else resnet50)(weights=None)
        channels = self.backbone.fc.in_features
        # The classifier's place.
        self.backbone.fc = nn.Identity()
        self.backbone.avgpool = nn.Identity()
        layers: list[nn.Module] = []
        for inputs in (channels, DECONVOLUTION_CHANNELS, DECONVOLUTION_CHANNELS):
            layers += [
                nn.ConvTranspose2d(inputs, DECONVOLUTION_CHANNELS, 4, 2, padding=1, bias=False),
                nn.BatchNorm2d(DECONVOLUTION_CHANNELS),
                nn.ReLU(inplace=True),
            ]
        self.head = nn.Sequential(*layers)
        self.output = nn.Conv2d(DECONVOLUTION_CHANNELS, keypoints, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]` to `[N, K, H/4, W/4]`; sides divisible by 32."""
        net = self.backbone
        maps = net.maxpool(net.relu(net.bn1(net.conv1(images))))
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            maps = layer(maps)
        return cast(Tensor, self.output(self.head(maps)))


def detector_loss(config: LatentKeypointGanConfig, maps: Tensor, points: Tensor) -> Tensor:
    """How far maps are from those that the points ask for.

    `heatmap`: mean squared difference from H_j (eq. 2). `cross_entropy`: mean over images and
    keypoints of the cross-entropy between the normalised H_j and the softmax of the map, plus the
    weighted mean absolute difference of the softmax's mean place in a coordinate.

    Args:
        config: which loss; tau and the grid.
        maps: `[N, K, h, w]`.
        points: `[N, K, 2]`, signed, where the generator put the keypoints.
    """
    maps = at_least_float32(maps)
    wanted = keypoint_heatmaps(points, maps.shape[-1], config.tau, config.grid)
    if config.detector_loss == "heatmap":
        return F.mse_loss(maps, wanted)
    shares = wanted.flatten(2) + SMALLEST_HEAT
    shares = shares / shares.sum(dim=-1, keepdim=True)
    entropy = -(shares * F.log_softmax(maps.flatten(2), dim=-1)).sum(dim=-1).mean()
    distance = (mean_places(config, maps) - points).abs().mean()
    return entropy + config.detector_point_weight * distance


def heat(config: LatentKeypointGanConfig, maps: Tensor) -> Tensor:
    """What the detector's maps say, `[N, K, h, w]`, at least 0 and of sum 1 over each map."""
    maps = at_least_float32(maps)
    if config.detector_loss == "cross_entropy":
        return torch.softmax(maps.flatten(2), dim=-1).view_as(maps)
    positive = maps.clamp_min(0.0) + SMALLEST_HEAT
    return positive / positive.sum(dim=(2, 3), keepdim=True)


def mean_places(config: LatentKeypointGanConfig, maps: Tensor) -> Tensor:
    """Mean places of the maps' heat, signed `[N, K, 2]`."""
    along = pixel_coordinates(maps.shape[-1], config.grid, like=at_least_float32(maps))
    return expected_points(heat(config, maps), along, along)


def places(config: LatentKeypointGanConfig, maps: Tensor) -> Tensor:
    """Keypoints `[N, K, 2]`, signed: mean places, or the pixels of the peaks."""
    if config.read_out == "mean":
        return mean_places(config, maps)
    side = maps.shape[-1]
    along = pixel_coordinates(side, config.grid, like=at_least_float32(maps))
    peak = maps.flatten(2).argmax(dim=-1)
    return torch.stack((along[peak % side], along[peak // side]), dim=-1)


def confidence(config: LatentKeypointGanConfig, maps: Tensor) -> Tensor:
    """How clear a keypoint is, `[N, K]` in [0, 1].

    `heatmap`: the peak of its map. `cross_entropy`: the peak of its softmax as a share of the peak
    of a Gaussian of width tau, which is what the loss asks for.
    """
    if config.detector_loss == "heatmap":
        return at_least_float32(maps).amax(dim=(2, 3)).clamp(0.0, 1.0)
    wanted = min(1.0, 4.0 / (torch.pi * config.tau * maps.shape[-1] * maps.shape[-2]))
    return (heat(config, maps).amax(dim=(2, 3)) / wanted).clamp_max(1.0)
