"""LatentKeypointGAN: a generator that paints images from keypoints teaches a detector to find them.

Xingzhe He, Bastian Wandt, Helge Rhodin: LatentKeypointGAN: Controlling GANs via Latent Keypoints.
2021, arXiv 2103.15812.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from harness.contract import GeneratedImages, Images, Keypoints, MethodConfig, Run
from harness.errors import ConfigError, ShapeError
from harness.training.method import NetworkMethod
from harness.training.modules import is_shown, untouched_randomness
from harness.vision.masks import painted_parts
from harness_gans.growing import Stage, real_images
from harness_gans.latent_keypoint_gan.config import MOST_KEYPOINTS, LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.detector import build_detector, confidence, places
from harness_gans.latent_keypoint_gan.detector_training import DetectorTraining
from harness_gans.latent_keypoint_gan.generator import Generator
from harness_gans.latent_keypoint_gan.growing import stages
from harness_gans.latent_keypoint_gan.keypoint_generator import Latents, Noise
from harness_gans.latent_keypoint_gan.spatial_embedding import (
    foreground,
    fractions_to_points,
    keypoint_heatmaps,
    points_to_fractions,
)
from harness_gans.latent_keypoint_gan.training import AdversarialTraining
from harness_gans.latent_keypoint_gan.views import views
from harness_gans.latent_keypoint_gan.weights import draw_weights
from harness_gans.pixels import scaled, to_bytes

#: Images in a row of a picture, and rows of real images.
PICTURE_COLUMNS, PICTURE_ROWS = 8, 3
#: Value of max_j H_j at which a keypoint's disc ends in pictures: a radius of 0.83 root tau.
DISC_EDGE = 0.5


class LatentKeypointGan(NetworkMethod):
    """GAN, then detector; capabilities `detect`, `sample` and `render`."""

    owner = "latent_keypoint_gan"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = settings = cast(LatentKeypointGanConfig, config)
        self.keypoints = settings.keypoints or parts
        if self.keypoints > MOST_KEYPOINTS:
            raise ConfigError(
                f"latent_keypoint_gan: {self.keypoints} keypoints are asked for, but at most "
                f"{MOST_KEYPOINTS} are possible; set keypoints to fewer"
            )
        if settings.stage_sides[-1] != image_size:
            raise ConfigError(
                f"latent_keypoint_gan: the last of stage_sides {list(settings.stage_sides)} is not "
                f"the image size {image_size}; set image_size or stage_sides"
            )
        if settings.detector == "resnet" and image_size % 32:
            raise ConfigError(
                "latent_keypoint_gan: detector = resnet halves the side five times, which "
                f"{image_size} pixels do not allow; use detector = unet"
            )
        with untouched_randomness():
            self.generator = Generator(settings, self.keypoints)
            self.detector = build_detector(settings, self.keypoints)

    def fit(self, images: Images, run: Run) -> None:
        """Train the GAN on the images, stage by stage, then the detector on what it draws."""
        self._fit_generator(images, run)
        self._fit_detector(images, run)

    def _fit_generator(self, images: Images, run: Run) -> None:
        config = self.settings
        draw_weights(self.generator, run.generator("generator"))
        training = AdversarialTraining(config, self.generator, run)
        draws = run.generator("views")
        for stage in stages(config):
            for step in run.steps(stage.steps, training.state(), name=f"gan_{stage.side}"):
                seen = views(config, images.batch(step, stage.batch_size), draws).to(run.device)
                real = real_images(seen, stage, stage.fade(step), mixed=config.mix_real)
                run.log(**training.step(stage, step, real))
                if is_shown(step, stage.steps):
                    self._show_samples(training.averaged.module, stage, step, run)
        self.generator.load_state_dict(training.averaged.state_dict())
        self.generator.eval()

    def _fit_detector(self, images: Images, run: Run) -> None:
        training = DetectorTraining(self.settings, self.detector, self.generator, run)
        for step in run.steps(training.steps, training.state(), name="detector"):
            run.log(**training.step(step))
            if is_shown(step, training.steps):
                self._show_detected(images, run)
        self.detector.eval()

    @torch.no_grad()
    def detect(self, images: Tensor) -> Keypoints:
        """Keypoints of uint8 images, and how clear each is."""
        seen = scaled(images).contiguous(memory_format=torch.channels_last)
        maps = self.detector.eval()(seen)
        points = places(self.settings, maps)
        fractions = points_to_fractions(points, maps.shape[-1], self.settings.grid)
        return Keypoints(fractions, confidence(self.settings, maps))

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        """Images with their keypoints and embeddings, from a CPU random generator."""
        noise = Noise.drawn(self.settings, count, generator)
        latents = self.generator.eval().keypoints(noise.to(self.generator.start))
        return self.render(
            {
                "keypoints": self._to_fractions(latents.points),
                "appearance": latents.appearance,
                "background": latents.background,
            }
        )

    @torch.no_grad()
    def render(self, latents: Mapping[str, Tensor]) -> GeneratedImages:
        """The images of latents.

        Args:
            latents: `keypoints` `[N, K, 2]`, fractions, which may lie outside of the image;
                `appearance` `[N, K, E]`, the embeddings w_j; `background` `[N, E]`, the embedding
                w_bg, or `[N, 0]` where `separate_background` is off.

        Raises:
            ShapeError: one of them is missing or has another form.
        """
        self._require_latents(latents)
        given = {name: value.to(self.generator.start) for name, value in latents.items()}
        points = fractions_to_points(given["keypoints"], self.image_size, self.settings.grid)
        drawn = Latents(points, given["appearance"], given["background"])
        images = self.generator.eval().painted(drawn).images
        return GeneratedImages(to_bytes(images), dict(latents), keypoints=latents["keypoints"])

    def kept(self) -> Mapping[str, nn.Module]:
        """Generator and detector; the discriminator is not among them."""
        return {"generator": self.generator, "detector": self.detector}

    def _to_fractions(self, points: Tensor) -> Tensor:
        return points_to_fractions(points, self.image_size, self.settings.grid)

    def _require_latents(self, latents: Mapping[str, Tensor]) -> None:
        size = self.settings.embedding_size
        count = len(latents["keypoints"]) if "keypoints" in latents else 0
        expected = {
            "keypoints": (count, self.keypoints, 2),
            "appearance": (count, self.keypoints, size),
            "background": (count, size if self.settings.separate_background else 0),
        }
        for name, shape in expected.items():
            if name not in latents:
                raise ShapeError(
                    f"latent_keypoint_gan: the latents have no {name}; they need "
                    f"{', '.join(expected)}."
                )
            if tuple(latents[name].shape) != shape:
                raise ShapeError(
                    f"latent_keypoint_gan: {name} has shape {list(latents[name].shape)}, expected "
                    f"{list(shape)}."
                )

    @torch.no_grad()
    def _show_samples(self, generator: nn.Module, stage: Stage, step: int, run: Run) -> None:
        """Images, their keypoints, then the same with other places, looks and backgrounds.

        The same noise at every moment of training, so that pictures can be compared.
        """
        network = cast(Generator, generator)
        fixed = torch.Generator().manual_seed(run.seed)
        noise = Noise.drawn(self.settings, 2 * PICTURE_COLUMNS, fixed).to(network.start)
        drawn = network.keypoints(noise)
        latents, other = (
            Latents(*(v[part] for v in (drawn.points, drawn.appearance, drawn.background)))
            for part in (slice(PICTURE_COLUMNS), slice(PICTURE_COLUMNS, None))
        )
        changes = (
            latents,
            replace(latents, points=other.points),
            replace(latents, appearance=other.appearance),
            replace(latents, background=other.background),
        )
        first, *others = (
            to_bytes(network.painted(each, stage.side, stage.fade(step)).images) for each in changes
        )
        run.show("samples", torch.cat([first, self._marked(first, latents.points), *others]))

    def _show_detected(self, images: Images, run: Run) -> None:
        """Keypoints found in the first real images, below each row of them."""
        count = min(PICTURE_COLUMNS * PICTURE_ROWS, len(images))
        real = images.take(range(count)).to(run.device)
        found = self.detect(real).points
        marked = self._marked(real, fractions_to_points(found, self.image_size, self.settings.grid))
        rows = zip(
            torch.split(real, PICTURE_COLUMNS), torch.split(marked, PICTURE_COLUMNS), strict=True
        )
        run.show("detected", torch.cat([part for row in rows for part in row]))

    def _marked(self, images: Tensor, points: Tensor) -> Tensor:
        """The images with a disc in a keypoint's colour around each of the signed points."""
        side, settings = images.shape[-1], self.settings
        heatmaps = keypoint_heatmaps(points, side, settings.tau, settings.grid)
        covered = foreground(heatmaps)[:, 0] > DISC_EDGE
        labels = torch.where(covered, heatmaps.argmax(dim=1) + 1, 0)
        return painted_parts(labels, images)
