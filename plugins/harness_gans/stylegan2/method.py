"""StyleGAN2: a generator whose layers are steered by styles; without keypoints.

Tero Karras, Samuli Laine, Miika Aittala, Janne Hellsten, Jaakko Lehtinen, Timo Aila: Analyzing and
Improving the Image Quality of StyleGAN. CVPR 2020, arXiv 1912.04958.
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
from harness_gans.pixels import mirrored, scaled, to_bytes
from harness_gans.stylegan2.config import OWNER, StyleGan2Config
from harness_gans.stylegan2.generator import Generator
from harness_gans.stylegan2.published import load_published
from harness_gans.stylegan2.training import AdversarialTraining
from harness_gans.stylegan2.weights import draw_weights

#: Images of a picture.
PICTURE_IMAGES = 24


class StyleGan2(NetworkMethod):
    """The GAN; capabilities `sample` and `synthesise`.

    Attributes:
        generator: z to w to images; `mapping`, `synthesis`, `truncated` and `mean` are what editors
            of latents work with.
    """

    owner = OWNER

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = settings = cast(StyleGan2Config, config)
        # Refused here, before anything is trained.
        settings.discriminator_channels(image_size)
        with untouched_randomness():
            self.generator = Generator(settings, image_size)

    def fit(self, images: Images, run: Run) -> None:
        """Train the GAN on the images; its averaged generator is kept."""
        config = self.settings
        draw_weights(self.generator, run.generator("generator"))
        if config.weights_file is not None:
            path = local_file(config.weights_file, OWNER, "weights_file")
            load_published(self.generator, path)
        training = AdversarialTraining(config, self.generator, self.image_size, run)
        draws = run.generator("views")
        steps = -(-config.images // config.batch_size)
        for step in run.steps(steps, training.state(), name="gan"):
            real = scaled(images.batch(step, config.batch_size))
            if config.flip:
                real = mirrored(real, draws)
            run.log(**training.step(step, real))
            if is_shown(step, steps):
                self._show_samples(cast(Generator, training.averaged.module), run)
        self.generator.load_state_dict(training.averaged.state_dict())
        self.generator.eval()

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        """Images from a CPU random generator.

        Returns:
            Images with the latents `z` `[N, noise_size]` and `w` `[N, style_size]`, before
            truncation. The noise of the layers is always the same.
        """
        z = torch.randn(count, self.settings.noise_size, generator=generator)
        network = self.generator.eval()
        w = network.mapping(z.to(network.mean))
        images = self._drawn(network, w)
        return GeneratedImages(images, {"z": z.to(w), "w": w})

    @property
    def layers(self) -> int:
        """How many latents w an image can take."""
        return self.generator.synthesis.inputs

    @torch.no_grad()
    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        """New latents w `[count, style_size]`, truncated as the configuration says."""
        z = torch.randn(count, self.settings.noise_size, generator=generator)
        w = self.generator.mapping(z.to(self.generator.mean))
        return self.generator.truncated(w, self.settings.truncation)

    def synthesise(self, latents: Tensor) -> Tensor:
        """Images `[N, 3, S, S]` of w `[N, style_size]` or `[N, L, style_size]`, as they are."""
        images: Tensor = self.generator.synthesis(latents)
        return images

    def projected(self, latents: Tensor) -> Tensor:
        """The latents themselves: w may have any length."""
        return latents

    def kept(self) -> Mapping[str, nn.Module]:
        """The averaged generator; the discriminator is not among them."""
        return {"generator": self.generator}

    def _drawn(self, network: Generator, w: Tensor) -> Tensor:
        """The images of latents, truncated as the configuration says."""
        settings = self.settings
        pulled = network.truncated(w, settings.truncation, settings.truncation_layers)
        return to_bytes(network.synthesis(pulled))

    @torch.no_grad()
    def _show_samples(self, network: Generator, run: Run) -> None:
        """The same latents at every moment of training, so that pictures can be compared."""
        fixed = torch.Generator().manual_seed(run.seed)
        z = torch.randn(PICTURE_IMAGES, self.settings.noise_size, generator=fixed)
        run.show("samples", self._drawn(network, network.mapping(z.to(network.mean))))
