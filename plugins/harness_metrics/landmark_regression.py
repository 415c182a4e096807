"""The linear map from a method's nameless keypoints to a dataset's named landmarks.

"Without bias" means four things in public code; here the origin is a parameter, and a fit with bias
is the same whatever the origin. Coordinates are fractions of the suite's square image: where the
photo was not square they are squeezed with it, and so are all lengths that follow.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    return Regression(keypoints, landmarks, new_keypoints, origin=origin, bias=bias).predict()


class Regression:
    """The map of `regress_landmarks`, prepared to be fitted on many subsets of labelled images.

    Args:
        keypoints: `float64 [N, K, 2]` of the labelled images, (x, y) fractions.
        landmarks: truth of the same N images.
        new_keypoints: `float64 [M, K, 2]` of the images to predict.
        origin: what a map without bias keeps fixed.
        bias: fit an intercept.

    Raises:
        ShapeError: the two sets of keypoints differ in K, or N differs.
    """

    def __init__(
        self,
        keypoints: Floats,
        landmarks: Landmarks,
        new_keypoints: Floats,
        *,
        origin: Origin = "centre",
        bias: bool = False,
    ) -> None:
        if keypoints.shape[1:] != new_keypoints.shape[1:]:
            raise ShapeError(
                f"The role 'regress' has {keypoints.shape[1]} keypoints an image, the role 'test' "
                f"{new_keypoints.shape[1]}; a regressor needs the same ones."
            )
        if len(keypoints) != len(landmarks.points):
            raise ShapeError(
                f"{len(keypoints)} rows of keypoints for {len(landmarks.points)} rows of landmarks."
            )
        self._zero, self._bias = ORIGINS[origin], bias
        self._inputs = _features(keypoints, self._zero)
        self._queries = _features(new_keypoints, self._zero)
        self._targets = landmarks.points - self._zero
        self._visible = landmarks.visible

    def predict(self, images: NDArray[np.int64] | None = None, *, ridge: float = 0.0) -> Floats:
        """Fit on some of the labelled images, and predict the landmarks of the others.

        Args:
            images: positions of the labelled images; all without it.
            ridge: penalty of the squared weights in units of trace(X'X) / 2K, the mean squared
                length of a column of the fitted coordinates X; 0 gives the minimum norm.

        Returns:
            Landmarks `float64 [M, L, 2]`, fractions; NaN for a landmark visible in none of them.
        """
        chosen: NDArray[np.int64] | slice = slice(None) if images is None else images
        inputs, targets = self._inputs[chosen], self._targets[chosen]
        predicted = np.full((len(self._queries), *targets.shape[1:]), np.nan)
        for rows, columns in _same_visibility(self._visible[chosen]):
            wanted = targets[rows][:, columns].reshape(int(rows.sum()), -1)
            answer = self._fitted(inputs[rows], wanted, ridge)
            predicted[:, columns] = answer.reshape(len(self._queries), len(columns), 2)
        return predicted + self._zero

    def _fitted(self, inputs: Floats, targets: Floats, ridge: float) -> Floats:
        bias = self._bias
        middle, level = (inputs.mean(axis=0), targets.mean(axis=0)) if bias else (0.0, 0.0)
        weights = _weights(inputs - middle, targets - level, ridge)
        predicted: Floats = (self._queries - middle) @ weights + level
        return predicted


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


def _weights(inputs: Floats, targets: Floats, ridge: float) -> Floats:
    products = inputs.T @ inputs if ridge else np.zeros((0, 0))
    penalty = ridge * np.trace(products) / inputs.shape[1]
    if not penalty:  # also where all inputs are zero: nothing can be penalised or learnt
        return np.linalg.lstsq(inputs, targets, rcond=None)[0].astype(np.float64)
    diagonal = np.eye(len(products))
    return np.linalg.solve(products + penalty * diagonal, inputs.T @ targets).astype(np.float64)
