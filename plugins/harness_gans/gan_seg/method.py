"""GANSeg: a generator that draws images from part masks teaches a network to find the parts.

Xingzhe He, Bastian Wandt, Helge Rhodin: GANSeg: Learning to Segment by Unsupervised Hierarchical
Image Generation. CVPR 2022, arXiv 2112.01036.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.contract import GeneratedImages, Images, MethodConfig, Run
from harness.errors import ConfigError
from harness.training.method import NetworkMethod
from harness.training.modules import (
    is_shown,
    untouched_randomness,
)
from harness.vision.coordinates import fractions_to_signed, signed_to_fractions
from harness.vision.masks import painted_parts, part_labels
from harness_gans.gan_seg.adversarial import AdversarialTraining
from harness_gans.gan_seg.augmentation import augmented
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generator, Noise
from harness_gans.gan_seg.point_generator import Parts
from harness_gans.gan_seg.segmenter import build_segmenter, require_backbone
from harness_gans.gan_seg.segmenter_training import SegmenterTraining
from harness_gans.gan_seg.weights import draw_weights
from harness_gans.pixels import scaled, to_bytes

#: Images in each picture of a training loop.
PICTURE_IMAGES = 32


class GanSeg(NetworkMethod):
    """Generator, then segmenter; capabilities `segment`, `sample` and `render`."""

    owner = "gan_seg"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(GanSegConfig, config)
        if self.settings.block_sides[-1] != image_size:
            raise ConfigError(
                f"gan_seg: the last of block_sides {list(self.settings.block_sides)} is not the "
                f"image size {image_size}; set image_size or block_sides"
            )
        with untouched_randomness():
            self.generator = Generator(self.settings, parts)
            self.segmenter = build_segmenter(self.settings, parts)

    def fit(self, images: Images, run: Run) -> None:
        """Train the GAN on the images, then the segmenter on what the generator draws.

        Raises:
            AssetMissing: the segmenter's ImageNet weights are asked for and not on this machine.
        """
        require_backbone(self.settings)
        self._fit_generator(images, run)
        self._fit_segmenter(images, run)

    def _fit_generator(self, images: Images, run: Run) -> None:
        config = self.settings
        draw_weights(self.generator, run.generator("generator"))
        training = AdversarialTraining(config, self.generator, self.image_size, run)
        views = run.generator("views")
        for step in run.steps(config.steps, training.state(), name="gan"):
            real = augmented(images.batch(step, config.batch_size), config.augmentation, views)
            run.log(**training.step(step, real))
            if is_shown(step, config.steps):
                self._show_samples(training.averaged.module, run)
        self.generator.load_state_dict(training.averaged.state_dict())
        self.generator.eval()

    def _fit_segmenter(self, images: Images, run: Run) -> None:
        config = self.settings
        training = SegmenterTraining(config, self.segmenter, self.generator, run)
        for step in run.steps(config.segmenter_steps, training.state(), name="segmenter"):
            run.log(**training.step(step))
            if is_shown(step, config.segmenter_steps):
                self._show_masks(images, run)
        self.segmenter.eval()

    @torch.no_grad()
    def segment(self, images: Tensor) -> Tensor:
        """Part probabilities `[N, K+1, H, W]`, channel 0 background, of uint8 images."""
        self.segmenter.eval()
        views = scaled(images).contiguous(memory_format=torch.channels_last)
        return torch.softmax(self.segmenter(views).float(), dim=1)

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        """Images with their parts' centres and masks, from a CPU random generator."""
        network = self.generator.eval()
        noise = Noise.drawn(self.settings, count, generator).to(network.points.constants)
        parts = network.points(noise.places, noise.appearance)
        style = network.style(parts, noise)
        drawn = network.painted(parts, style, noise.background_place)
        return GeneratedImages(
            images=to_bytes(drawn.images),
            latents={
                "keypoints": self._fractions(drawn.centres),
                "appearance": parts.embeddings[:, network.first_part :],
                "background": style,
                "background_place": noise.background_place,
                "points": parts.points,
            },
            keypoints=self._fractions(drawn.centres),
            masks=drawn.masks,
        )

    @torch.no_grad()
    def render(self, latents: Mapping[str, Tensor]) -> GeneratedImages:
        """Images of latents.

        A part's points, `[N, K, n, 2]` in signed coordinates, move with its keypoint and keep their
        scatter; the background goes with its place, `[N, 1, 2]`. Without points (ablation) a
        keypoint is where the mask happens to be, and moving it changes nothing.
        """
        given = {name: value.to(self.generator.points.constants) for name, value in latents.items()}
        drawn = self.generator.eval().painted(
            self._parts(given), given["background"], given["background_place"]
        )
        return GeneratedImages(
            images=to_bytes(drawn.images),
            latents=latents,
            keypoints=self._fractions(drawn.centres),
            masks=drawn.masks,
        )

    def _parts(self, latents: Mapping[str, Tensor]) -> Parts:
        """Level 1 of latents; exactly as it was drawn where keypoints have not moved."""
        first, looks = self.generator.first_part, latents["appearance"]
        if first:
            looks = torch.cat([latents["background"][:, None], looks], dim=1)
        parts = Parts(
            latents["points"], looks, self.settings.heatmap, fixed_scale=self.settings.fixed_scale
        )
        if not self.settings.use_points:
            return parts
        before = self._signed(self._fractions(parts.centres[:, first:]))
        shift = self._signed(latents["keypoints"]) - before
        return parts.moved(F.pad(shift, (0, 0, first, 0))[:, :, None])

    def kept(self) -> Mapping[str, nn.Module]:
        """Generator and segmenter; the discriminator is not among them."""
        return {"generator": self.generator, "segmenter": self.segmenter}

    def _fractions(self, points: Tensor) -> Tensor:
        return signed_to_fractions(points, self.image_size, grid=self.settings.grid)

    def _signed(self, points: Tensor) -> Tensor:
        return fractions_to_signed(points, self.image_size, grid=self.settings.grid)

    @torch.no_grad()
    def _show_samples(self, generator: torch.nn.Module, run: Run) -> None:
        """The same noise at every moment of training, so that pictures can be compared."""
        fixed = torch.Generator().manual_seed(run.seed)
        noise = Noise.drawn(self.settings, PICTURE_IMAGES, fixed)
        drawn = generator(noise.to(self.generator.points.constants))
        images = to_bytes(drawn.images)
        run.show("samples", torch.cat([images, painted_parts(part_labels(drawn.masks), images)]))

    def _show_masks(self, images: Images, run: Run) -> None:
        """Parts found in the first real images."""
        real = images.take(range(min(PICTURE_IMAGES, len(images)))).to(run.device)
        painted = painted_parts(part_labels(self.segment(real)), real)
        run.show("masks", torch.cat([real, painted]))
