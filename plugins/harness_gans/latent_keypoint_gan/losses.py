"""The losses of LatentKeypointGAN (paper 3.7); the adversarial ones are shared."""

from __future__ import annotations

from torch import Tensor

from harness_gans.adversarial_losses import (
    discriminator_loss,
    generator_loss,
    hinge_discriminator_loss,
    hinge_generator_loss,
)
from harness_gans.latent_keypoint_gan.generator import Generated

#: Losses of generator and discriminator by the configuration's name (eq. 6 and 7; ablation).
ADVERSARIAL = {
    "logistic": (generator_loss, discriminator_loss),
    "hinge": (hinge_generator_loss, hinge_discriminator_loss),
}


def background_loss(drawn: Generated, norm: str) -> Tensor:
    """How far a change of the background changes what the keypoints cover (eq. 9).

    (1 - H_bg) times the difference of two images that differ in their background's noise alone;
    H_bg is the same for both. Its gradient reaches the keypoints through H_bg too.

    Args:
        drawn: with at least one pair.
        norm: mean over pairs, channels and pixels of its square (`squared`) or of its amount
            (`absolute`); the paper prints no norm.
    """
    poses = len(drawn.foreground)
    pairs = len(drawn.images) - poses
    difference = drawn.images[:pairs] - drawn.images[poses:]
    masked = drawn.foreground[:pairs] * difference
    return masked.square().mean() if norm == "squared" else masked.abs().mean()


def keypoint_distance(points: Tensor) -> Tensor:
    """Mean distance between two keypoints of an image, in units of half an image side.

    It is no loss, but falls towards 0 when the background loss or a wrong start draws all
    keypoints together. A single keypoint has distance 0.

    Args:
        points: `[N, K, 2]`, signed.
    """
    keypoints = points.shape[1]
    distances = (points[:, :, None] - points[:, None]).norm(dim=-1)
    mean: Tensor = distances.sum(dim=(1, 2)).mean() / max(1, keypoints * (keypoints - 1))
    return mean


def recovery_loss(found: Tensor, points: Tensor) -> Tensor:
    """Mean squared distance of keypoints found in generated images from where they were put.

    Args:
        found: `[N, K, 2]`, signed.
        points: `[N, K, 2]`, signed; they get no gradient from here.
    """
    return (found - points.detach()).square().sum(dim=-1).mean()
