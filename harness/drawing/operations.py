"""Operations on images: one vocabulary for generated images and for photos.

What is changed are the latents of generated images, `keypoints`, `appearance` and `background` (see
`Method`). Operations on points change photos too, by the keypoints that were detected in them.
All points are fractions of square images, so turning and scaling keep shapes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.contract import APPEARANCE, KEYPOINTS
from harness.errors import ConfigError, ShapeError
from harness.latents import of_background

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.floating[Any]]
    Latents = Mapping[str, NDArray[Any]]

#: Which keypoints, or the parts at them, are meant; `None` is all of them.
Chosen = tuple[int, ...] | None


class Operation(ABC):
    """A change of generated images. Its text, `str(operation)`, parses to an equal operation."""

    @abstractmethod
    def changed(self, latents: Latents, draw: Latents) -> Latents:
        """Changed latents; neither argument is written to.

        Args:
            latents: of N images, `[N, ...]` by name.
            draw: of all M images of the draw, `[M, ...]`, unchanged: what an operation takes from
                another image, it takes from here.

        Returns:
            All latents of the N images.

        Raises:
            ConfigError: a keypoint or an image is meant that there is none of.
        """


class PointOperation(Operation):
    """A change of keypoints alone, which photos can have as well."""

    @abstractmethod
    def apply(self, points: Points) -> Points:
        """Changed points.

        Args:
            points: `[N, K, 2]`, (x, y) fractions of a square; missing points (NaN) stay missing,
                and a result may lie outside of the image.

        Returns:
            A new array `[N, K, 2]` of the same type.

        Raises:
            ConfigError: a keypoint is meant that there is none of.
            ShapeError: `points` has another form.
        """

    def changed(self, latents: Latents, draw: Latents) -> Latents:
        """The latents with changed keypoints."""
        return {**latents, KEYPOINTS: self.apply(latents[KEYPOINTS])}


@dataclass(frozen=True)
class Move(PointOperation):
    """Moves keypoints by fractions of the image's edge, `right` and `down`, each from -1 to 1.

    >>> Move((0,), 0.5, 0.0).apply(np.array([[[0.25, 0.25], [0.5, 0.5]]])).tolist()
    [[[0.75, 0.25], [0.5, 0.5]]]
    """

    keypoints: Chosen
    right: float
    down: float

    def apply(self, points: Points) -> Points:
        """The points, with the chosen ones moved."""
        shift = np.array([self.right, self.down])
        return _replaced(points, self.keypoints, lambda part, _: part + shift)

    def __str__(self) -> str:
        numbers = f"{_signed(self.right)},{_signed(self.down)}"
        return f"move={_text(self.keypoints)}:{numbers}"


@dataclass(frozen=True)
class Scale(PointOperation):
    """Scales the distances of keypoints from their centre by a factor above 0.

    The centre is the mean of the chosen keypoints of the image, or the mean of all its keypoints
    when one is chosen; missing ones do not count.
    """

    keypoints: Chosen
    factor: float

    def apply(self, points: Points) -> Points:
        """The points, with the chosen ones scaled."""
        return _replaced(
            points,
            self.keypoints,
            lambda part, centre: centre + self.factor * (part - centre),
        )

    def __str__(self) -> str:
        return f"scale={_text(self.keypoints)}:{self.factor}"


@dataclass(frozen=True)
class Rotate(PointOperation):
    """Turns keypoints about the same centre as `Scale`, by degrees, clockwise as seen.

    >>> turned = Rotate(None, 90).apply(np.array([[[0.25, 0.5], [0.75, 0.5]]]))
    >>> turned.round(6).tolist()
    [[[0.5, 0.25], [0.5, 0.75]]]
    """

    keypoints: Chosen
    degrees: float

    def apply(self, points: Points) -> Points:
        """The points, with the chosen ones turned."""
        cosine, sine = (f(math.radians(self.degrees)) for f in (math.cos, math.sin))
        # y points down, so this matrix turns clockwise as seen; points are rows.
        matrix = np.array([[cosine, sine], [-sine, cosine]])
        return _replaced(
            points, self.keypoints, lambda part, centre: centre + (part - centre) @ matrix
        )

    def __str__(self) -> str:
        return f"rotate={_text(self.keypoints)}:{_signed(self.degrees)}"


@dataclass(frozen=True)
class Look(Operation):
    """Gives parts the appearance that they have in another image of the draw.

    With a share below 1 the appearance lies on the straight way there: 0 is the image's own.

    >>> draw = {"appearance": np.array([[[0.0], [1.0]], [[4.0], [5.0]]])}
    >>> Look((1,), 1, 0.25).changed(draw, draw)["appearance"].tolist()
    [[[0.0], [2.0]], [[4.0], [5.0]]]
    """

    keypoints: Chosen
    image: int
    share: float = 1.0

    def changed(self, latents: Latents, draw: Latents) -> Latents:
        """The latents with the chosen parts' appearance exchanged."""
        check_image(self.image, len(draw[APPEARANCE]))
        appearance = latents[APPEARANCE].copy()
        chosen = _indices(self.keypoints, appearance.shape[1])
        taken = draw[APPEARANCE][self.image, chosen]
        appearance[:, chosen] = mixed(appearance[:, chosen], taken, self.share)
        return {**latents, APPEARANCE: appearance}

    def __str__(self) -> str:
        return f"look={_text(self.keypoints)}:{_source(self.image, self.share)}"


