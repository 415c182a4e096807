"""One update after the other of detector, features and decoder (paper eq. 15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Generator, Tensor, nn

from harness.contract import Images, Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.modules import freeze_norms, placed
from harness.training.optimisation import Optimisation
from harness.training.parallel import jointly_normalised
from harness.vision.border import border_mask
from harness.vision.pairs import ClipPairs
from harness.vision.perceptual import PerceptualLoss
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.flow import dense_flow, flow_loss, flow_preference
from harness_autoencoders.lmdis_rep.losses import (
    concentration_loss,
    equivariance_loss,
    pixel_loss,
    separation_loss,
)
from harness_autoencoders.lmdis_rep.networks import LmdisNetworks
from harness_autoencoders.lmdis_rep.warping import Warps, draw_warps, landmark_share

#: Images in each picture of a training loop.
PICTURE_IMAGES = 8


class Training:
    """The whole objective.

    Args:
        config: the configuration.
        networks: trained in place.
        perceptual: the perceptual loss, where the configuration asks for one.
        images: the role `fit`.
        run: device, precision and randomness.
        clips: pairs of frames, where the configuration asks for optical flow.

    Attributes:
        averaged: the running average of the networks, which is kept.
    """

    def __init__(
        self,
        config: LmdisRepConfig,
        networks: LmdisNetworks,
        perceptual: PerceptualLoss | None,
        images: Images,
        run: Run,
        *,
        clips: ClipPairs | None = None,
    ) -> None:
        networks.draw_weights(run.generator("networks"))
        self.config, self.images, self.run = config, images, run
        self.perceptual = None if perceptual is None else placed(perceptual, run.device).train()
        self.networks = placed(jointly_normalised(networks), run.device).train()
        self.averaged = Averaged(networks, config.averaging)
        self.optimisation = Optimisation(
            networks,
            rate=config.learning_rate,
            schedule=config.schedule,
            steps=config.steps,
            milestones=config.milestones,
            weight_decay=config.weight_decay,
            bound=config.gradient_bound,
        )
        self.clips = clips
        self.mask: Tensor | None = None
        if config.mask_off or config.mask_rise:
            mask = border_mask(images.size, config.mask_off, config.mask_rise)
            self.mask = mask.to(run.device)

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        state: dict[str, Stateful] = {
            "networks": self.networks,
            "averaged": self.averaged,
            "optimisation": self.optimisation,
        }
        return state if self.perceptual is None else state | {"perceptual": self.perceptual}

    def step(self, step: int) -> dict[str, Tensor]:
        """One update; returns the losses, without their weights."""
        frozen_from = self.config.norm_frozen_from
        if frozen_from is not None and step >= frozen_from:
            freeze_norms(self.networks)
        losses = self.losses(step, self.batch(step))
        weights = self.weights(step)
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        self.optimisation.update(step, total)
        self.averaged.update(self.networks)
        return {name: loss.detach() for name, loss in losses.items()}

    def batch(self, step: int) -> Tensor:
        """This process's images of a step, jittered, `[N, 3, S, S]`, 0 to 1, on its device."""
        images = self.run.share(self.images.batch(step, self.config.batch_size))
        images = images.to(self.run.device)
        jitter = self.run.generator("jitter")
        return jittered(scaled(images), self.config, jitter)

    def losses(self, step: int, images: Tensor) -> dict[str, Tensor]:
        """Every term of eq. 15 for images `[N, 3, S, S]` and their warped copies."""
        config, networks, share = self.config, self.networks, self.networks.share
        padded = networks.padded(images)
        warps = self._warps(step, padded)
        count = len(images)
        with self.run.autocast():
            both = networks.landmarks(torch.cat((padded, warps.warp(padded))))
            own = both.first(count)
            descriptors = networks.descriptors(padded, own)
            drawn = networks.draw(networks.to_image(own.points), descriptors)
        mapped = warps.map(both.points[count:])
        losses = {
            "reconstruction": self._reconstruction(drawn, images),
            "concentration": concentration_loss(both.variances, share, config.concentration),
            "separation": separation_loss(both.points, config.separation_sigma * share),
            "equivariance": equivariance_loss(own.points, mapped, share, config.equivariance),
        }
        if self.clips is not None:
            losses |= self._flow(self.clips)
        return losses

    def weights(self, step: int) -> dict[str, float]:
        """The factor of every term at a step."""
        config = self.config
        return {
            "reconstruction": config.reconstruction_factor(step),
            "concentration": config.concentration_weight,
            "separation": config.separation_weight,
            "equivariance": config.equivariance_weight,
            "flow": config.flow_weight,
            "flow_preference": config.flow_preference_weight,
        }

    def average_norms(self, step: int) -> None:
        """Batch statistics as plain means over training batches (paper G.3), from step 0 on."""
        module = cast(LmdisNetworks, self.averaged.module)
        norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None
            if step == 0:
                norm.reset_running_stats()
            norm.train()
        padded = self.networks.padded(self.batch(step))
        warped = self._warps(self.config.steps, padded).warp(padded)
        with torch.no_grad(), self.run.autocast():
            found = module.landmarks(torch.cat((padded, warped)))
            own = found.first(len(padded))
            module.draw(module.to_image(own.points), module.descriptors(padded, own))
        module.eval()

    @torch.no_grad()
    def picture(self, images: Tensor) -> Tensor:
        """Images and what is drawn of them, one row each; `images` is uint8."""
        networks = cast(LmdisNetworks, self.averaged.module)
        shown = images[:PICTURE_IMAGES].to(self.run.device)
        padded = networks.padded(scaled(shown))
        found = networks.landmarks(padded)
        drawn = networks.draw(networks.to_image(found.points), networks.descriptors(padded, found))
        return torch.cat((shown, as_bytes(drawn)))

    def _warps(self, step: int, padded: Tensor) -> Warps:
        """The warps of a step, on the images' device."""
        points = None
        if landmark_share(self.config, step) > 0:
            with torch.no_grad(), self.run.autocast():
                points = self.networks.landmarks(padded).points.cpu()
        generator = self.run.generator("warps")
        return draw_warps(self.config, step, points, len(padded), generator).to(padded.device)

    def _reconstruction(self, drawn: Tensor, images: Tensor) -> Tensor:
        mask = None if self.mask is None else self.mask.expand(len(images), 1, -1, -1)
        if self.perceptual is not None:
            loss: Tensor = self.perceptual(255.0 * drawn, 255.0 * images, mask)
            return loss
        return pixel_loss(
            drawn, images, "paper" if self.config.reconstruction == "paper" else "code", mask
        )

    def _flow(self, clips: ClipPairs) -> dict[str, Tensor]:
        """Landmarks of two frames of a clip: along the optical flow, and where it is large."""
        generator = self.run.generator("flow")
        drawn = clips.draw(self.config.batch_size, generator)
        first, second = (self.run.share(positions) for positions in drawn)
        frames = self.images.take(first), self.images.take(second)
        flow = dense_flow(*frames).to(self.run.device)
        both = torch.cat(frames).to(self.run.device)
        with self.run.autocast():
            points = self.networks.landmarks(self.networks.padded(scaled(both))).points
        before, after = self.networks.to_image(points).chunk(2)
        return {
            "flow": flow_loss(before, after, flow),
            "flow_preference": flow_preference(before, flow),
        }


def jittered(images: Tensor, config: LmdisRepConfig, generator: Generator) -> Tensor:
    """One brightness and one contrast for the batch (code).

    Args:
        images: `[N, 3, S, S]`, 0 to 1.
        config: how far.
        generator: source of both draws.

    Returns:
        Contrast about each channel's mean, then brightness, cut to 0 to 1.
    """
    brightness, contrast = 2.0 * torch.rand(2, generator=generator) - 1.0
    means = images.mean(dim=(2, 3), keepdim=True)
    scaled = (images - means) * (1.0 + config.jitter_contrast * float(contrast)) + means
    return (scaled + config.jitter_brightness * float(brightness)).clamp(0.0, 1.0)


def as_bytes(images: Tensor) -> Tensor:
    """0 to 1 as uint8."""
    return (255.0 * images).round().clamp(0, 255).to(torch.uint8)


def scaled(images: Tensor) -> Tensor:
    """uint8 as 0 to 1, channels last."""
    return (images.float() / 255.0).contiguous(memory_format=torch.channels_last)
