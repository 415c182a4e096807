"""What an editor is to make of images, in words: attributes, places of keypoints, or a caption.

What the words mean depends on what the guide answers:

>>> faces = Vocabulary("attributes", 2, ("hat", "beard"))
>>> faces.goal(["hat=1"]).conditions.tolist()
[1.0, nan]
>>> Vocabulary("keypoints", 4).goal(["1=0.40,0.55"]).conditions.tolist()
[nan, nan, 0.4000000059604645, 0.550000011920929]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import ConfigError, RecordError, UserError
from harness.names import unknown_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.contract.editing import Conditions

    Floats = NDArray[np.floating[Any]]
    #: A caption's embeddings `[N, C]`.
    Encode = Callable[[Sequence[str]], NDArray[np.float32]]

#: How what is wanted is written, by what the guide answers.
FORMS: dict[Conditions, str] = {
    "attributes": "NAME=VALUE with a value from 0 to 1, such as {example}",
    "keypoints": "KEYPOINT=X,Y with the place in fractions of the image edge, such as 0=0.40,0.55",
    "embedding": "a caption, such as 'a person with a hat'",
}


@dataclass(frozen=True)
class Goal:
    """What is wanted of an image.

    Attributes:
        texts: as it was written.
        conditions: `float32 [C]`, NaN where nothing is asked.
    """

    texts: tuple[str, ...]
    conditions: NDArray[np.float32]

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Which conditions are asked, `bool [C]`."""
        return ~np.isnan(self.conditions)

    def __str__(self) -> str:
        return ", ".join(self.texts)


