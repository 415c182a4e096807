"""One step of the adversarial training, regularisers included (appendix B)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.modules import placed, untouched_randomness
from harness_gans.adversarial_losses import discriminator_loss, generator_loss, gradient_penalty
from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.discriminator import Discriminator
from harness_gans.stylegan2.generator import Generator
from harness_gans.stylegan2.losses import PathPenalty, lazy_adam, path_lengths
from harness_gans.stylegan2.weights import draw_weights
from harness_gans.updates import update


class AdversarialTraining:
    """Generator against discriminator.

    Args:
        config: the configuration.
        generator: trained in place.
        image_size: side in pixels.
        run: device, precision and randomness.

    Attributes:
        averaged: the generator's running average, which is kept.
    """

    def __init__(
        self, config: StyleGan2Config, generator: Generator, image_size: int, run: Run
    ) -> None:
        self.config, self.run = config, run
        self.generator = placed(generator, run.device).train()
        with untouched_randomness():
            discriminator = Discriminator(
                config.discriminator_channels(image_size), config.deviation_group
            )
        draw_weights(discriminator, run.generator("discriminator"))
        self.discriminator = placed(discriminator, run.device)
        self.averaged = Averaged(generator, 0.0)
        self.path_penalty = PathPenalty(config.path_decay).to(run.device)
        self.generator_optimiser = lazy_adam(
            generator.parameters(),
            config.rate,
            config.betas,
            config.path_interval if config.path_weight > 0 else None,
        )
        self.discriminator_optimiser = lazy_adam(
            discriminator.parameters(),
            config.rate,
            config.betas,
            config.r1_interval if config.r1_weight > 0 else None,
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "averaged": self.averaged,
            "path_penalty": self.path_penalty,
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }

    def step(self, step: int, real: Tensor) -> dict[str, Tensor]:
        """Both updates and, on their turns, both regularisers.

        Args:
            step: its number.
            real: the joint batch `[N, 3, H, W]`, -1 to 1.

        Returns:
            The losses, to be logged.
        """
        config, count = self.config, len(real)
        real = self.run.share(real).to(self.run.device)
        real = real.contiguous(memory_format=torch.channels_last)
        if config.shared_fakes:
            fakes = self.draw(count)
            losses = self.update_discriminator(real, fakes.detach())
        else:
            with torch.no_grad():
                unused = self.draw(count)
            losses = self.update_discriminator(real, unused)
            fakes = self.draw(count)
        if config.r1_weight > 0 and step % config.r1_interval == 0:
            losses |= self.regularise_discriminator(real)
        losses |= self.update_generator(fakes)
        if config.path_weight > 0 and step % config.path_interval == 0:
            losses |= self.regularise_generator(max(1, count // config.path_shrink))
        self.averaged.decay = averaging_decay(config, step)
        self.averaged.update(self.generator)
        return losses

    def update_discriminator(self, real: Tensor, fakes: Tensor) -> dict[str, Tensor]:
        """The logistic loss of real and generated images."""
        self.discriminator.requires_grad_(True)
        with self.run.autocast():
            fake_logits, real_logits = self.discriminator(fakes), self.discriminator(real)
        loss = discriminator_loss(real_logits, fake_logits)
        update(self.discriminator_optimiser, loss)
        gap = real_logits.mean() - fake_logits.mean()
        return {"discriminator": loss.detach(), "logit_gap": gap.detach()}

    def regularise_discriminator(self, real: Tensor) -> dict[str, Tensor]:
        """R1, in a step of its own, times the steps for which it stands."""
        config = self.config
        self.discriminator.requires_grad_(True)
        real = real.detach().requires_grad_(True)
        with self.run.autocast():
            logits = self.discriminator(real)
        penalty = gradient_penalty(real, logits, "r1")
        update(self.discriminator_optimiser, 0.5 * config.r1_weight * config.r1_interval * penalty)
        return {"r1": penalty.detach()}

    def update_generator(self, fakes: Tensor) -> dict[str, Tensor]:
        """The non-saturating logistic loss of generated images."""
        # No gradient of the discriminator's weights is wanted here.
        self.discriminator.requires_grad_(False)
        with self.run.autocast():
            loss = generator_loss(self.discriminator(fakes))
        update(self.generator_optimiser, loss)
        return {"generator": loss.detach()}

    def regularise_generator(self, count: int) -> dict[str, Tensor]:
        """The path length penalty, in a step of its own, times the steps for which it stands."""
        config = self.config
        noise = self.noise(count)
        with self.run.autocast():
            w = self.latents(count)
            images = self.generator.synthesis(w, noise)
        lengths = path_lengths(images, w, self.run.generator("directions"))
        penalty = self.path_penalty(lengths)
        update(self.generator_optimiser, config.path_weight * config.path_interval * penalty)
        return {"path": penalty.detach(), "path_length": self.path_penalty.mean.clone()}

    def draw(self, count: int) -> Tensor:
        """This process's images of `count` from fresh latents and fresh noise."""
        noise = self.noise(count)
        with self.run.autocast():
            images: Tensor = self.generator.synthesis(self.latents(count), noise)
        return images

    def noise(self, count: int) -> list[Tensor]:
        """This process's rows of fresh noise for every layer, `[N, 1, H, W]`."""
        drawn = self.generator.synthesis.drawn_noise(count, self.run.generator("noise"))
        return [self.run.share(noise) for noise in drawn]

    def latents(self, count: int) -> Tensor:
        """This process's rows of fresh w for every layer, `[N, L, style_size]`.

        Those of all `count` images are made everywhere, so that the mean of w follows them all.
        """
        config, source = self.config, self.run.generator("latents")
        z = torch.randn(2, count, config.noise_size, generator=source)
        w = self.generator.mapping(z.flatten(0, 1).to(self.run.device))
        first, second = w.unflatten(0, (2, count)).unbind()
        self.generator.follow(first)
        layers = self.generator.synthesis.inputs
        return self.run.share(mixed(first, second, layers, config.mixing, source))


def mixed(
    first: Tensor, second: Tensor, layers: int, share: float, generator: torch.Generator
) -> Tensor:
    """Style mixing: some images take another w from a random layer on.

    Args:
        first: `[N, D]`, of the first layers.
        second: `[N, D]`, of those from a layer on that is drawn for each image, never the first.
        layers: L.
        share: of the images that are mixed.
        generator: source of both draws.

    Returns:
        `[N, L, D]`.
    """
    count = len(first)
    chosen = torch.rand(count, generator=generator) < share
    cuts = torch.randint(1, layers, (count,), generator=generator)
    cuts = torch.where(chosen, cuts, layers)
    keeps = (torch.arange(layers) < cuts[:, None]).to(first.device)
    return torch.where(keeps[:, :, None], first[:, None], second[:, None])


def averaging_decay(config: StyleGan2Config, step: int) -> float:
    """Share of the old average that is kept after a step.

    >>> round(averaging_decay(StyleGan2Config(), 0), 6)
    0.997784
    """
    half_life = config.averaging_half_life
    if config.averaging_ramp > 0:
        half_life = min(half_life, config.averaging_ramp * (step + 1) * config.batch_size)
    return float(0.5 ** (config.batch_size / half_life))