@dataclass(frozen=True)
class Background(Operation):
    """Gives the background of another image of the draw, or with a share below 1 a part of it."""

    image: int
    share: float = 1.0

    def changed(self, latents: Latents, draw: Latents) -> Latents:
        """The latents with all that belongs to the background exchanged."""
        exchanged = {}
        for name in filter(of_background, latents):
            check_image(self.image, len(draw[name]))
            exchanged[name] = mixed(latents[name], draw[name][self.image], self.share)
        return {**latents, **exchanged}

    def __str__(self) -> str:
        return f"background={_source(self.image, self.share)}"


def check_image(image: int, count: int) -> None:
    """Do nothing where a draw of `count` images has one of this number.

    Raises:
        ConfigError: it has none.
    """
    if not 0 <= image < count:
        raise ConfigError(
            f"There is no image {image} in a draw of {count}, numbered from 0 to {count - 1}."
        )


def mixed(here: NDArray[Any], there: NDArray[Any], share: float) -> NDArray[Any]:
    """A point on the straight way from one value to another, exact at both ends.

    >>> mixed(np.array([1.0, 2.0]), np.array([3.0, 2.0]), 0.5).tolist()
    [2.0, 2.0]
    """
    result: NDArray[Any] = ((1 - share) * here + share * there).astype(here.dtype)
    return result


def _replaced(
    points: Points, keypoints: Chosen, change: Callable[[Points, Points], Points]
) -> Points:
    """Points whose chosen ones are changed; `change` gets them and their centre `[N, 1, 2]`."""
    if points.ndim != 3 or points.shape[2] != 2:
        raise ShapeError(f"points have shape {list(points.shape)}, expected [N, K, 2].")
    chosen = _indices(keypoints, points.shape[1])
    around = points if len(chosen) == 1 else points[:, chosen]
    result = points.copy()
    result[:, chosen] = change(points[:, chosen], _centre(around))
    return result


def _indices(keypoints: Chosen, count: int) -> list[int]:
    """The chosen ones of `count` keypoints."""
    chosen = list(range(count) if keypoints is None else keypoints)
    for index in chosen:
        if not 0 <= index < count:
            raise ConfigError(
                f"There is no keypoint {index}: the method has {count}, numbered from 0 to "
                f"{count - 1}."
            )
    return chosen


def _centre(points: Points) -> Points:
    """Mean `[N, 1, 2]` of the points that are not missing."""
    found = np.isfinite(points).all(axis=2, keepdims=True)
    total = np.where(found, points, 0).sum(axis=1, keepdims=True)
    centre: Points = total / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return centre


def _text(keypoints: Chosen) -> str:
    return "all" if keypoints is None else "+".join(map(str, keypoints))


def _source(image: int, share: float) -> str:
    return str(image) if share == 1 else f"{image},{share}"


def _signed(value: float) -> str:
    return f"{value:+}".removesuffix(".0")
