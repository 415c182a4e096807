"""What a training loop needs besides its paper: batches, steps, checkpoints, precision."""

from harness.training.averaging import Averaged
from harness.training.images import FitImages, resize_images
from harness.training.run import TrainingRun

__all__ = ["Averaged", "FitImages", "TrainingRun", "resize_images"]
