"""Factorised spatial embeddings: landmarks are what moves with an image however it is warped.

James Thewlis, Hakan Bilen, Andrea Vedaldi: Unsupervised Learning of Object Landmarks by Factorized
Spatial Embeddings. ICCV 2017, arXiv 1705.02193.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.contract import Images, Keypoints, MethodConfig, Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.method import NetworkMethod
from harness.training.modules import (
    is_shown,
    placed,
    require_images,
)
from harness.training.optimisation import Optimisation
from harness.training.parallel import jointly_normalised
from harness.vision.masks import painted_parts
from harness_autoencoders.thewlis.config import ThewlisConfig
from harness_autoencoders.thewlis.losses import alignment_loss, diversity_loss
from harness_autoencoders.thewlis.networks import Detector, mean_points
from harness_autoencoders.thewlis.pairs import Pair, Pairs, scaled

#: Pairs in each picture of a training loop.
PICTURE_PAIRS = 8
#: Share of a map's peak above which a pixel is painted in pictures.
PAINTED_SHARE = 0.3


class Thewlis(NetworkMethod):
    """A siamese detector; capability `detect`.

    There is no decoder in the paper, so nothing can be reconstructed. The detector is trained on
    the centres of images and detects in whole ones, as landmarks of a suite may lie anywhere.
    """

    owner = "thewlis"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(ThewlisConfig, config)
        self.networks = Detector(self.settings, parts, image_size)

    def fit(self, images: Images, run: Run) -> None:
        """Train on pairs of views.

        Raises:
            DataError: there is a single image.
        """
        config = self.settings
        require_images(images, 2, "thewlis")
        pairs = Pairs(config, images, run)
        training = Training(config, self.networks, run)
        for step in run.steps(config.steps, training.state(), name="detector"):
            run.log(**training.step(step, pairs.draw(step)))
            if is_shown(step, config.steps):
                run.show("landmarks", training.picture(pairs.draw(step)))
        self.networks.load_state_dict(training.averaged.state_dict())
        self.networks.eval()

    @torch.no_grad()
    def detect(self, images: Tensor) -> Keypoints:
        """Landmarks of uint8 images; the confidence is the peak of a landmark's map."""
        maps = self.networks.eval()(scaled(images))
        return Keypoints(mean_points(maps), maps.amax(dim=(2, 3)))

    def kept(self) -> Mapping[str, nn.Module]:
        """All networks; what only training needs is not among them."""
        return {"networks": self.networks}


class Training:
    """One update after the other of the detector.

    Attributes:
        averaged: the running average of the detector, which is kept.
    """

    def __init__(self, config: ThewlisConfig, networks: Detector, run: Run) -> None:
        networks.draw_weights(run.generator("networks"))
        self.config, self.run = config, run
        self.networks = placed(jointly_normalised(networks), run.device).train()
        self.averaged = Averaged(networks, config.averaging)
        self.optimisation = Optimisation(
            networks,
            rate=config.learning_rate,
            schedule=config.schedule,
            steps=config.steps,
            weight_decay=config.weight_decay,
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            "networks": self.networks,
            "averaged": self.averaged,
            "optimisation": self.optimisation,
        }

    def step(self, step: int, pair: Pair) -> dict[str, Tensor]:
        """One update; returns the losses, without their weights."""
        config = self.config
        with self.run.autocast():
            maps = self.networks(pair.views)
        losses = pair_losses(config, maps, pair)
        weighted = config.alignment_weight * losses["alignment"]
        self.optimisation.update(step, weighted + config.diversity_weight * losses["diversity"])
        self.averaged.update(self.networks)
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def picture(self, pair: Pair) -> Tensor:
        """First and second views, each landmark's map painted in its colour; one row each."""
        views = torch.cat([views[:PICTURE_PAIRS] for views in pair.views.chunk(2)])
        maps = F.interpolate(self.averaged.module(views), size=views.shape[-1], mode="bilinear")
        shares = maps / maps.amax(dim=(2, 3), keepdim=True)
        background = torch.full_like(shares[:, :1], PAINTED_SHARE)
        labels = torch.cat((background, shares), dim=1).argmax(dim=1)
        pixels = (127.5 * (views + 1.0)).round().clamp(0, 255).to(torch.uint8)
        return painted_parts(labels, pixels)


def pair_losses(config: ThewlisConfig, maps: Tensor, pair: Pair) -> dict[str, Tensor]:
    """Alignment of a pair, and the sum of the diversities of its two images.

    Args:
        config: window and kind of the diversity.
        maps: of the first views, then of the second, `[2 N, K, h, w]`.
        pair: where their pixels lie.
    """
    first, second = maps.chunk(2)
    window, pooling = config.diversity_window, config.diversity_pooling
    # The mean over both halves is half the sum of the two images' losses.
    return {
        "alignment": alignment_loss(first, second, pair.first, pair.second),
        "diversity": 2.0 * diversity_loss(maps, window, pooling),
    }
