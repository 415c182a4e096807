"""The linear map from a method's nameless keypoints to a dataset's named landmarks.

"Without bias" means four things in public code; here the origin is a parameter, and a fit with bias
is the same whatever the origin. Coordinates are fractions of the suite's square image: where the
photo was not square they are squeezed with it, and so are all lengths that follow.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from harness.errors import ShapeError
from harness_metrics.fields import Bools, Floats, Landmarks

Origin = Literal["centre", "corner"]

#: Fraction of width and height at which a bias-free map keeps its point fixed.
ORIGINS: dict[Origin, float] = {"centre": 0.5, "corner": 0.0}

#: Where a keypoint stands that the detector did not find.
IMAGE_CENTRE = 0.5


def regress_landmarks(
    keypoints: Floats,
    landmarks: Landmarks,
    new_keypoints: Floats,
    *,
    origin: Origin = "centre",
    bias: bool = False,
) -> Floats:
    """Fit keypoints to landmarks on one split, and predict the landmarks of another.

    The fit is linear least squares in float64 through the singular value decomposition; where it
    is not unique (few images, collapsed keypoints) the solution of minimum norm is taken. Each
    landmark uses the images in which it is visible. Missing keypoints (NaN) count as the image
    centre. With `bias` both sides are centred on their training means first, so that the minimum
    norm does not depend on the origin either.

    Args:
        keypoints: `float64 [N, K, 2]` of the labelled images, (x, y) fractions.
        landmarks: truth of the same N images.
        new_keypoints: `float64 [M, K, 2]` of the images to predict.
        origin: what a map without bias keeps fixed.
        bias: fit an intercept.

    Returns:
        Landmarks `float64 [M, L, 2]`, fractions; NaN for a landmark visible in no labelled image.

    Raises:
        ShapeError: the two sets of keypoints differ in K, or N differs.

    Source: Zhang et al. 2018, Jakab et al. 2018 (section 4.2), He et al. 2022 (section 4.1); origin
        `centre` is the official code of the first, `corner` of the others, `bias` that of SCOPS.
    """
    if keypoints.shape[1:] != new_keypoints.shape[1:]:
        raise ShapeError(
            f"The role 'regress' has {keypoints.shape[1]} keypoints an image, the role 'test' "
            f"{new_keypoints.shape[1]}; a regressor needs the same ones."
        )
    if len(keypoints) != len(landmarks.points):
        raise ShapeError(
            f"{len(keypoints)} rows of keypoints for {len(landmarks.points)} rows of landmarks."
        )
    zero = ORIGINS[origin]
    inputs = _features(keypoints, zero)
    queries = _features(new_keypoints, zero)
    targets = landmarks.points - zero
    predicted = np.full((len(queries), landmarks.points.shape[1], 2), np.nan)
    for rows, columns in _same_visibility(landmarks.visible):
        wanted = targets[rows][:, columns].reshape(int(rows.sum()), -1)
        answer = _least_squares(inputs[rows], wanted, queries, bias=bias)
        predicted[:, columns] = answer.reshape(len(queries), len(columns), 2)
    return predicted + zero


def _features(keypoints: Floats, zero: float) -> Floats:
    """Rows `[N, 2K]` about the origin, missing keypoints at the image centre."""
    return np.nan_to_num(keypoints, nan=IMAGE_CENTRE).reshape(len(keypoints), -1) - zero


def _same_visibility(visible: Bools) -> list[tuple[Bools, list[int]]]:
    """Landmarks grouped by the images that show them: one least squares a group."""
    groups: dict[bytes, list[int]] = {}
    for column in range(visible.shape[1]):
        if visible[:, column].any():
            groups.setdefault(visible[:, column].tobytes(), []).append(column)
    return [(visible[:, columns[0]], columns) for columns in groups.values()]


def _least_squares(inputs: Floats, targets: Floats, queries: Floats, *, bias: bool) -> Floats:
    middle, level = (inputs.mean(axis=0), targets.mean(axis=0)) if bias else (0.0, 0.0)
    weights, *_ = np.linalg.lstsq(inputs - middle, targets - level, rcond=None)
    predicted: Floats = (queries - middle) @ weights + level
    return predicted
