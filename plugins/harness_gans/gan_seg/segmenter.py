"""The network that finds the parts in real images, and its loss (paper 3, code)."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import ResNet50_Weights
from torchvision.models.segmentation import deeplabv3_resnet50

from harness.errors import AssetMissing
from harness.training.parallel import processes, share
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.precision import at_least_float32
from harness_gans.start_weights import draw_predictor
from harness_gans.unet import UNet

#: Guards the Dice ratio of classes that are absent from prediction and target (code).
_DICE_GUARD = 1e-8


def build_segmenter(config: GanSegConfig, parts: int) -> nn.Module:
    """The configuration's network; its weights are drawn by `draw_segmenter`."""
    if config.segmenter == "unet":
        return UNet(parts + 1, config.segmenter_channels)
    return DeepLab(parts + 1)


@torch.no_grad()
def draw_segmenter(segmenter: nn.Module, config: GanSegConfig, generator: torch.Generator) -> None:
    """Draw start weights in place, as torchvision draws them, but from `generator`.

    ResNet: Kaiming normal with fan-out; all else: Kaiming uniform with a = root 5.

    Raises:
        AssetMissing: ImageNet weights are asked for and not on this machine.
    """
    draw_predictor(segmenter, generator, resnet="network.backbone.")
    if isinstance(segmenter, DeepLab) and config.backbone_init == "imagenet":
        require_backbone(config)
        saved = torch.load(_backbone_path(), map_location="cpu", weights_only=True)
        # The classifier of the ImageNet network has no place in the backbone.
        backbone = {name: value for name, value in saved.items() if not name.startswith("fc.")}
        segmenter.network.backbone.load_state_dict(backbone)


def require_backbone(config: GanSegConfig) -> None:
    """Look for the ImageNet weights if the configuration needs them.

    Raises:
        AssetMissing: they are not in torch's folder of downloaded weights.
    """
    path = _backbone_path()
    wanted = config.segmenter == "deeplab_v3" and config.backbone_init == "imagenet"
    if wanted and not path.exists():
        raise AssetMissing(
            f"gan_seg: backbone_init = imagenet needs {path}, which is missing; get it from "
            f"{ResNet50_Weights.IMAGENET1K_V1.url} or use --set backbone_init=random"
        )


def _backbone_path() -> Path:
    name = ResNet50_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[1]
    return Path(str(torch.hub.get_dir()), "checkpoints", name)


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Half cross-entropy, half Dice.

    Dice is the mean over images and classes of 1 - 2 |p t| / (|p| + |t|), with p the softmax, t
    one-hot, sums over the pixels of an image; a class absent from both counts as 0.

    Args:
        logits: `[N, K+1, H, W]`.
        labels: `int64 [N, H, W]`.

    Source: the paper gives no loss; this is its code's.
    """
    logits = at_least_float32(logits)
    probabilities = torch.softmax(logits, dim=1)
    target = F.one_hot(labels, logits.shape[1]).movedim(-1, 1).to(probabilities.dtype)
    overlap = (probabilities * target).sum(dim=(2, 3))
    total = probabilities.sum(dim=(2, 3)) + target.sum(dim=(2, 3))
    dice = 1.0 - (2.0 * overlap + _DICE_GUARD) / (total + _DICE_GUARD)
    return 0.5 * F.cross_entropy(logits, labels) + 0.5 * dice.mean()


class DeepLab(nn.Module):
    """torchvision's DeepLab V3 with a ResNet-50, whose dropout draws from a given generator.

    Args:
        classes: K + 1.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = deeplabv3_resnet50(
            weights=None, weights_backbone=None, num_classes=classes, aux_loss=None
        )
        for parent in list(self.network.modules()):
            for name, child in parent.named_children():
                if isinstance(child, nn.Dropout):
                    setattr(parent, name, SeededDropout(child.p))

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to logits `[N, K+1, H, W]`."""
        return cast(Tensor, self.network(images)["out"])


class SeededDropout(nn.Module):
    """Dropout that draws from its own CPU generator, so that a resumed run draws the same.

    Args:
        rate: share of the values set to zero in training.

    Attributes:
        generator: set before training; its state belongs to the run.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, maps: Tensor) -> Tensor:
        """`maps`, in training with zeros and the rest scaled up."""
        if not self.training:
            return maps
        joint = (processes() * len(maps), *maps.shape[1:])
        kept = share(torch.rand(joint, generator=self.generator)) >= self.rate
        return maps * kept.to(maps.device, maps.dtype) / (1.0 - self.rate)
