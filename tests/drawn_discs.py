"""Images with a bright and a dark disc at random places, and where they are."""

from __future__ import annotations

import numpy as np

from harness.training import FitImages


def draw_discs(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images `uint8 [N, 3, S, S]` on noise, and centres `[N, 2, 2]` as fractions."""
    random = np.random.default_rng(seed)
    images = random.uniform(90, 110, (count, 3, size, size))
    bright = random.uniform(0.25, 0.75, (count, 1, 2))
    angle = random.uniform(0, 2 * np.pi, count)
    away = 0.3 * np.stack((np.cos(angle), np.sin(angle)), -1)[:, None]
    centres = np.concatenate((bright, (bright + away).clip(0.12, 0.88)), axis=1)
    axis = (np.arange(size) + 0.5) / size
    for disc, colour in enumerate(((240, 220, 60), (20, 30, 60))):
        x, y = (centres[:, disc, i, None, None] for i in (0, 1))
        inside = (axis[None, None] - x) ** 2 + (axis[None, :, None] - y) ** 2 < 0.12**2
        images = np.where(inside[:, None], np.array(colour)[:, None, None], images)
    return images.astype(np.uint8), centres.astype(np.float32)


def discs(count: int = 64, size: int = 16, clips: np.ndarray | None = None) -> FitImages:
    """Such images as a method's `fit` receives them."""
    return FitImages(draw_discs(count, size, 0)[0], 0, clips)


def regression_error(keypoints: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance on the second half of a linear map fitted on the first, over the mean's."""
    half = len(truth) // 2
    inputs = np.concatenate((keypoints.reshape(len(truth), -1), np.ones((len(truth), 1))), axis=1)
    targets = truth.reshape(len(truth), -1)
    matrix = np.linalg.lstsq(inputs[:half], targets[:half], rcond=None)[0]
    found = (inputs[half:] @ matrix).reshape(-1, *truth.shape[1:])
    mean = truth[:half].mean(axis=0)
    errors = [np.linalg.norm(guess - truth[half:], axis=-1).mean() for guess in (found, mean)]
    return float(errors[0] / errors[1])
