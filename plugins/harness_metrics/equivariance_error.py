"""Whether keypoints move with the image when it is warped."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric, Predicted
from harness.errors import DataError, ShapeError
from harness_metrics.fields import Bools, Floats, check_ids, keypoints_of, mean_over_images, nonzero
from harness_metrics.landmark_regression import IMAGE_CENTRE
from harness_metrics.params import EquivarianceParams

if TYPE_CHECKING:
    from harness.vision.warps import Warp

Predict = Callable[[NDArray[np.uint8]], Predicted]

#: Images warped at once: a spline needs 100 bytes for every pixel of every warp, and some copies.
CHUNK = 8


class EquivarianceError(Metric):
    """Distance of the keypoints of a warped image from the warped keypoints of the image.

    Lower is better; percent of the image edge; mean over an image's warps and keypoints, then over
    images. The first test images (parameter `images`) are warped at random by a shift, rotation and
    scale and a thin-plate spline, with their outermost pixels repeated beyond the border. A warp T
    takes a place of the image to where it is then seen, so that the true place T(p) of a keypoint p
    is known exactly and no label is read; the error is |f(T I) - T(f(I))|.

    A keypoint whose T(p) lies outside the frame or nearer to its border than `margin` is left out
    and counted for every warp; an image of which none remains is left out. A missing keypoint
    stands at the image centre, before or after the warp, and is counted, so that a detector never
    gains by failing. The warps follow from `seed` and are the same for all methods.

    `also` holds the share of keypoints left out, and what a detector would have whose keypoints
    stay where they are: a constant detector has no small error, but one that hardly moves has less
    than one that errs. Read the error beside `keypoint_spread`.

    Source: Zhang et al. 2018 (section 3.1, the loss of equivariance); the measure and its smaller
        warps are this project's own.
    """

    params: EquivarianceParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Error over the first test images, NaN in `per_image` for the others.

        Raises:
            ShapeError: keypoints are not `[N, K, 2]`.
            DataError: there are no keypoints, or the method itself is not at hand.
        """
        if evaluation.predict is None:
            raise DataError(
                "equivariance_error shows the method warped images, and only predictions are known."
            )
        check_ids(evaluation.test, evaluation.test_truth, "test")
        detected = keypoints_of(evaluation.test, "test")
        used = detected[: self.params.images]
        views = self._views(evaluation.predict, evaluation.test_truth.images[: len(used)], used)
        low, high = self.params.margin, 1 - self.params.margin
        kept = np.asarray(((views.moved >= low) & (views.moved <= high)).all(axis=-1))
        errors = np.full(len(detected), np.nan)
        errors[: len(used)] = _image_means(views.found, views.moved, kept)
        excluded = {
            f"images: beyond the first {self.params.images}": len(detected) - len(used),
            "images: no keypoint stays in the frame": (~kept.any(axis=(1, 2))).sum(),
            "keypoints: warped out of the frame or near its border": (~kept).sum(),
            "keypoints: missing in test, set to image centre": np.isnan(used[..., 0]).sum(),
            "keypoints: missing in warped images, set to image centre": np.isnan(
                views.found[..., 0]
            ).sum(),
        }
        still = _image_means(views.points, views.moved, kept)
        return Measurement(
            value=mean_over_images(errors),
            per_image=errors,
            excluded=nonzero(excluded),
            also={
                "keypoints that stay where they are": mean_over_images(still),
                "share of keypoints left out": float(100 * (~kept).mean()) if kept.size else np.nan,
            },
        )

    def _views(self, predict: Predict, images: NDArray[np.uint8], keypoints: Floats) -> Views:
        """All warps of these images, with what the method finds in them."""
        import torch

        from harness.vision.warps import WarpRanges, random_warps

        params = self.params
        ranges = WarpRanges(
            rotation_degrees=params.rotation_degrees,
            log_scale=params.log2_scale * math.log(2),
            translation=params.translation,
            grid=params.grid,
            displacement=params.displacement,
        )
        generator = torch.Generator().manual_seed(params.seed)
        points = np.nan_to_num(keypoints, nan=IMAGE_CENTRE)
        points = np.repeat(points[:, None], params.warps, axis=1)
        found, moved = np.full_like(points, np.nan), np.full_like(points, np.nan)
        for start in range(0, len(points), CHUNK):
            here = points[start : start + CHUNK]
            shape = (-1, *here.shape[2:])
            warps = random_warps(len(here) * params.warps, ranges, generator)
            copies = np.repeat(images[start : start + CHUNK], params.warps, axis=0)
            shown, places = warped(copies, here.reshape(shape), warps)
            moved[start : start + CHUNK] = places.reshape(here.shape)
            found[start : start + CHUNK] = _found(predict(shown), places).reshape(here.shape)
        return Views(points=points, moved=moved, found=found)


@dataclass(frozen=True)
class Views:
    """Keypoints of N images and of R warps of each, all `float64 [N, R, K, 2]`, fractions.

    Attributes:
        points: keypoints f(I) of the images, the same for every warp.
        moved: T(f(I)), where these places are seen in the warped images; NaN where a warp folds.
        found: keypoints f(T I) of the warped images, NaN where missing.
    """

    points: Floats
    moved: Floats
    found: Floats


def warped(
    images: NDArray[np.uint8], points: Floats, warps: Warp
) -> tuple[NDArray[np.uint8], Floats]:
    """Warped images, and where points of the images are seen in them.

    Args:
        images: `uint8 [V, 3, H, W]`.
        points: `float64 [V, K, 2]`, fractions of the images.
        warps: V warps g, each from places of the warped image to places of the image.

    Returns:
        `uint8 [V, 3, H, W]`, the image I(g(u)) at u; and T(p) = g^-1(p), `float64 [V, K, 2]`.
    """
    import torch

    shown = warps.warp(torch.from_numpy(images.astype(np.float32)), padding="border")
    places: Floats = warps.inverse(torch.from_numpy(points)).numpy()
    return shown.round().clamp(0, 255).to(torch.uint8).numpy(), places


def _found(predicted: Predicted, like: Floats) -> Floats:
    """Keypoints of the warped images, of the same shape as their true places."""
    found = keypoints_of(predicted, "test, warped")
    if found.shape != like.shape:
        raise ShapeError(
            f"Keypoints of warped images have shape {list(found.shape)}, those of the images "
            f"themselves {list(like.shape)}; a detector finds the same number in every image."
        )
    return found


def _image_means(points: Floats, places: Floats, kept: Bools) -> Floats:
    """Mean distance in percent `float64 [N]` over the kept ones of `[N, R, K]`, NaN without one."""
    gaps = np.nan_to_num(points, nan=IMAGE_CENTRE) - places
    distances = np.where(kept, np.sqrt((gaps**2).sum(axis=-1)), 0.0).sum(axis=(1, 2))
    counts = kept.sum(axis=(1, 2))
    return np.where(counts > 0, 100 * distances / np.maximum(counts, 1), np.nan)
