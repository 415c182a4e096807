"""A small network that learns to see which way up an image is (Gidaris et al., 2018).

It looks at whole images or at their middle. Of whole images the outline of the object says enough,
so the features know little of what is inside; of pieces from anywhere it learns the background's
textures, and keypoints that have to draw them again leave the object.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from harness.contract import Images, Run
from harness.contract.method import Stateful
from harness.training.modules import placed, untouched_randomness
from harness.training.parallel import average_gradients, jointly_normalised
from harness.vision.perceptual.nets import FeatureNet

#: Channels and strides of the convolutions; the first four give the features.
CHANNELS, STRIDES = (16, 32, 32, 64, 64), (1, 2, 1, 2, 2)
FEATURES = 4
#: Images of a step, and Adam's learning rate, which falls to 0.
BATCH, RATE = 64, 2e-3


class RotationNet(FeatureNet):
    """Five convolutions with batch norm, and a classifier of the four quarter turns."""

    layers = FEATURES

    def __init__(self) -> None:
        super().__init__()
        with untouched_randomness():
            self.blocks = nn.ModuleList()
            width = 3
            for channels, stride in zip(CHANNELS, STRIDES, strict=True):
                convolution = nn.Conv2d(width, channels, 3, stride, 1, bias=False)
                self.blocks.append(nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU()))
                width = channels
            self.classifier = nn.Linear(width, 4)

    @torch.no_grad()
    def draw(self, generator: Generator) -> None:
        """Draw start weights from a generator: Kaiming normal, the classifier's zero."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def fold(self) -> RotationNet:
        """Put the batch norms into the convolutions, for use: the same features in less time."""
        self.eval()
        for number, block in enumerate(self.blocks):
            convolution, norm, activation = block.children()
            fused = fuse_conv_bn_eval(cast(nn.Conv2d, convolution), cast(nn.BatchNorm2d, norm))
            self.blocks[number] = nn.Sequential(fused, activation)
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of the first four convolutions."""
        return self._outputs(images, self.blocks[:FEATURES])

    def logits(self, images: Tensor) -> Tensor:
        """Scores of the four quarter turns, `[N, 4]`."""
        deepest = self._outputs(images, self.blocks)[-1]
        scores: Tensor = self.classifier(deepest.mean(dim=(2, 3)))
        return scores

    def _outputs(self, images: Tensor, blocks: nn.ModuleList) -> list[Tensor]:
        values, outputs = images / 127.5 - 1.0, []
        for block in blocks:
            values = block(values)
            outputs.append(values)
        return outputs


def train_rotation_net(
    net: RotationNet, images: Images, run: Run, steps: int, share: float = 1.0
) -> None:
    """Teach the network on unlabelled images, each turned by 0, 90, 180 or 270 degrees.

    Args:
        net: trained in place.
        images: the role `fit`.
        run: its loop is named `rotation_net`.
        steps: updates of 64 images.
        share: edge of the middle that is looked at, in image edges, above 0 to 1.
    """
    net.draw(run.generator("rotation_net"))
    placed(jointly_normalised(net), run.device).train().requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    turns = run.generator("turns")
    state: dict[str, Stateful] = {"net": net, "optimiser": optimiser}
    for step in run.steps(steps, state, name="rotation_net"):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1.0 - step / steps)
        labels = run.share(torch.randint(0, 4, (BATCH,), generator=turns))
        seen = middle(run.share(images.batch(step, BATCH)), share).to(run.device)
        turned = quarter_turns(seen, labels).float()
        with run.autocast():
            logits = net.logits(turned.contiguous(memory_format=torch.channels_last)).float()
        loss = F.cross_entropy(logits, labels.to(run.device))
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        average_gradients(net.parameters())
        optimiser.step()
        right = (logits.detach().argmax(1).cpu() == labels).float().mean()
        run.log(rotation=loss.detach(), rotation_accuracy=right)
    net.fold().requires_grad_(False)


def middle(images: Tensor, share: float) -> Tensor:
    """The middle of images `[N, C, S, S]`: a square with `share` of their edge, at least 1."""
    size = images.shape[-1]
    side = max(1, round(share * size))
    start = (size - side) // 2
    return images[:, :, start : start + side, start : start + side]


def quarter_turns(images: Tensor, turns: Tensor) -> Tensor:
    """Every image `[N, C, S, S]` turned counter-clockwise by its number `[N]` of quarters."""
    turned = images.clone()
    for quarters in (1, 2, 3):
        chosen = (turns == quarters).to(images.device)
        turned[chosen] = torch.rot90(images[chosen], quarters, (2, 3))
    return turned
