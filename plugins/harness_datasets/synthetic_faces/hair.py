"""Hair: what hangs behind the face, and what frames it in front."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Person
from harness_datasets.synthetic_faces.canvas import Canvas, Window
from harness_datasets.synthetic_faces.draws import Draws, Floats
from harness_datasets.synthetic_faces.parts import HAIR
from harness_datasets.synthetic_faces.shapes import ellipse, pillar, wave


@dataclass(frozen=True)
class Hair:
    """A cap around the head with an opening for the face."""

    #: where the cap's centre lies, half width, half height, and length of the hanging part
    centre: Floats
    top: Floats
    width: Floats
    height: Floats
    length: Floats
    #: the opening's centre, half axes, and the height of its upper edge (bangs lower it)
    parting: Floats
    opening_width: Floats
    opening_height: Floats
    fringe: Floats
    tips: Floats
    #: how far down the front hair reaches at the sides
    sides: Floats
    #: strands
    curl: Floats
    frequency: Floats
    phase: Floats

    @classmethod
    def draw(cls, draws: Draws, person: Person) -> "Hair":
        """Draw a haircut per face."""
        long = person.attributes["long_hair"][:, None, None]
        bangs = person.attributes["bangs"][:, None, None]
        volume = draws.uniform(0.0, 1.0)
        long_width, short_width = 0.16 + 0.16 * volume, 0.04 + 0.1 * volume
        long_sides, short_sides = draws.uniform(0.7, 1.2), draws.uniform(-0.15, 0.1)
        bangs_height, bare_height = draws.uniform(-0.45, -0.36), draws.uniform(-0.9, -0.7)
        return cls(
            centre=-0.12 * person.yaw,
            top=draws.uniform(-0.2, -0.12),
            width=person.width + np.where(long, long_width, short_width),
            height=np.where(long, 0.98, 0.95) + 0.12 * volume,
            length=np.where(long, draws.uniform(0.55, 1.15), 0).astype(np.float32),
            parting=person.yaw * np.float32(0.25) + draws.uniform(-0.12, 0.12),
            opening_width=person.width * draws.uniform(0.86, 0.95),
            opening_height=draws.uniform(0.8, 0.92),
            fringe=np.where(bangs, bangs_height, bare_height) + 0.5 * person.pitch,
            tips=np.where(bangs, draws.uniform(0.01, 0.05), 0).astype(np.float32),
            sides=np.where(long, long_sides, short_sides),
            curl=draws.uniform(0, 1) * draws.uniform(0, 0.05),
            frequency=draws.uniform(1.5, 4.0),
            phase=draws.uniform(0, 1),
        )

    def paint_back(self, canvas: Canvas, person: Person) -> None:
        """Paint the hair behind neck and face."""
        u, v = self._reach(self.length)
        with canvas.window(person.head, u=u, v=v) as window:
            distance = self._outline(window)
            window.paint(window.coverage(distance), self._strands(window, person) * 0.82, HAIR)

    def paint_front(self, canvas: Canvas, person: Person) -> None:
        """Paint the hair over the forehead and along the cheeks."""
        u, v = self._reach(np.minimum(self.length, 0.3))
        with canvas.window(person.head, u=u, v=v) as window:
            opening = ellipse(
                window.u - self.parting, window.v - 0.2, self.opening_width, self.opening_height + 0.2
            )
            edge = self.fringe + self.tips * wave((window.u + self.phase) * 3)
            opening = np.maximum(opening, edge - window.v)
            distance = np.maximum(self._outline(window), -opening)
            distance = np.maximum(distance, window.v - self.sides)
            window.paint(window.coverage(distance), self._strands(window, person), HAIR)

    def _reach(self, length: Floats) -> tuple:
        side = self.width + 0.08
        return (self.centre - side, self.centre + side), (
            self.top - self.height - 0.08,
            self.top + self.height + length + 0.08,
        )

    def _outline(self, window: Window) -> Floats:
        u, v = window.u - self.centre, window.v - self.top
        distance = pillar(u, v, self.width, self.height, self.length)
        distance += self.curl * wave((u + v) * self.frequency + self.phase)
        return distance

    def _strands(self, window: Window, person: Person) -> Floats:
        """Colour of the hair, `[N, 3, h, w]`: strands from the parting, lighter on top."""
        turns = (window.u - self.parting) * (self.frequency + 1.5 * window.v) + self.phase
        shine = wave(turns)
        shine *= np.float32(0.13)
        shine += np.float32(0.95) - np.float32(0.12) * window.v
        return person.hair * shine[:, None]
