"""A generator whose latents stand in its images, and editors that a test computes by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.contract import Editing, Evaluation, Predicted, Samples

SIDE = 4
#: Latents, wanted conditions and strengths to a path.
Edit = Callable[[np.ndarray, np.ndarray, Sequence[float]], np.ndarray]
#: Numbers `[N, 16]` in [0, 1], read from images, to conditions.
Read = Callable[[np.ndarray], np.ndarray]


def painted(numbers: np.ndarray) -> np.ndarray:
    """Images whose first red pixels are numbers `[N, D]` in [0, 1], exact for fifths."""
    images = np.zeros((len(numbers), 3, SIDE * SIDE), np.uint8)
    images[:, 0, : numbers.shape[1]] = np.round(255 * numbers.clip(0, 1)).astype(np.uint8)
    return images.reshape(-1, 3, SIDE, SIDE)


def toward(latents: np.ndarray, wanted: np.ndarray, strengths: Sequence[float]) -> np.ndarray:
    """Changes what is asked, in proportion to the strength, and nothing else."""
    goal = np.where(np.isnan(wanted), latents, wanted)
    return np.stack([latents + s * (goal - latents) for s in strengths]).astype(np.float32)


def still(latents: np.ndarray, wanted: np.ndarray, strengths: Sequence[float]) -> np.ndarray:
    """Does nothing."""
    return np.stack([latents] * len(strengths))


@dataclass
class ToyEditing:
    """An editor of given latents `[P, D]` in [0, 1], which the oracles read from the images.

    Attributes:
        latents: in the order of drawing.
        edit: the editor.
        judge: what it makes of an image's numbers; the latents themselves by default.
        guide: the same of the guide, the judge by default.
        asked: all (starts, wanted, strengths) that were edited.
        drawn: all (count, seed) that were drawn.
        rendered: how many images were drawn at once.
    """

    latents: np.ndarray
    edit: Edit = toward
    judge: Read | None = None
    guide: Read | None = None
    conditions: str = "attributes"
    radius: float = 100.0
    encode: Callable[[Sequence[str]], np.ndarray] | None = None
    asked: list[tuple[np.ndarray, np.ndarray, list[float]]] = field(default_factory=list)
    drawn: list[tuple[int, int]] = field(default_factory=list)
    rendered: list[int] = field(default_factory=list)

    def _draw(self, count: int, seed: int) -> np.ndarray:
        self.drawn.append((count, seed))
        return self.latents[:count].astype(np.float32)

    def _edit(
        self, latents: np.ndarray, wanted: np.ndarray, strengths: Sequence[float]
    ) -> np.ndarray:
        self.asked.append((latents, wanted, list(strengths)))
        return self.edit(latents, wanted, strengths)

    def _images(self, latents: np.ndarray) -> np.ndarray:
        """A layer's latents count alike."""
        assert np.isfinite(latents).all()
        self.rendered.append(len(latents))
        return painted(latents if latents.ndim == 2 else latents.mean(axis=1))

    def _answers(self, read: Read | None) -> Callable[[np.ndarray], np.ndarray]:
        def plain(numbers: np.ndarray) -> np.ndarray:
            return numbers[:, : self.latents.shape[1]]

        def answer(images: np.ndarray) -> np.ndarray:
            numbers = images.reshape(len(images), 3, -1)[:, 0] / 255
            return (read or plain)(numbers).astype(np.float32)

        return answer

    def evaluation(self, **truth: object) -> Evaluation:
        """With test images that are all black, unless given."""
        given = {"ids": ["a"], "images": np.zeros((1, 3, SIDE, SIDE), np.uint8), **truth}
        names = given.pop("attribute_names", ("hat", "smile", "beard", "bangs")[: self._width()])
        if "attributes" not in given:
            given["attributes"] = np.full((len(given["ids"]), len(names)), np.nan, np.float32)
        return Evaluation(
            test=Predicted(ids=given["ids"]),
            test_truth=Samples(**given),
            attribute_names=names,
            editing=Editing(
                draw=self._draw,
                images=self._images,
                edit=self._edit,
                guide=self._answers(self.guide or self.judge),
                judge=self._answers(self.judge),
                conditions=self.conditions,
                radius=self.radius,
                encode=self.encode,
            ),
        )

    def _width(self) -> int:
        return self._answers(self.judge)(painted(self.latents[:1])).shape[1]
