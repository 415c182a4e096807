"""One step of the adversarial training of generator and discriminator (paper 3.4)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.modules import placed, untouched_randomness
from harness.training.parallel import jointly_normalised
from harness_gans.adversarial_losses import discriminator_loss, generator_loss, gradient_penalty
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generated, Generator, Noise
from harness_gans.gan_seg.losses import regularisers
from harness_gans.gan_seg.weights import draw_weights
from harness_gans.residual_discriminator import ResidualDiscriminator
from harness_gans.updates import update


class AdversarialTraining:
    """Generator against discriminator.

    Args:
        config: the configuration.
        generator: trained in place, in training mode.
        image_size: side in pixels.
        run: device, precision and randomness.

    Attributes:
        averaged: the generator's running average, which is kept.
    """

    def __init__(
        self, config: GanSegConfig, generator: Generator, image_size: int, run: Run
    ) -> None:
        self.config, self.run = config, run
        with untouched_randomness():
            discriminator = ResidualDiscriminator(
                config.discriminator_channels,
                depth=config.discriminator_convolutions,
                hidden=config.discriminator_hidden,
                image_size=image_size,
                owner="gan_seg",
            )
        draw_weights(discriminator, run.generator("discriminator"))
        self.generator = placed(jointly_normalised(generator), run.device).train()
        self.discriminator = placed(discriminator, run.device)
        self.averaged = Averaged(generator, config.averaging)
        self.generator_optimiser = _adam(generator, config.generator_rate, config)
        self.discriminator_optimiser = _adam(discriminator, config.discriminator_rate, config)

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "averaged": self.averaged,
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }

    def step(self, step: int, real: Tensor) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator.

        Args:
            step: number of the step, from which the lazy losses know their turn.
            real: the joint batch `[N, 3, H, W]`, -1 to 1.

        Returns:
            The losses, to be logged.
        """
        count = len(real)
        real = self.run.share(real).to(self.run.device)
        real = real.contiguous(memory_format=torch.channels_last)
        if self.config.shared_fakes:
            drawn = self.draw(count)
            losses = self.update_discriminator(step, real, drawn.images.detach())
        else:
            # Still in training mode: batch statistics move here as they do below.
            with torch.no_grad():
                fakes = self.draw(count).images
            losses = self.update_discriminator(step, real, fakes)
            drawn = self.draw(count)
        losses |= self.update_generator(step, drawn)
        self.averaged.update(self.generator)
        return losses

    def draw(self, count: int) -> Generated:
        """This process's images of `count` from fresh noise."""
        noise = Noise.drawn(self.config, count, self.run.generator("noise")).rows(self.run.share)
        with self.run.autocast():
            drawn: Generated = self.generator(noise.to(self.generator.points.constants))
        return drawn

    def update_discriminator(self, step: int, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Eq. 18: the adversarial loss and, on its turn, the gradient penalty."""
        config = self.config
        penalised = config.penalty_weight > 0 and step % config.penalty_interval == 0
        real = real.detach().requires_grad_(penalised)
        self.discriminator.requires_grad_(True)
        with self.run.autocast():
            fake_logits = self.discriminator(fake)
            real_logits = self.discriminator(real)
        losses = {"discriminator": discriminator_loss(real_logits, fake_logits)}
        if penalised:
            losses["penalty"] = gradient_penalty(real, real_logits, config.penalty)
        total = losses["discriminator"]
        if penalised:
            total = total + config.penalty_weight * losses["penalty"]
        update(self.discriminator_optimiser, total)
        return {name: value.detach() for name, value in losses.items()}

    def update_generator(self, step: int, drawn: Generated) -> dict[str, Tensor]:
        """Eq. 19: the adversarial loss and, on their turn, concentration and area."""
        config = self.config
        # No gradient of the discriminator's weights is wanted here.
        self.discriminator.requires_grad_(False)
        with self.run.autocast():
            adversarial = generator_loss(self.discriminator(drawn.images))
        losses, total = {"generator": adversarial}, adversarial
        if step % config.regulariser_interval == 0:
            concentration, area = regularisers(config, drawn)
            losses |= {"concentration": concentration, "area": area}
            total = total + config.concentration(self.generator.parts) * concentration
            total = total + config.area_weight * area
        update(self.generator_optimiser, total)
        return {name: value.detach() for name, value in losses.items()}


def _adam(module: nn.Module, rate: float, config: GanSegConfig) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=config.betas, fused=True)
