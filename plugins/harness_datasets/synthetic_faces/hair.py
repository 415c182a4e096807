"""Hair: what hangs behind the face, and what frames it in front."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Person
from harness_datasets.synthetic_faces.canvas import Bounds, Canvas, Window
from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.parts import HAIR
from harness_datasets.synthetic_faces.shapes import ellipse, pillar, wave

#: hair behind the head lies in its shadow
BACK_SHADE = np.float32(0.82)


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
        long = person.attributes["long_hair"]
        bangs = person.attributes["bangs"]
        volume = draws.uniform(0.0, 1.0)
        long_width, short_width = 0.10 + 0.16 * volume, 0.03 + 0.09 * volume
        long_sides, short_sides = draws.uniform(0.7, 1.2), draws.uniform(-0.15, 0.1)
        bangs_height, bare_height = draws.uniform(-0.45, -0.36), draws.uniform(-0.9, -0.7)
        return cls(
            centre=-0.12 * person.yaw,
            top=draws.uniform(-0.2, -0.12),
            width=person.width + chosen(long, long_width, short_width),
            height=chosen(long, 0.95 + 0.1 * volume, 0.93 + 0.1 * volume),
            length=chosen(long, draws.uniform(0.4, 1.0), 0),
            parting=person.yaw * np.float32(0.4) + draws.uniform(-0.08, 0.08),
            opening_width=person.width * draws.uniform(0.86, 0.95),
            opening_height=draws.uniform(0.8, 0.92),
            fringe=chosen(bangs, bangs_height, bare_height) + 0.5 * person.pitch,
            tips=chosen(bangs, draws.uniform(0.01, 0.05), 0),
            sides=chosen(long, long_sides, short_sides),
            curl=draws.uniform(0, 1) * draws.uniform(0, 0.05),
            frequency=draws.uniform(1.5, 4.0),
            phase=draws.uniform(0, 1),
        )

    def paint_back(self, canvas: Canvas, person: Person) -> None:
        """Paint the hair behind neck and face."""
        across, along = self._reach(self.length)
        with canvas.window(person.head, u=across, v=along) as window:
            distance = self._outline(window)
            colour = self._strands(window, person) * BACK_SHADE
            window.paint(window.coverage(distance), colour, HAIR)

    def paint_front(self, canvas: Canvas, person: Person) -> None:
        """Paint the hair over the forehead and along the cheeks."""
        across, along = self._reach(np.minimum(self.length, 0.3))
        with canvas.window(person.head, u=across, v=along) as window:
            u, v = window.u - self.parting, window.v - np.float32(0.2)
            opening = ellipse(u, v, self.opening_width, self.opening_height + 0.2)
            edge = self.fringe + self.tips * wave((window.u + self.phase) * 3)
            opening = np.maximum(opening, edge - window.v)
            distance = np.maximum(self._outline(window), -opening)
            below = window.v - self.sides
            distance = np.maximum(distance, below)
            fading = np.clip(BACK_SHADE - np.float32(0.36) * below, BACK_SHADE, 1)
            colour = self._strands(window, person) * fading[:, None]
            window.paint(window.coverage(distance), colour, HAIR)

    def _reach(self, length: Floats) -> tuple[Bounds, Bounds]:
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
