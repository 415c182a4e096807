"""Changing images by their keypoints: operations on points, and what a method draws from them.

An operation is written `NAME=KEYPOINTS:NUMBERS`, such as `move=2:+0.1,-0.05`, where KEYPOINTS is an
index, several joined by `+`, or `all`. Another operation joins by a class with `apply` and an entry
in `OPERATIONS`; one that changes something else than points (the look of a part, the background of
a generated image) has an `apply` for that and keeps the same form of writing.

All points are fractions of square images, so turning and scaling keep shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness.errors import ConfigError, ShapeError, UserError
from harness.names import unknown_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

    Points = NDArray[np.floating[Any]]

#: Which keypoints are meant; `None` is all of them.
Chosen = tuple[int, ...] | None


class Operation(Protocol):
    """A change of keypoints. Its text, `str(operation)`, parses to an equal operation."""

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


@dataclass(frozen=True)
class Move:
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
class Scale:
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
class Rotate:
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
class Form:
    """How an operation is written.

    Attributes:
        make: the operation from the chosen keypoints and its numbers.
        numbers: names of the numbers.
        example: one to copy.
        ranges: what the numbers may be, where not every finite number may stand.
        allowed: whether a number is in range.
    """

    make: Callable[..., Operation]
    numbers: tuple[str, ...]
    example: str
    ranges: str = ""
    allowed: Callable[[float], bool] = math.isfinite


#: All operations by name.
OPERATIONS: Mapping[str, Form] = {
    "move": Form(
        Move,
        ("DX", "DY"),
        "move=2:+0.1,-0.05",
        "fractions of the image's edge from -1 to 1, right and down",
        lambda value: -1 <= value <= 1,
    ),
    "scale": Form(Scale, ("FACTOR",), "scale=all:1.2", "above 0", lambda value: value > 0),
    "rotate": Form(Rotate, ("DEGREES",), "rotate=1+3:15"),
}


def parse_operation(text: str) -> Operation:
    """An operation from its text.

    Args:
        text: `NAME=KEYPOINTS:NUMBERS`.

    Raises:
        UnknownName: there is no operation of this name.
        ConfigError: the text has another form, or a number is out of range.

    >>> parse_operation("move=1+3:+0.1,-0.05")
    Move(keypoints=(1, 3), right=0.1, down=-0.05)
    """
    name, equals, rest = text.partition("=")
    if name not in OPERATIONS:
        raise unknown_name("operation", name, OPERATIONS, "Write NAME=KEYPOINTS:NUMBERS.")
    form = OPERATIONS[name]
    keypoints, colon, numbers = rest.partition(":")
    wanted = f"{name}=KEYPOINTS:{','.join(form.numbers)}, such as {form.example}"
    if not (equals and keypoints):
        raise ConfigError(f"Operation {text!r} names no keypoints; expected {wanted}.")
    if not (colon and numbers):
        raise ConfigError(f"Operation {text!r} has no numbers; expected {wanted}.")
    given = numbers.split(",")
    if len(given) != len(form.numbers):
        raise ConfigError(
            f"Operation {text!r} has {len(given)} numbers where {len(form.numbers)} must stand; "
            f"expected {wanted}."
        )
    return form.make(_chosen(keypoints, text), *(_number(one, form, text) for one in given))


@dataclass(frozen=True)
class Manipulated:
    """Images drawn again with changed keypoints.

    Attributes:
        before: the detected keypoints, `[N, K, 2]` fractions.
        after: the keypoints that were drawn, `[N, K, 2]`.
        images: `uint8 [N, 3, S, S]`, S the method's image size.
    """

    before: Points
    after: Points
    images: NDArray[np.uint8]


def manipulated(
    fitted: Fitted,
    images: NDArray[np.uint8],
    operations: Sequence[Operation],
    appearance: NDArray[np.uint8] | None = None,
) -> Manipulated:
    """Images drawn again after operations on their keypoints.

    Args:
        fitted: a method with keypoints and `reconstruct`.
        images: `uint8 [N, 3, S, S]` of any size S.
        operations: applied in this order.
        appearance: images `uint8 [N, 3, S, S]` whose look is taken; their own by default.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct.
        ConfigError: an operation means a keypoint that there is none of.
    """
    before = found_keypoints(fitted, images)
    after = before
    for operation in operations:
        after = operation.apply(after)
    return Manipulated(before, after, fitted.reconstruct(images, after, appearance))


def interpolation(
    fitted: Fitted, image_a: NDArray[np.uint8], image_b: NDArray[np.uint8], steps: int
) -> Manipulated:
    """One image in poses that lead to another's: keypoints go straight, at equal distances.

    Args:
        fitted: a method with keypoints and `reconstruct`.
        image_a: whose look is drawn, `uint8 [3, S, S]`.
        image_b: to whose pose it leads, `uint8 [3, S, S]`.
        steps: pictures, at least 2; the first has the pose of A, the last the pose of B.

    Returns:
        `before` repeats the keypoints of A; N is `steps`.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct.
        ConfigError: there are fewer than 2 steps.
    """
    if steps < 2:
        raise ConfigError(f"An interpolation needs at least 2 steps, got {steps}.")
    start, end = found_keypoints(fitted, np.stack([image_a, image_b]))
    share = np.linspace(0, 1, steps, dtype=start.dtype)[:, None, None]
    after = (1 - share) * start + share * end
    images = np.repeat(image_a[None], steps, axis=0)
    before = np.repeat(start[None], steps, axis=0)
    return Manipulated(before, after, fitted.reconstruct(images, after))


def exchange(fitted: Fitted, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every image's geometry with every image's look.

    Args:
        fitted: a method with `reconstruct`.
        images: `uint8 [N, 3, S, S]`.

    Returns:
        `uint8 [N, N, 3, T, T]`, T the method's image size: entry (i, j) has the geometry of image i
        and the look of image j.

    Raises:
        UserError: the method cannot reconstruct.
    """
    rows = [
        fitted.reconstruct(np.repeat(image[None], len(images), axis=0), appearance=images)
        for image in images
    ]
    return np.stack(rows)


