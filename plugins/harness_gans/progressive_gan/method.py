"""ProgressiveGAN: generator and critic grow from 4 pixels to the image's side; without keypoints.

Tero Karras, Timo Aila, Samuli Laine, Jaakko Lehtinen: Progressive Growing of GANs for Improved
Quality, Stability, and Variation. ICLR 2018, arXiv 1710.10196.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from harness.contract import GeneratedImages, Images, MethodConfig, Run
from harness.training.method import NetworkMethod
from harness.training.modules import is_shown, untouched_randomness
from harness.vision.weights import local_file
from harness_gans.equalised import normalised
from harness_gans.growing import Stage, real_images
from harness_gans.pixels import mirrored, scaled, to_bytes
from harness_gans.progressive_gan.config import OWNER, ProgressiveGanConfig
from harness_gans.progressive_gan.generator import Generator
from harness_gans.progressive_gan.growing import stages
from harness_gans.progressive_gan.published import load_published
from harness_gans.progressive_gan.training import AdversarialTraining
from harness_gans.progressive_gan.weights import draw_weights

#: Images of a picture.
PICTURE_IMAGES = 24


class ProgressiveGan(NetworkMethod):
    """The GAN; capabilities `sample` and `synthesise`.

    Attributes:
        generator: z to images, differentiable; what editors of latents work with.
    """

    owner = OWNER

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = settings = cast(ProgressiveGanConfig, config)
        self.stages = stages(settings, image_size)
        with untouched_randomness():
            self.generator = Generator(settings.noise_size, settings.channels(image_size))

    def fit(self, images: Images, run: Run) -> None:
        """Train the GAN on the images, stage by stage; its averaged generator is kept."""
        config = self.settings
        draw_weights(self.generator, run.generator("generator"))
        if config.weights_file is not None:
            path = local_file(config.weights_file, OWNER, "weights_file")
            load_published(self.generator, path)
        training = AdversarialTraining(config, self.generator, self.image_size, run)
        draws = run.generator("views")
        for stage in self.stages:
            training.begin_stage()
            for step in run.steps(stage.steps, training.state(), name=f"gan_{stage.side}"):
                seen = scaled(images.batch(step, stage.batch_size))
                if config.flip:
                    seen = mirrored(seen, draws)
                real = real_images(seen.to(run.device), stage, stage.fade(step), mixed=True)
                run.log(**training.step(stage, step, real))
                if is_shown(step, stage.steps):
                    self._show_samples(cast(Generator, training.averaged.module), stage, step, run)
        self.generator.load_state_dict(training.averaged.state_dict())
        self.generator.eval()

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        """Images with their latents `z` `[N, noise_size]`, from a CPU random generator."""
        z = torch.randn(count, self.settings.noise_size, generator=generator)
        z = z.to(self.generator.start.bias)
        return GeneratedImages(to_bytes(self.generator.eval()(z)), {"z": z})

    @property
    def layers(self) -> int:
        """All layers take the same latent."""
        return 1

    @torch.no_grad()
    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        """New latents z `[count, noise_size]`, of length sqrt(noise_size)."""
        z = torch.randn(count, self.settings.noise_size, generator=generator)
        return self.projected(z.to(self.generator.start.bias))

    def synthesise(self, latents: Tensor) -> Tensor:
        """Images `[N, 3, S, S]` of z `[N, noise_size]`."""
        images: Tensor = self.generator(latents)
        return images

    def projected(self, latents: Tensor) -> Tensor:
        """Latents of length sqrt(noise_size): the generator sees their direction alone."""
        return normalised(latents)

    def kept(self) -> Mapping[str, nn.Module]:
        """The averaged generator; the critic is not among them."""
        return {"generator": self.generator}

    @torch.no_grad()
    def _show_samples(self, network: Generator, stage: Stage, step: int, run: Run) -> None:
        """The same latents at every moment of training, so that pictures can be compared."""
        fixed = torch.Generator().manual_seed(run.seed)
        z = torch.randn(PICTURE_IMAGES, self.settings.noise_size, generator=fixed)
        drawn: Tensor = network(z.to(network.start.bias), stage.side, stage.fade(step))
        run.show("samples", to_bytes(drawn))
