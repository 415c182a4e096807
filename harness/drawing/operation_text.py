"""How operations are written: one parser for the command line, saved edits and the Python API.

An operation is written `NAME=KEYPOINTS:NUMBERS`, such as `move=2:+0.1,-0.05`, where KEYPOINTS is an
index, several joined by `+`, or `all`; one that is of the whole image, such as `background=5`, is
written `NAME=NUMBERS`. Another operation joins by its class and an entry in `OPERATIONS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.drawing.operations import Background, Chosen, Look, Move, Operation, Rotate, Scale
from harness.errors import ConfigError
from harness.names import unknown_name


@dataclass(frozen=True)
class Number:
    """One number of an operation.

    Attributes:
        name: what stands for it in the form.
        whole: whether it is an index, 0 or above.
        ranges: what it may be, where not every finite number may stand.
        allowed: whether a number is in range.
        optional: whether it may be left out.
    """

    name: str
    whole: bool = False
    ranges: str = ""
    allowed: Callable[[float], bool] = math.isfinite
    optional: bool = False


@dataclass(frozen=True)
class Form:
    """How an operation is written.

    Attributes:
        make: the operation from the chosen keypoints, where it has some, and its numbers.
        numbers: what stands behind the colon; optional ones last.
        example: one to copy.
        of_keypoints: whether keypoints are chosen.
    """

    make: Callable[..., Operation]
    numbers: tuple[Number, ...]
    example: str
    of_keypoints: bool = True

    def written(self, name: str) -> str:
        """The form with placeholders, such as `look=KEYPOINTS:IMAGE[,SHARE]`."""
        numbers = self.numbers[0].name
        for number in self.numbers[1:]:
            numbers += f"[,{number.name}]" if number.optional else f",{number.name}"
        return f"{name}={'KEYPOINTS:' if self.of_keypoints else ''}{numbers}"


def _edge(name: str) -> Number:
    ranges = "fractions of the image's edge from -1 to 1, right and down"
    return Number(name, ranges=ranges, allowed=lambda value: -1 <= value <= 1)


_FACTOR = Number("FACTOR", ranges="above 0", allowed=lambda value: value > 0)
_IMAGE = Number("IMAGE", whole=True)
_SHARE = Number(
    "SHARE", ranges="a share from 0 to 1", allowed=lambda value: 0 <= value <= 1, optional=True
)

#: All operations by name.
OPERATIONS: Mapping[str, Form] = {
    "move": Form(Move, (_edge("DX"), _edge("DY")), "move=2:+0.1,-0.05"),
    "scale": Form(Scale, (_FACTOR,), "scale=all:1.2"),
    "rotate": Form(Rotate, (Number("DEGREES"),), "rotate=1+3:15"),
    "look": Form(Look, (_IMAGE, _SHARE), "look=2:5"),
    "background": Form(Background, (_IMAGE, _SHARE), "background=5", of_keypoints=False),
}


def parse_operation(text: str) -> Operation:
    """An operation from its text.

    Args:
        text: `NAME=KEYPOINTS:NUMBERS`, or `NAME=NUMBERS` where it is of the whole image.

    Raises:
        UnknownName: there is no operation of this name.
        ConfigError: the text has another form, or a number is out of range.

    >>> parse_operation("move=1+3:+0.1,-0.05")
    Move(keypoints=(1, 3), right=0.1, down=-0.05)
    >>> parse_operation("background=5,0.5")
    Background(image=5, share=0.5)
    """
    name, _, rest = text.partition("=")
    if name not in OPERATIONS:
        raise unknown_name("operation", name, OPERATIONS, "Write NAME=KEYPOINTS:NUMBERS.")
    form = OPERATIONS[name]
    keypoints, _, numbers = rest.partition(":") if form.of_keypoints else ("", "", rest)
    wanted = f"{form.written(name)}, such as {form.example}"
    if form.of_keypoints and not keypoints:
        raise ConfigError(f"Operation {text!r} names no keypoints; expected {wanted}.")
    if not numbers:
        raise ConfigError(f"Operation {text!r} has no numbers; expected {wanted}.")
    given = numbers.split(",")
    most, least = len(form.numbers), sum(not number.optional for number in form.numbers)
    if not least <= len(given) <= most:
        many = str(most) if least == most else f"{least} or {most}"
        raise ConfigError(
            f"Operation {text!r} has {len(given)} numbers where {many} must stand; "
            f"expected {wanted}."
        )
    pairs = zip(given, form.numbers, strict=False)
    values = [_number(word, number, form, text) for word, number in pairs]
    return form.make(*([_chosen(keypoints, text)] if form.of_keypoints else []), *values)


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


def _number(word: str, number: Number, form: Form, text: str) -> float:
    if number.whole:
        if not (word.isascii() and word.isdigit()):
            raise ConfigError(
                f"Operation {text!r}: {word!r} is no number of a generated image; expected one "
                f"such as in {form.example}."
            )
        return int(word)
    try:
        value = float(word)
    except ValueError:
        raise ConfigError(
            f"Operation {text!r}: {word!r} is no number; expected one such as in {form.example}."
        ) from None
    if not math.isfinite(value):
        raise ConfigError(f"Operation {text!r}: {word} is not finite; expected a finite number.")
    if not number.allowed(value):
        raise ConfigError(f"Operation {text!r}: {word} is out of range; expected {number.ranges}.")
    return value
