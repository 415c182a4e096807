"""The adversarial term of IMM's ablation: a discriminator that looks at patches (paper Table 2).

The paper adds "adv." to L1 and L2 "as in" pix2pix and says no more, so all of this is pix2pix's:
Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional Adversarial Networks.
CVPR 2017, arXiv 1611.07004.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.modules import placed, untouched_randomness
from harness.training.parallel import average_gradients, jointly_normalised
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.pairs import Pair

#: Halvings at most, which make a patch of 70 pixels; smaller images have fewer.
HALVINGS = 3
#: Slope of the activations below zero, and deviation of the start weights.
SLOPE, DEVIATION = 0.2, 0.02
#: Adam's decays.
BETAS = (0.5, 0.999)


class PatchDiscriminator(nn.Sequential):
    """Logits of "real" for overlapping patches, `[N, 1, h, w]`, of `[N, 6, S, S]` from -1 to 1.

    Args:
        filters: channels of the first layer, doubled by each further one.
        image_size: S, at least 8.
    """

    def __init__(self, filters: int, image_size: int) -> None:
        halvings = min(HALVINGS, (image_size // 8).bit_length() - 1)
        with untouched_randomness():
            layers: list[nn.Module] = [nn.Conv2d(6, filters, 4, 2, 1), nn.LeakyReLU(SLOPE)]
            width = filters
            for number in range(1, halvings + 1):
                wide, stride = filters * 2**number, 2 if number < halvings else 1
                layers.append(nn.Conv2d(width, wide, 4, stride, 1, bias=False))
                layers += [nn.BatchNorm2d(wide), nn.LeakyReLU(SLOPE)]
                width = wide
            super().__init__(*layers, nn.Conv2d(width, 1, 4, 1, 1))

    @torch.no_grad()
    def draw_weights(self, generator: Generator) -> None:
        """Draw the start weights in place: deviation 0.02, norms about 1, biases 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
                mean = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
                module.weight.normal_(mean, DEVIATION, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()


class Adversary:
    """A discriminator of pairs (source, target) from pairs (source, drawn target).

    Args:
        config: its rate and its channels.
        image_size: side in pixels.
        run: device, precision and chance.
    """

    def __init__(self, config: ImmConfig, image_size: int, run: Run) -> None:
        self.run = run
        self.discriminator = PatchDiscriminator(config.discriminator_filters, image_size)
        self.discriminator.draw_weights(run.generator("discriminator"))
        placed(jointly_normalised(self.discriminator), run.device).train()
        parameters = self.discriminator.parameters()
        self.adam = torch.optim.Adam(
            parameters, lr=config.discriminator_rate, betas=BETAS, fused=True
        )

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {"discriminator": self.discriminator, "discriminator_adam": self.adam}

    def contest(self, pair: Pair, drawn: Tensor) -> Tensor:
        """Teach the discriminator one step, then the loss of what was drawn against it.

        Args:
            pair: the batch.
            drawn: its drawn targets `[N, 3, S, S]`, 0 to 255.

        Returns:
            Mean over patches of log(1 + exp(-logit)), the non-saturating loss of Goodfellow et al.
        """
        self._learn(pair, drawn.detach())
        self.discriminator.requires_grad_(False)
        logits = self._logits(pair, drawn)
        self.discriminator.requires_grad_(True)
        loss = F.softplus(-logits).mean()
        self.run.log(adversarial=loss.detach())
        return loss

    def _learn(self, pair: Pair, drawn: Tensor) -> None:
        """One step along half the sum of the losses of both kinds of pairs (pix2pix 3.3)."""
        real, fake = self._logits(pair, pair.target), self._logits(pair, drawn)
        loss = 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())
        self.adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        average_gradients(self.discriminator.parameters())
        self.adam.step()
        self.run.log(discriminator=loss.detach())

    def _logits(self, pair: Pair, images: Tensor) -> Tensor:
        """Logits in float32 of images beside their sources.

        Where the target is not to be drawn both kinds are grey: what lies beyond the image would
        give the drawn ones away.
        """
        seen = images / 127.5 - 1.0
        if pair.mask is not None:
            seen = seen * pair.mask
        with self.run.autocast():
            logits: Tensor = self.discriminator(torch.cat((pair.source / 127.5 - 1.0, seen), 1))
        return logits.float()
