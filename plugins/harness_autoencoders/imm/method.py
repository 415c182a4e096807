"""IMM: draw one view of an object from the look of another view and a few keypoints.

Tomas Jakab, Ankush Gupta, Hakan Bilen, Andrea Vedaldi: Unsupervised Learning of Object Landmarks
through Conditional Image Generation. NeurIPS 2018, arXiv 1806.07823.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

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
from harness.vision.coordinates import fractions_to_signed, signed_to_fractions
from harness.vision.perceptual import PerceptualLoss, build_net
from harness.vision.perceptual.rotation import RotationNet, train_rotation_net
from harness_autoencoders.imm.adversary import Adversary
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.networks import ImmNetworks
from harness_autoencoders.imm.pairs import Pair, Pairs

#: Pairs in each picture of a training loop.
PICTURE_PAIRS = 8


class Imm(NetworkMethod):
    """Pose encoder, appearance encoder, renderer; capabilities `detect` and `reconstruct`."""

    owner = "imm"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(ImmConfig, config)
        self.networks = ImmNetworks(self.settings, parts, image_size)

    def fit(self, images: Images, run: Run) -> None:
        """Train on pairs of views.

        Raises:
            AssetMissing: the weights of the perceptual network are not on this machine.
            ConfigError: `perceptual_start` does not fit the perceptual network.
            DataError: there is one image only, or there are no clips to take pairs from.
        """
        config = self.settings
        require_images(images, 2, "imm")
        pairs = Pairs(config, images, run)
        net = build_net(config.perceptual)
        loss = PerceptualLoss(
            net,
            rate=config.perceptual_rate,
            start=config.perceptual_start,
            power=config.perceptual_power,
        )
        if isinstance(net, RotationNet):
            train_rotation_net(net, images, run, config.rotation_steps, config.rotation_share)
        training = Training(config, self.networks, placed(loss, run.device), run)
        for step in run.steps(config.steps, training.state(), name="autoencoder"):
            run.log(loss=training.step(step, pairs.draw(step)))
            if is_shown(step, config.steps):
                run.show("pairs", training.picture(pairs.draw(step)))
        self.networks.load_state_dict(training.averaged.state_dict())
        self.networks.eval()

    @torch.no_grad()
    def detect(self, images: Tensor) -> Keypoints:
        """Keypoints of uint8 images."""
        return Keypoints(self._fractions(self.networks.eval().keypoints(_floats(images))))

    @torch.no_grad()
    def reconstruct(
        self, images: Tensor, keypoints: Tensor | None = None, appearance: Tensor | None = None
    ) -> Tensor:
        """The images drawn again: their keypoints (or others) with their look (or another's)."""
        points = self.detect(images).points if keypoints is None else keypoints
        look = images if appearance is None else appearance
        signed = fractions_to_signed(points, self.settings.map_size, grid="corners")
        return _bytes(self.networks.eval().draw(signed, _floats(look)))

    def kept(self) -> Mapping[str, nn.Module]:
        """All networks; what only training needs is not among them."""
        return {"networks": self.networks}

    def _fractions(self, points: Tensor) -> Tensor:
        return signed_to_fractions(points, self.settings.map_size, grid="corners")


class Training:
    """One update after the other of the three networks.

    Attributes:
        averaged: the running average of the networks, which is kept.
        adversary: the discriminator, where the loss has an adversarial term.
    """

    def __init__(
        self, config: ImmConfig, networks: ImmNetworks, loss: PerceptualLoss, run: Run
    ) -> None:
        networks.draw_weights(run.generator("networks"))
        self.config, self.run, self.loss = config, run, loss.train()
        self.networks = placed(jointly_normalised(networks), run.device).train()
        self.averaged = Averaged(networks, config.averaging)
        self.optimisation = Optimisation(
            networks,
            rate=config.learning_rate,
            schedule=config.schedule,
            steps=config.steps,
            weight_decay=config.weight_decay,
            bound=config.gradient_bound,
        )
        self.adversary: Adversary | None = None
        if config.adversarial_weight > 0:
            self.adversary = Adversary(config, networks.image_size, run)

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            **({} if self.adversary is None else self.adversary.state()),
            "networks": self.networks,
            "averaged": self.averaged,
            "loss": self.loss,
            "optimisation": self.optimisation,
        }

    def step(self, step: int, pair: Pair) -> Tensor:
        """Draw the targets from the sources' look and the targets' keypoints, and learn."""
        with self.run.autocast():
            points = self.networks.keypoints(pair.target)
            drawn = self.networks.draw(points, pair.source)
            loss: Tensor = self.loss(drawn, pair.target, pair.mask)
        if self.adversary is not None:
            loss = loss + self.config.adversarial_weight * self.adversary.contest(pair, drawn)
        loss = self.config.loss_scale * loss
        plateau = self.config.schedule == "plateau"
        self.optimisation.update(step, loss, error=self.loss.error() if plateau else None)
        self.averaged.update(self.networks)
        return loss.detach()

    @torch.no_grad()
    def picture(self, pair: Pair) -> Tensor:
        """Sources, targets and drawn targets, one row each."""
        source, target = pair.source[:PICTURE_PAIRS], pair.target[:PICTURE_PAIRS]
        networks = cast(ImmNetworks, self.averaged.module)
        drawn = networks.draw(networks.keypoints(target), source)
        return torch.cat([_bytes(images) for images in (source, target, drawn)])


def _floats(images: Tensor) -> Tensor:
    return images.float().contiguous(memory_format=torch.channels_last)


def _bytes(images: Tensor) -> Tensor:
    return images.round().clamp(0, 255).to(torch.uint8)
