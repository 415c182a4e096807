"""The face's skin: outline, ears, shading, beard."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Person
from harness_datasets.synthetic_faces.canvas import Canvas, Window
from harness_datasets.synthetic_faces.draws import Draws, Floats
from harness_datasets.synthetic_faces.frame import take
from harness_datasets.synthetic_faces.parts import SKIN
from harness_datasets.synthetic_faces.shapes import ellipse, norm


@dataclass(frozen=True)
class Head:
    """An egg: an ellipse whose lower half narrows to the chin."""

    jaw: Floats
    blush: Floats
    ear: Floats
    beard_top: Floats
    beard_tone: Floats

    @classmethod
    def draw(cls, draws: Draws) -> "Head":
        """Draw a head shape per face."""
        return cls(
            jaw=draws.uniform(0.05, 0.35),
            blush=draws.uniform(0, 0.12),
            ear=draws.uniform(0.15, 0.2),
            beard_top=draws.uniform(0.25, 0.42),
            beard_tone=draws.uniform(0.75, 1.0),
        )

    def paint(self, canvas: Canvas, person: Person) -> None:
        """Paint face and ears, with light from one side and darker rims."""
        side = person.width + 0.14
        with canvas.window(person.head, u=(-side, side), v=(-1, 1)) as window:
            u, v = window.u, window.v
            distance = self._outline(window, person)
            beside = np.abs(u + 0.08 * person.yaw) - person.width
            ear = ellipse(beside, v - np.float32(0.06), self.ear / 2, self.ear)
            shade = np.float32(1.05) - np.float32(0.16) * (u * u + v * v)
            shade += (np.float32(0.09) * person.light) * u
            colour = person.skin * shade[:, None]
            window.paint(window.coverage(ear), person.skin * np.float32(0.86), SKIN)
            window.paint(window.coverage(distance), colour, SKIN)

    def paint_beard(self, canvas: Canvas, person: Person) -> None:
        """Paint a full beard around where the mouth will be; it stays part of the skin."""
        rows = np.flatnonzero(person.attributes["beard"])
        if not len(rows):
            return
        head, person = take(self, rows), take(person, rows)
        side = person.width
        with canvas.window(person.head, u=(-side, side), v=(-0.2, 1.0), rows=rows) as window:
            inner_u, inner_v = 0.55 * person.yaw, 0.55 * person.pitch
            u, v = window.u - inner_u, window.v - inner_v
            cheeks = ellipse(u, v + 0.15, np.float32(0.56), head.beard_top + np.float32(0.3))
            distance = np.maximum(head._outline(window, person), -cheeks)
            distance = np.maximum(distance, np.float32(0.02) - v)
            colour = person.hair * (head.beard_tone * (1 - 0.15 * v))[:, None]
            cover = window.coverage(distance)
            cover *= np.float32(0.9)
            window.paint(cover, colour)

    def _outline(self, window: Window, person: Person) -> Floats:
        """Distance to the egg, first order."""
        narrowing = np.maximum(window.v, 0)
        narrowing *= narrowing
        narrowing *= self.jaw
        narrowing += 1
        narrowing *= window.u
        narrowing /= person.width
        distance = norm(narrowing, window.v)
        distance -= 1
        distance *= person.width
        return distance
