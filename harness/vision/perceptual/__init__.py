"""Perceptual losses: networks whose features compare images, and the loss over them."""

from harness.vision.perceptual.loss import PerceptualLoss
from harness.vision.perceptual.nets import NETS, FeatureNet, build_net

__all__ = ["NETS", "FeatureNet", "PerceptualLoss", "build_net"]
