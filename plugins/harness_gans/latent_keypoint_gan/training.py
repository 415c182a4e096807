"""One step of the adversarial training of generator and discriminator (paper 3.7, App. B)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.modules import placed, untouched_randomness
from harness.training.parallel import jointly_normalised
from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.growing import Stage
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.discriminator import (
    GrowingDiscriminator,
    build_discriminator,
)
from harness_gans.latent_keypoint_gan.generator import Generated, Generator
from harness_gans.latent_keypoint_gan.keypoint_generator import Noise
from harness_gans.latent_keypoint_gan.losses import (
    ADVERSARIAL,
    background_loss,
    keypoint_distance,
    recovery_loss,
)
from harness_gans.latent_keypoint_gan.recovery import Locator
from harness_gans.updates import update


class AdversarialTraining:
    """Generator against discriminator, at one stage after the other.

    Layers of later stages are there from the start; they get no gradient, so that Adam keeps no
    moments of them until their stage begins.

    Args:
        config: the configuration.
        generator: trained in place, in training mode.
        run: device, precision and randomness.

    Attributes:
        averaged: the generator's running average, which is kept.
    """

    def __init__(self, config: LatentKeypointGanConfig, generator: Generator, run: Run) -> None:
        self.config, self.run = config, run
        self.keypoints = generator.keypoints.keypoints
        self.generator = placed(jointly_normalised(generator), run.device).train()
        with untouched_randomness():
            discriminator = build_discriminator(config, run.generator("discriminator"))
            locator = Locator(self.keypoints, config.grid, run.generator("locator"))
        self.discriminator = placed(discriminator, run.device)
        self.averaged = Averaged(generator, config.averaging)
        self.generator_optimiser = generator_adam(config, generator)
        self.discriminator_optimiser = torch.optim.Adam(
            discriminator.parameters(), config.discriminator_rate, config.betas, fused=True
        )
        self.locator = placed(locator, run.device) if config.recovery_weight > 0 else None
        if self.locator is not None:
            # One loss moves generator and locator, so one step of one optimiser does.
            self.generator_optimiser.add_param_group(
                {"params": list(locator.parameters()), "lr": config.discriminator_rate}
            )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        state: dict[str, Stateful] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "averaged": self.averaged,
            "generator_optimiser": self.generator_optimiser,
            "discriminator_optimiser": self.discriminator_optimiser,
        }
        return state if self.locator is None else state | {"locator": self.locator}

    def step(self, stage: Stage, step: int, real: Tensor) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator.

        Args:
            stage: the present one.
            step: number of the step within the stage.
            real: the joint batch `[N, 3, H, W]` at the stage's side, -1 to 1.

        Returns:
            The losses, and the mean distance of the keypoints, to be logged.
        """
        count = len(real)
        real = self.run.share(real).to(self.run.device)
        real = real.contiguous(memory_format=torch.channels_last)
        set_rates(self.config, self.generator_optimiser, stage.is_adapting(step))
        fade = stage.fade(step)
        if self.config.shared_fakes:
            drawn = self.draw(stage, fade, count)
            fakes = drawn.images[: len(real)].detach()
            losses = self.update_discriminator(step, fade, real, fakes)
        else:
            # Still in training mode: batch statistics move here as they do below.
            with torch.no_grad():
                fakes = self.draw(stage, fade, count, pairs=False).images
            losses = self.update_discriminator(step, fade, real, fakes)
            drawn = self.draw(stage, fade, count)
        losses |= self.update_generator(fade, drawn, len(real))
        self.averaged.update(self.generator)
        return losses

    def draw(self, stage: Stage, fade: float, count: int, *, pairs: bool = True) -> Generated:
        """This process's images from fresh noise.

        Args:
            stage: its side.
            fade: alpha.
            count: images for the adversarial losses, of all processes together.
            pairs: draw what the background loss compares, too: within `count`, or beside it.
        """
        config = self.config
        inside = config.background_pairs
        partners = (inside or count) if pairs and config.has_background_loss else 0
        noise = Noise.drawn(
            config,
            count - partners if inside else count,
            self.run.generator("noise"),
            partners=partners,
            jitter=(self.keypoints, config.position_jitter),
        )
        with self.run.autocast():
            own = noise.rows(self.run.share).to(self.generator.start)
            drawn: Generated = self.generator(own, stage.side, fade)
        return drawn

    def update_discriminator(
        self, step: int, fade: float, real: Tensor, fake: Tensor
    ) -> dict[str, Tensor]:
        """Eq. 10: the adversarial loss and, on its turn, the gradient penalty."""
        config = self.config
        penalised = config.penalty_weight > 0 and step % config.penalty_interval == 0
        real = real.detach().requires_grad_(penalised)
        self.discriminator.requires_grad_(True)
        with self.run.autocast():
            fake_logits, real_logits = self.judged(fake, fade), self.judged(real, fade)
        _, adversarial_loss = ADVERSARIAL[config.adversarial_loss]
        losses = {"discriminator": adversarial_loss(real_logits, fake_logits)}
        total = losses["discriminator"]
        if penalised:
            losses["penalty"] = gradient_penalty(real, real_logits, config.penalty)
            total = total + config.penalty_weight * losses["penalty"]
        update(self.discriminator_optimiser, total)
        return {name: value.detach() for name, value in losses.items()}

    def update_generator(self, fade: float, drawn: Generated, count: int) -> dict[str, Tensor]:
        """Eq. 11: the adversarial loss of `count` images, and the background loss of the pairs."""
        config = self.config
        # No gradient of the discriminator's weights is wanted here.
        self.discriminator.requires_grad_(False)
        adversarial_loss, _ = ADVERSARIAL[config.adversarial_loss]
        with self.run.autocast():
            logits = self.judged(drawn.images[:count], fade)
        losses = {"generator": adversarial_loss(logits)}
        total = losses["generator"]
        if len(drawn.images) > len(drawn.foreground):
            losses["background"] = background_loss(drawn, config.background_norm)
            total = total + config.background_weight * losses["background"]
        points = drawn.latents.points
        if self.locator is not None:
            with self.run.autocast():
                found = self.locator(drawn.images[: len(points)])
            losses["recovery"] = recovery_loss(found, points)
            total = total + config.recovery_weight * losses["recovery"]
        update(self.generator_optimiser, total)
        losses["keypoint_distance"] = keypoint_distance(points.detach())
        return {name: value.detach() for name, value in losses.items()}

    def judged(self, images: Tensor, fade: float) -> Tensor:
        """The discriminator's logits."""
        if isinstance(self.discriminator, GrowingDiscriminator):
            return self.discriminator(images, fade)  # type: ignore[no-any-return]
        return self.discriminator(images)  # type: ignore[no-any-return]


def generator_adam(config: LatentKeypointGanConfig, generator: Generator) -> torch.optim.Adam:
    """Adam for three groups: image generator, position network, the rest of the keypoints'."""
    positions = list(generator.keypoints.positions.parameters())
    looks = [p for n, p in generator.keypoints.named_parameters() if not n.startswith("positions.")]
    image = [p for n, p in generator.named_parameters() if not n.startswith("keypoints.")]
    groups = [{"params": parameters} for parameters in (image, positions, looks)]
    return torch.optim.Adam(groups, config.generator_rate, config.betas, fused=True)


def set_rates(
    config: LatentKeypointGanConfig, optimiser: torch.optim.Optimizer, adapting: bool
) -> None:
    """Learning rates of a step: those of the keypoint generator are 0 while a side is faded in.

    They are 0 rather than without gradient, so that Adam's moments go on (App. B says "learning
    rate").
    """
    keypoint_rate = config.generator_rate
    if adapting and config.freeze_keypoints:
        keypoint_rate = 0.0
    _, positions, looks = optimiser.param_groups[:3]
    positions["lr"] = config.position_rate_factor * keypoint_rate
    looks["lr"] = keypoint_rate
