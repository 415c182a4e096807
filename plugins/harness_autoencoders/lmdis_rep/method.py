"""lmdis-rep: an image as a few landmarks with descriptors, from which it can be drawn again.

Yuting Zhang, Yijie Guo, Yixin Jin, Yijun Luo, Zhiyuan He, Honglak Lee: Unsupervised Discovery of
Object Landmarks as Structural Representations. CVPR 2018, arXiv 1804.04412.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from harness.contract import Images, Keypoints, MethodConfig, Run
from harness.training.method import NetworkMethod
from harness.training.modules import (
    is_shown,
    require_images,
)
from harness.vision.perceptual import PerceptualLoss
from harness.vision.perceptual.rotation import RotationNet, train_rotation_net
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.flow import flow_pairs
from harness_autoencoders.lmdis_rep.networks import LmdisNetworks
from harness_autoencoders.lmdis_rep.training import Training, as_bytes, scaled


class LmdisRep(NetworkMethod):
    """Capabilities `detect`, `describe` and `reconstruct`."""

    owner = "lmdis_rep"

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(LmdisRepConfig, config)
        self.networks = LmdisNetworks(self.settings, parts, image_size)

    def fit(self, images: Images, run: Run) -> None:
        """Train on images and their warped copies, then average the batch statistics.

        Raises:
            AssetMissing: optical flow is asked for and OpenCV is not installed.
            DataError: there is one image only, or optical flow is asked for and there are no clips.
        """
        config = self.settings
        require_images(images, 2, "lmdis_rep")
        clips = flow_pairs(images, config.flow_gap) if config.flow_weight > 0 else None
        perceptual = None
        if config.reconstruction == "rotation_net":
            net = RotationNet()
            train_rotation_net(net, images, run, config.rotation_steps, config.rotation_share)
            # Absolute differences: a few loud pixels of the background must not drown the rest.
            perceptual = PerceptualLoss(net, power=1)
        training = Training(config, self.networks, perceptual, images, run, clips=clips)
        for step in run.steps(config.steps, training.state(), name="autoencoder"):
            run.log(**training.step(step))
            if is_shown(step, config.steps):
                run.show("drawn", training.picture(images.batch(step, config.batch_size)))
        for step in run.steps(config.norm_steps, training.state(), name="norms"):
            training.average_norms(step)
        self.networks.load_state_dict(training.averaged.state_dict())
        self.networks.eval()

    @torch.no_grad()
    def detect(self, images: Tensor) -> Keypoints:
        """Landmarks of uint8 images; the confidence is the highest value of a landmark's map."""
        found = self.networks.eval().landmarks(self._padded(images))
        return Keypoints(self.networks.to_image(found.points), found.maps[:, :-1].amax(dim=(2, 3)))

    @torch.no_grad()
    def describe(self, images: Tensor) -> Tensor:
        """Descriptors of the landmarks and of the background, `[N, (K + 1) C]`."""
        padded = self._padded(images)
        found = self.networks.eval().landmarks(padded)
        return self.networks.descriptors(padded, found).flatten(1)

    @torch.no_grad()
    def reconstruct(
        self, images: Tensor, keypoints: Tensor | None = None, appearance: Tensor | None = None
    ) -> Tensor:
        """The images drawn again: their landmarks (or others) with their look (or another's)."""
        points = self.detect(images).points if keypoints is None else keypoints
        look = images if appearance is None else appearance
        size = (len(look), self.parts + 1, self.settings.descriptor_size)
        descriptors = self.describe(look).reshape(size)
        return as_bytes(self.networks.draw(points, descriptors))

    def kept(self) -> Mapping[str, nn.Module]:
        """All networks; what only training needs is not among them."""
        return {"networks": self.networks}

    def _padded(self, images: Tensor) -> Tensor:
        return self.networks.padded(scaled(images))
