"""One step of the adversarial training (appendix A)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.averaging import Averaged
from harness.training.modules import placed, untouched_randomness
from harness_gans.adversarial_losses import gradient_penalty, hinge_generator_loss
from harness_gans.growing import Stage
from harness_gans.progressive_gan.config import ProgressiveGanConfig
from harness_gans.progressive_gan.critic import Critic
from harness_gans.progressive_gan.generator import Generator
from harness_gans.progressive_gan.losses import between, drift, wasserstein_loss
from harness_gans.progressive_gan.weights import draw_weights
from harness_gans.updates import update

#: Added to a second moment's root (the official code).
ADAM_EPSILON = 1e-8


class AdversarialTraining:
    """Generator against critic, at one stage after the other.

    Layers of later stages are there from the start and get no gradient until their stage begins.

    Args:
        config: the configuration.
        generator: trained in place.
        image_size: side in pixels of the last stage.
        run: device, precision and randomness.

    Attributes:
        averaged: the generator's running average, which is kept.
    """

    def __init__(
        self, config: ProgressiveGanConfig, generator: Generator, image_size: int, run: Run
    ) -> None:
        self.config, self.run = config, run
        self.generator = placed(generator, run.device).train()
        with untouched_randomness():
            critic = Critic(config.channels(image_size), config.deviation_group)
        draw_weights(critic, run.generator("critic"))
        self.critic = placed(critic, run.device)
        self.averaged = Averaged(generator, config.averaging)
        self.begin_stage()

    def begin_stage(self) -> None:
        """Forget the moments of both optimisers, as the official code does at every new side."""
        self.generator_optimiser = self._adam(self.generator)
        self.critic_optimiser = self._adam(self.critic)

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        config = self.config
        return torch.optim.Adam(
            network.parameters(), config.rate, config.betas, eps=ADAM_EPSILON, fused=True
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            "generator": self.generator,
            "critic": self.critic,
            "averaged": self.averaged,
            "generator_optimiser": self.generator_optimiser,
            "critic_optimiser": self.critic_optimiser,
        }

    def step(self, stage: Stage, step: int, real: Tensor) -> dict[str, Tensor]:
        """One update of the critic, then one of the generator.

        Args:
            stage: the present one.
            step: number of the step within the stage.
            real: the joint batch `[N, 3, H, W]` at the stage's side, -1 to 1.

        Returns:
            The losses, to be logged.
        """
        count = len(real)
        real = self.run.share(real).to(self.run.device)
        real = real.contiguous(memory_format=torch.channels_last)
        fade = stage.fade(step)
        with torch.no_grad():
            fakes = self.draw(stage, fade, count)
        losses = self.update_critic(fade, real, fakes)
        losses |= self.update_generator(stage, fade, count)
        self.averaged.update(self.generator)
        return losses

    def update_critic(self, fade: float, real: Tensor, fakes: Tensor) -> dict[str, Tensor]:
        """Wasserstein loss, gradient penalty and drift."""
        config = self.config
        self.critic.requires_grad_(True)
        mixture = between(real, fakes, self.run.generator("mixture")).requires_grad_(True)
        with self.run.autocast():
            real_values, fake_values = self.critic(real, fade), self.critic(fakes, fade)
            mixed_values = self.critic(mixture, fade)
        distance = wasserstein_loss(real_values, fake_values)
        penalty = gradient_penalty(mixture, mixed_values, "one_centred")
        drifted = drift(real_values)
        total = distance + config.penalty_weight * penalty + config.drift_weight * drifted
        update(self.critic_optimiser, total)
        losses = {"critic": distance, "penalty": penalty, "drift": drifted}
        return {name: value.detach() for name, value in losses.items()}

    def update_generator(self, stage: Stage, fade: float, count: int) -> dict[str, Tensor]:
        """The critic's value of fresh images, raised."""
        # No gradient of the critic's weights is wanted here.
        self.critic.requires_grad_(False)
        images = self.draw(stage, fade, count)
        with self.run.autocast():
            # Of the same form for a critic as for hinge losses.
            loss = hinge_generator_loss(self.critic(images, fade))
        update(self.generator_optimiser, loss)
        return {"generator": loss.detach()}

    def draw(self, stage: Stage, fade: float, count: int) -> Tensor:
        """This process's images `[N, 3, H, W]` of `count` from fresh latents, float32."""
        z = torch.randn(count, self.config.noise_size, generator=self.run.generator("latents"))
        with self.run.autocast():
            own = self.run.share(z).to(self.run.device)
            images: Tensor = self.generator(own, stage.side, fade)
        return images.float()