def found_keypoints(fitted: Fitted, images: NDArray[np.uint8]) -> Points:
    """The keypoints `[N, K, 2]` of images `uint8 [N, 3, S, S]`.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct.
    """
    fitted.require("reconstruct")
    points = fitted.predict(images).keypoints
    if points is None:
        raise UserError(f"{fitted.spec.name} finds no keypoints that could be changed.")
    return points


def _replaced(
    points: Points, keypoints: Chosen, change: Callable[[Points, Points], Points]
) -> Points:
    """Points whose chosen ones are changed; `change` gets them and their centre `[N, 1, 2]`."""
    if points.ndim != 3 or points.shape[2] != 2:
        raise ShapeError(f"points have shape {list(points.shape)}, expected [N, K, 2].")
    count = points.shape[1]
    chosen = list(range(count) if keypoints is None else keypoints)
    for index in chosen:
        if not 0 <= index < count:
            raise ConfigError(
                f"There is no keypoint {index}: the method has {count}, numbered from 0 to "
                f"{count - 1}."
            )
    around = points if len(chosen) == 1 else points[:, chosen]
    result = points.copy()
    result[:, chosen] = change(points[:, chosen], _centre(around))
    return result


def _centre(points: Points) -> Points:
    """Mean `[N, 1, 2]` of the points that are not missing."""
    found = np.isfinite(points).all(axis=2, keepdims=True)
    total = np.where(found, points, 0).sum(axis=1, keepdims=True)
    centre: Points = total / np.maximum(found.sum(axis=1, keepdims=True), 1)
    return centre


def _chosen(keypoints: str, text: str) -> Chosen:
    if keypoints == "all":
        return None
    words = keypoints.split("+")
    for word in words:
        if not (word.isascii() and word.isdigit()):
            raise ConfigError(
                f"Operation {text!r}: {word!r} is no keypoint; expected an index such as 2, "
                "several such as 1+3+5, or all."
            )
    indices = tuple(int(word) for word in words)
    twice = next((index for index in indices if indices.count(index) > 1), None)
    if twice is not None:
        raise ConfigError(f"Operation {text!r} names keypoint {twice} twice.")
    return indices


def _number(word: str, form: Form, text: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ConfigError(
            f"Operation {text!r}: {word!r} is no number; expected one such as in {form.example}."
        ) from None
    if not math.isfinite(value):
        raise ConfigError(f"Operation {text!r}: {word} is not finite; expected a finite number.")
    if not form.allowed(value):
        raise ConfigError(f"Operation {text!r}: {word} is out of range; expected {form.ranges}.")
    return value


def _text(keypoints: Chosen) -> str:
    return "all" if keypoints is None else "+".join(map(str, keypoints))


def _signed(value: float) -> str:
    return f"{value:+}".removesuffix(".0")
