"""Training of the segmenter on pairs that the generator draws for each batch (paper 3, B.4)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.modules import placed
from harness.training.parallel import jointly_normalised
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generator, Noise
from harness_gans.gan_seg.segmenter import SeededDropout, draw_segmenter, segmentation_loss
from harness_gans.updates import update


class SegmenterTraining:
    """The segmenter learns the arg-max of the generator's masks.

    The generator stays in evaluation mode. Pairs are drawn batch by batch, which gives the same
    distribution as the code's 64,000 pairs an epoch and needs none of their memory.

    Args:
        config: the configuration.
        segmenter: trained in place.
        generator: draws the pairs.
        run: device, precision and randomness.

    Raises:
        AssetMissing: ImageNet weights are asked for and not on this machine.
    """

    def __init__(
        self, config: GanSegConfig, segmenter: nn.Module, generator: Generator, run: Run
    ) -> None:
        self.config, self.run, self.generator = config, run, generator
        draw_segmenter(segmenter, config, run.generator("segmenter"))
        self.segmenter = placed(jointly_normalised(segmenter), run.device)
        for module in segmenter.modules():
            if isinstance(module, SeededDropout):
                module.generator = run.generator("dropout")
        self.optimiser = torch.optim.Adam(
            segmenter.parameters(), lr=config.segmenter_rate, fused=True
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step; the generator stands still."""
        return {"segmenter": self.segmenter, "optimiser": self.optimiser}

    def step(self, step: int) -> dict[str, Tensor]:
        """One update on freshly drawn pairs; returns the loss and the share of right pixels."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.segmenter_rate * self._share_of_rate(step)
        images, labels = self.pairs(self.config.segmenter_batch_size)
        self.segmenter.train()
        with self.run.autocast():
            logits = self.segmenter(images.contiguous(memory_format=torch.channels_last))
        loss = segmentation_loss(logits, labels)
        update(self.optimiser, loss)
        right = (logits.detach().argmax(dim=1) == labels).float().mean()
        return {"segmenter": loss.detach(), "accuracy": right}

    @torch.no_grad()
    def pairs(self, count: int) -> tuple[Tensor, Tensor]:
        """Generated images `[N, 3, H, W]` and their labels `int64 [N, H, W]`, 0 = background.

        Args:
            count: of all processes together; N of them are this one's.
        """
        noise = Noise.drawn(self.config, count, self.run.generator("pairs")).rows(self.run.share)
        with self.run.autocast():
            drawn = self.generator.eval()(noise.to(self.generator.points.constants))
        return drawn.images, drawn.masks.argmax(dim=1)

    def _share_of_rate(self, step: int) -> float:
        """1, or a linear fall to 0 over the second half where `segmenter_decay` is set."""
        if not self.config.segmenter_decay:
            return 1.0
        return min(1.0, 2.0 * (1.0 - step / self.config.segmenter_steps))
