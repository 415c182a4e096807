"""Training of the detector on pairs that the generator draws for each batch (paper 3.6, 4.5)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.modules import placed
from harness.training.parallel import jointly_normalised
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.detector import (
    ResNetDetector,
    detector_loss,
    draw_detector,
    places,
)
from harness_gans.latent_keypoint_gan.generator import Generator
from harness_gans.latent_keypoint_gan.keypoint_generator import Noise
from harness_gans.unet import UNet
from harness_gans.updates import update


class DetectorTraining:
    """The detector learns where the generator put the keypoints.

    The generator stays in evaluation mode.

    Args:
        config: the configuration.
        detector: trained in place.
        generator: draws the pairs.
        run: device, precision and randomness.
    """

    def __init__(
        self,
        config: LatentKeypointGanConfig,
        detector: UNet | ResNetDetector,
        generator: Generator,
        run: Run,
    ) -> None:
        self.config, self.run, self.generator = config, run, generator
        draw_detector(detector, run.generator("detector"))
        self.detector = placed(jointly_normalised(detector), run.device)
        self.steps = -(-config.detector_pairs // config.detector_batch_size)
        self.optimiser = torch.optim.Adam(
            detector.parameters(), lr=config.detector_rate, fused=True
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step; the generator stands still."""
        return {"detector": self.detector, "optimiser": self.optimiser}

    def step(self, step: int) -> dict[str, Tensor]:
        """One update on freshly drawn pairs.

        Returns:
            The loss, and the mean distance of the found keypoints in units of half an image side.
        """
        config = self.config
        for group in self.optimiser.param_groups:
            group["lr"] = config.detector_rate * self._share_of_rate(step)
        images, points = self.pairs(config.detector_batch_size)
        self.detector.train()
        with self.run.autocast():
            maps = self.detector(images.contiguous(memory_format=torch.channels_last))
        loss = detector_loss(config, maps, points)
        update(self.optimiser, loss)
        distance = (places(config, maps.detach()) - points).norm(dim=-1).mean()
        return {"detector": loss.detach(), "distance": distance}

    @torch.no_grad()
    def pairs(self, count: int) -> tuple[Tensor, Tensor]:
        """Generated images `[N, 3, H, W]` and their keypoints `[N, K, 2]`, signed.

        Args:
            count: of all processes together; N of them are this one's.
        """
        jitter = (self.generator.keypoints.keypoints, self.config.detector_jitter)
        noise = Noise.drawn(self.config, count, self.run.generator("pairs"), jitter=jitter)
        with self.run.autocast():
            own = noise.rows(self.run.share).to(self.generator.start)
            drawn = self.generator.eval()(own)
        return drawn.images, drawn.latents.points

    def _share_of_rate(self, step: int) -> float:
        """1, or a linear fall to 0 over the second half where `detector_decay` is set."""
        if not self.config.detector_decay:
            return 1.0
        return min(1.0, 2.0 * (1.0 - step / self.steps))