@dataclass(frozen=True)
class Vocabulary:
    """The words for what a guide answers.

    Attributes:
        kind: what the answers are.
        count: C, how many numbers an answer has.
        names: of attributes, in order; empty for other kinds.
        encode: captions to embeddings, for answers that are such.

    Raises:
        RecordError: there are more or fewer names than attributes.
    """

    kind: Conditions
    count: int
    names: tuple[str, ...] = ()
    encode: Encode | None = None

    def __post_init__(self) -> None:
        if self.kind == "attributes" and len(self.names) != self.count:
            raise RecordError(
                f"The guide answers {self.count} attributes and the run names {len(self.names)}; "
                "run the cell again with --fresh."
            )

    def goal(self, texts: Sequence[str]) -> Goal:
        """What all texts together ask for.

        Raises:
            UnknownName: there is no such attribute; the nearest one is offered.
            ConfigError: a text is malformed, a value is out of range, or one thing is asked twice.
        """
        if not texts:
            raise UserError(f"Nothing is wanted; {self.help()}")
        conditions = np.full(self.count, np.nan, np.float32)
        if self.kind == "embedding":
            conditions[:] = self._embedded(texts)
        for text in texts if self.kind != "embedding" else ():
            parse = self._attribute if self.kind == "attributes" else self._keypoint
            places, values = parse(text)
            if not np.isnan(conditions[places]).all():
                raise ConfigError(f"{text!r}: {text.partition('=')[0].strip()} is asked twice.")
            conditions[places] = values
        return Goal(tuple(texts), conditions)

    def everything(self) -> Goal:
        """A goal that asks for all conditions, for figures of all attributes."""
        return Goal((), np.ones(self.count, np.float32))

    def help(self) -> str:
        """How what is wanted is written for this guide, as a sentence."""
        form = FORMS[self.kind].format(example=f"{self.names[0]}=1" if self.names else "")
        known = f"; the attributes are {', '.join(self.names)}" if self.names else ""
        return f"the guide answers {self._what()}, so write {form}{known}."

    def facts(self, goal: Goal, answer: Floats) -> dict[str, Any]:
        """An answer `[C]` for JSON: attributes by name, places by number, or the cosine."""
        if self.kind == "attributes":
            return {n: _plain(v) for n, v in zip(self.names, answer, strict=True)}
        if self.kind == "keypoints":
            points = answer.reshape(-1, 2)
            return {str(k): [_plain(x), _plain(y)] for k, (x, y) in enumerate(points)}
        return {"cosine": _plain(_cosine(goal, answer))}

    def told(self, goal: Goal, guide: Floats, judge: Floats) -> list[str]:
        """What both oracles answer `[C]` to what is asked, in short lines.

        >>> goal = Vocabulary("attributes", 2, ("hat", "beard")).goal(["hat=1"])
        >>> faces = Vocabulary("attributes", 2, ("hat", "beard"))
        >>> faces.told(goal, np.array([0.9, 0.1]), np.array([0.8, 0.2]))
        ['hat 0.90, judge 0.80']
        """
        both = zip(self.figures(goal, guide), self.figures(goal, judge), strict=True)
        labels = self.labels(goal)
        return [f"{label} {a}, judge {b}" for label, (a, b) in zip(labels, both, strict=True)]

    def labels(self, goal: Goal) -> list[str]:
        """What `figures` are of: every asked attribute, or one thing."""
        if self.kind == "attributes":
            return [self.names[place] for place in np.flatnonzero(goal.asked)]
        return ["off by" if self.kind == "keypoints" else "cosine"]

    def figures(self, goal: Goal, answer: Floats) -> list[str]:
        """An answer `[C]` to what is asked: attributes, distance in % of the edge, or cosine."""
        if self.kind == "attributes":
            return [f"{answer[place]:.2f}" for place in np.flatnonzero(goal.asked)]
        if self.kind == "keypoints":
            return [f"{100 * distance(goal, answer):.1f} %"]
        return [f"{_cosine(goal, answer):.2f}"]

    def _attribute(self, text: str) -> tuple[list[int], list[float]]:
        name, sign, written = (part.strip() for part in text.partition("="))
        if not sign:
            raise ConfigError(f"{text!r} is not what can be wanted: {self.help()}")
        if name not in self.names:
            raise unknown_name("attribute", name, self.names)
        value = _number(written)
        if value is None or not 0 <= value <= 1:
            raise ConfigError(f"{text!r}: expected a value from 0 to 1, got {written!r}.")
        return [self.names.index(name)], [value]

    def _keypoint(self, text: str) -> tuple[list[int], list[float]]:
        number, sign, written = (part.strip() for part in text.partition("="))
        values = [_number(word) for word in written.split(",")]
        place = [value for value in values if value is not None]
        known = self.count // 2
        if not sign or len(values) != 2 or len(place) != 2 or not number.isdecimal():
            raise ConfigError(f"{text!r} is not what can be wanted: {self.help()}")
        if int(number) >= known:
            raise ConfigError(
                f"{text!r}: there is no keypoint {number}; the guide answers 0 to {known - 1}."
            )
        if not all(0 <= value <= 1 for value in place):
            raise ConfigError(
                f"{text!r}: the place ({place[0]:g}, {place[1]:g}) is outside of the image, which "
                "goes from 0 to 1 both ways."
            )
        return [2 * int(number), 2 * int(number) + 1], place

    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(texts) > 1:
            raise ConfigError(
                f"{texts[1]!r}: a caption says all that is wanted; give one, and further ones in "
                "sequence with --then."
            )
        if not any(letter.isalnum() for letter in texts[0]):
            raise ConfigError(f"{texts[0]!r}: the caption has no word.")
        if self.encode is None:
            raise RecordError("The oracles answer embeddings, and encode no captions.")
        found: NDArray[np.float32] = self.encode([texts[0]])[0]
        return found

    def _what(self) -> str:
        return "embeddings of captions" if self.kind == "embedding" else self.kind


def distance(goal: Goal, answer: Floats) -> float:
    """Mean distance of the wanted keypoints from an answer `[C]`, in fractions of the edge."""
    apart = (answer - goal.conditions).reshape(-1, 2)
    asked = goal.asked.reshape(-1, 2).all(axis=1)
    return float(np.linalg.norm(apart[asked].astype(np.float64), axis=1).mean())


def _cosine(goal: Goal, answer: Floats) -> float:
    lengths = np.linalg.norm(goal.conditions) * np.linalg.norm(answer)
    return float(goal.conditions @ answer / lengths) if lengths else 0.0


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _plain(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
