"""Deep feature factorisation: parts as the non-negative factors of a network's features.

Edo Collins, Radhakrishna Achanta, Sabine Süsstrunk: Deep Feature Factorization for Concept
Discovery. ECCV 2018, arXiv 1806.10206.

The features of many images, one row a place of the feature map, are factorised once into K + 1
non-negative factors. An image's parts are how much of every factor its features hold, place by
place. The paper names no background: here it is the factor that fills most of the borders.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from harness.contract import Images, MethodConfig, Run
from harness.errors import ConfigError, DataError
from harness.training.method import NetworkMethod
from harness.training.modules import placed
from harness.vision.border import border_values
from harness.vision.perceptual import FeatureNet, rotation, vgg
from harness.vision.perceptual.rotation import RotationNet, train_rotation_net
from harness_baselines.feature_factorisation.config import FeatureFactorisationConfig

#: Channels of the features by network.
CHANNELS = {
    "vgg19_imagenet": vgg.VGG19_GROUPS[-1][-1],
    "rotation_net": rotation.CHANNELS[rotation.FEATURES - 1],
}
#: VGG-19's last convolution: the fourth of its last group.
LAST_CONVOLUTION = 4
#: Images whose features are computed at once while learning.
BATCH = 50
#: Sweeps over the factors in which activations are found.
SWEEPS = 200


class FeatureFactorisation(NetworkMethod):
    """Non-negative factors of deep features; capability `segment`."""

    owner = "feature_factorisation"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(FeatureFactorisationConfig, config)
        self.factors = Factors(parts + 1, CHANNELS[self.settings.features])
        self.net: FeatureNet | None = None
        if self.settings.features == "rotation_net":
            self.net = RotationNet().fold()

    def fit(self, images: Images, run: Run) -> None:
        """Factorise the features of some images; a network of our own is trained before.

        Raises:
            AssetMissing: the weights of VGG-19 are not on this machine.
            ConfigError: there are more factors than features or places.
            DataError: the images have no features.
        """
        config = self.settings
        if config.features == "rotation_net":
            self.net = RotationNet()
            train_rotation_net(self.net, images, run, config.rotation_steps, config.rotation_share)
        chosen = torch.randperm(len(images), generator=run.generator("images"))[: config.images]
        batches = torch.split(images.take(chosen), BATCH)
        features = torch.cat([self._features(batch.to(run.device)).cpu() for batch in batches])
        found = factorised(rows(features).numpy(), self.parts + 1, config.iterations, run.seed)
        self.factors.learn(torch.from_numpy(found), features)
        self.to(run.device)

    @torch.no_grad()
    def segment(self, images: Tensor) -> Tensor:
        """Shares of the factors, `float32 [N, K + 1, H, W]`; where there is none, background."""
        held = self.factors(self._features(images))
        held = F.interpolate(held, images.shape[-2:], mode="bilinear", align_corners=False)
        held[:, 0] += torch.finfo(held.dtype).tiny
        return held / held.sum(dim=1, keepdim=True)

    def kept(self) -> Mapping[str, nn.Module]:
        """The factors, and the network where it was trained here."""
        ours = {"net": self.net} if isinstance(self.net, RotationNet) else {}
        return {"factors": self.factors, **ours}

    def parameter_count(self) -> int:
        """Values of the factors and of the network that was trained here."""
        return sum(values.numel() for values in self.state_dict().values())

    @torch.no_grad()
    def _features(self, images: Tensor) -> Tensor:
        """The deepest features `[N, C, h, w]` of images, from 0 on."""
        if self.net is None:
            self.net = vgg.vgg19_imagenet(LAST_CONVOLUTION, "features").eval()
        deepest: Tensor = placed(self.net, images.device)(images.float())[-1]
        return deepest


class Factors(nn.Module):
    """Factors of unit length, the background first, and how much of each some features hold.

    Args:
        count: how many, K + 1.
        channels: C, features of a place.
    """

    values: Tensor

    def __init__(self, count: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(count, channels))

    def forward(self, features: Tensor) -> Tensor:
        """Activations `[N, K + 1, h, w]`, from 0 on, of features `[N, C, h, w]`."""
        images, _, height, width = features.shape
        held = activations(rows(features), self.values)
        return held.reshape(images, height, width, -1).permute(0, 3, 1, 2)

    def learn(self, found: Tensor, features: Tensor) -> None:
        """Keep factors, the one first that is strongest at most border places of the features.

        Args:
            found: `[K + 1, C]`, from 0 on.
            features: `[N, C, h, w]`, of the images they were found in.
        """
        self.values = F.normalize(found, dim=1)
        strongest = border_values(self(features).argmax(dim=1))
        background = int(strongest.flatten().bincount(minlength=len(found)).argmax())
        order = [background, *(k for k in range(len(found)) if k != background)]
        self.values = self.values[order]


def rows(features: Tensor) -> Tensor:
    """Features `[N, C, h, w]` as one row a place, `[N h w, C]`."""
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


def factorised(
    features: NDArray[np.float32], count: int, iterations: int, seed: int
) -> NDArray[np.float32]:
    """Non-negative factors F of features A: the least |A - H F|^2 over H and F from 0 on.

    Args:
        features: A, `[places, C]`, from 0 on.
        count: how many factors.
        iterations: largest number of updates.
        seed: of the start, which follows the features' singular vectors.

    Returns:
        F, `[count, C]`.

    Raises:
        ConfigError: there are more factors than features or places.
        DataError: all features are 0.

    Source: Collins et al. 2018, section 3.1; minimised by coordinate descent, where the code
        multiplies and divides.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    if count > min(features.shape):
        raise ConfigError(
            f"feature_factorisation: {count - 1} parts and the background are more factors than "
            f"{features.shape[0]} places with {features.shape[1]} features can have; ask for fewer "
            "parts, or factorise more images."
        )
    if not features.any():
        raise DataError(
            "feature_factorisation: the images have no features (all are 0); is every one of a "
            "single colour?"
        )
    found = NMF(count, init="nndsvda", max_iter=iterations, random_state=seed)
    with warnings.catch_warnings():
        # `iterations` is a bound, so that ending at it is no accident.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return cast("NDArray[np.float32]", found.fit(features).components_)


def activations(features: Tensor, factors: Tensor) -> Tensor:
    """How much of every factor a place holds: the least |a - h F|^2 over h from 0 on.

    Found by coordinate descent, for every place by itself.

    Args:
        features: `[places, C]`.
        factors: F, `[count, C]`.

    Returns:
        `[places, count]`.
    """
    common, gram = features @ factors.T, factors @ factors.T
    squares = gram.diagonal().clamp_min(torch.finfo(gram.dtype).tiny)
    held = torch.zeros_like(common)
    for _ in range(SWEEPS):
        for k, square in enumerate(squares):
            gap = common[:, k] - held @ gram[k]
            held[:, k] = (held[:, k] + gap / square).clamp_min(0.0)
    return held
