"""Eyes, brows, nose and mouth."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Person
from harness_datasets.synthetic_faces.canvas import Canvas
from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.frame import Frame
from harness_datasets.synthetic_faces.parts import EYES, MOUTH, NOSE
from harness_datasets.synthetic_faces.shapes import ellipse

#: how far in front of the head's axis the features lie, in half head heights
EYE_DEPTH, NOSE_DEPTH, MOUTH_DEPTH = 0.5, 0.74, 0.47

_WHITE = np.array([0.95, 0.95, 0.93], np.float32).reshape(3, 1, 1)
_BLACK = np.array([0.05, 0.04, 0.05], np.float32).reshape(3, 1, 1)


@dataclass(frozen=True)
class Eyes:
    """Two almonds with iris and pupil, under brows."""

    apart: Floats
    height: Floats
    width: Floats
    opening: Floats
    iris: Floats
    iris_size: Floats
    gaze_u: Floats
    gaze_v: Floats
    brow_gap: Floats
    brow_tilt: Floats
    brow_thickness: Floats
    brow_colour: Floats

    @classmethod
    def draw(cls, draws: Draws, person: Person) -> "Eyes":
        """Draw a pair of eyes per face."""
        thick = person.attributes["thick_brows"]
        thin_brow, thick_brow = draws.uniform(0.016, 0.026), draws.uniform(0.048, 0.062)
        return cls(
            apart=draws.uniform(0.29, 0.36),
            height=draws.uniform(-0.16, -0.02),
            width=draws.uniform(0.15, 0.18),
            opening=draws.uniform(0.075, 0.11),
            iris=draws.colour((0.05, 0.62), (0.3, 0.8), (0.25, 0.6)),
            iris_size=draws.uniform(0.072, 0.085),
            gaze_u=draws.uniform(-0.03, 0.03) + 0.05 * person.yaw,
            gaze_v=draws.uniform(-0.012, 0.012),
            brow_gap=draws.uniform(0.17, 0.22),
            brow_tilt=draws.uniform(-0.15, 0.2),
            brow_thickness=chosen(thick, thick_brow, thin_brow),
            # darker than the skin too, or thick brows could not be told from thin ones
            brow_colour=np.minimum(person.hair * 0.55, person.skin * 0.4),
        )

    def frame(self, person: Person, side: int) -> Frame:
        """Frame at the centre of the eye on the image's left (-1) or right (1)."""
        return person.feature(side * self.apart, self.height, EYE_DEPTH)

    def paint(self, canvas: Canvas, person: Person) -> None:
        """Paint both eyes and brows."""
        for side in (-1, 1):
            self._paint_brow(canvas, person, side)
            self._paint_eye(canvas, person, side)

    def _paint_eye(self, canvas: Canvas, person: Person, side: int) -> None:
        width, opening = self.width, self.opening
        reach = opening + 0.05
        with canvas.window(
            self.frame(person, side), u=(-width - 0.03, width + 0.03), v=(-reach, opening)
        ) as window:
            u, v = window.u, window.v
            lid = ellipse(u, v + 0.025, width + 0.02, opening + 0.015)
            window.paint(window.coverage(lid), person.skin * np.float32(0.3))
            almond = ellipse(u, v, width, opening)
            inside = window.coverage(almond)
            window.paint(inside, _WHITE, EYES)
            gazed_u, gazed_v = u - self.gaze_u, v - self.gaze_v
            disc = ellipse(gazed_u, gazed_v, self.iris_size, self.iris_size)
            window.paint(np.minimum(window.coverage(disc), inside), self.iris)
            half = self.iris_size / 2
            pupil = ellipse(gazed_u, gazed_v, half, half)
            window.paint(np.minimum(window.coverage(pupil), inside), _BLACK)
            glint = ellipse(gazed_u + 0.03, gazed_v + 0.03, half / 2, half / 2)
            window.paint(np.minimum(window.coverage(glint), inside), _WHITE)

    def _paint_brow(self, canvas: Canvas, person: Person, side: int) -> None:
        frame = person.feature(side * self.apart, self.height - self.brow_gap, EYE_DEPTH)
        width = self.width * np.float32(1.15)
        reach = self.brow_thickness + 0.11
        with canvas.window(frame, u=(-width - 0.04, width + 0.04), v=(-reach, reach)) as window:
            along = window.u / width
            arch = np.float32(0.06) * along * along - side * self.brow_tilt * window.u * 0.5
            bent = window.v - arch
            distance = ellipse(along * width, bent, width, self.brow_thickness)
            window.paint(window.coverage(distance), self.brow_colour)


@dataclass(frozen=True)
class Nose:
    """A wedge from the bridge to a round tip."""

    tip: Floats
    length: Floats
    width: Floats
    shadow: Floats

    @classmethod
    def draw(cls, draws: Draws) -> "Nose":
        """Draw a nose per face."""
        return cls(
            tip=draws.uniform(0.20, 0.34),
            length=draws.uniform(0.30, 0.38),
            width=draws.uniform(0.12, 0.17),
            shadow=draws.uniform(0.72, 0.82),
        )

    def frame(self, person: Person) -> Frame:
        """Frame at the tip."""
        return person.feature(np.zeros_like(self.tip), self.tip, NOSE_DEPTH)

    def paint(self, canvas: Canvas, person: Person) -> None:
        """Paint the wedge in a darker skin, a bright ridge and two nostrils."""
        width, length = self.width, self.length
        lean = person.yaw * np.float32(NOSE_DEPTH - EYE_DEPTH)
        side = width + np.abs(lean)
        with canvas.window(self.frame(person), u=(-side, side), v=(-length, 0.1)) as window:
            v = window.v
            up = np.clip(-v / length, 0, 1)
            u = window.u + lean * up
            half_width = width * (1 - up * (2 - up) * np.float32(0.72))
            wedge = np.maximum(np.abs(u) - half_width, -length - v)
            distance = np.maximum(wedge, ellipse(u, np.maximum(v, 0), width, np.float32(0.09)))
            shade = self.shadow + np.float32(0.4) * (1 - self.shadow) * up
            shade = shade + person.light * u
            colour = person.skin * shade[:, None]
            window.paint(window.coverage(distance), colour, NOSE)
            ridge = ellipse(u, v + length * 0.35, width * 0.28, length * 0.5)
            window.paint(window.coverage(ridge) * np.float32(0.5), person.skin * np.float32(1.1))
            beside, below = np.abs(u) - width * 0.5, v - np.float32(0.045)
            nostril = ellipse(beside, below, np.float32(0.045), np.float32(0.028))
            window.paint(window.coverage(nostril), person.skin * np.float32(0.3))


@dataclass(frozen=True)
class Mouth:
    """Two lips along a parabola, and what an open mouth shows."""

    height: Floats
    width: Floats
    bend: Floats
    lips: Floats
    opening: Floats
    colour: Floats

    @classmethod
    def draw(cls, draws: Draws, person: Person) -> "Mouth":
        """Draw a mouth per face; the landmarks are the corners (-width, 0) and (width, 0)."""
        smile = person.attributes["smile"]
        opened = person.attributes["mouth_open"]
        painted = person.attributes["lipstick"]
        smile_width, plain_width = draws.uniform(0.28, 0.33), draws.uniform(0.21, 0.26)
        smile_bend, plain_bend = draws.uniform(0.09, 0.15), draws.uniform(-0.05, 0.01)
        lips = draws.uniform(0.035, 0.055)
        lipstick = draws.colour((0.92, 1.0), (0.7, 0.95), (0.55, 0.9))
        natural = person.skin * np.array([0.86, 0.62, 0.62], np.float32).reshape(3, 1, 1)
        return cls(
            height=draws.uniform(0.49, 0.61),
            width=chosen(smile, smile_width, plain_width),
            bend=chosen(smile, smile_bend, plain_bend),
            lips=chosen(painted, lips + 0.012, lips),
            opening=chosen(opened, draws.uniform(0.06, 0.11), 0),
            colour=chosen(painted, lipstick, natural),
        )

    def frame(self, person: Person) -> Frame:
        """Frame at the middle between the corners."""
        return person.feature(np.zeros_like(self.height), self.height, MOUTH_DEPTH)

    def paint(self, canvas: Canvas, person: Person) -> None:
        """Paint lips, the dark inside and the upper teeth."""
        reach = self.width * np.float32(1.1)
        depth = (self.lips + self.opening) * np.float32(1.3) + np.abs(self.bend)
        with canvas.window(self.frame(person), u=(-reach, reach), v=(-depth, depth)) as window:
            along = window.u / self.width
            bow = 1 - along * along
            slope = 2 * self.bend / self.width * along
            upright = 1 / np.sqrt(1 + slope * slope)
            off_centre = (window.v - self.bend * bow) * upright
            away = np.abs(off_centre)
            # the corners are landmarks: the lips end a little beyond them
            arch = bow * np.float32(0.55) + np.float32(0.45)
            lips = away - (self.lips + self.opening) * arch
            lips = np.maximum(lips, np.abs(window.u) - self.width * np.float32(1.08))
            window.paint(window.coverage(lips), self.colour, MOUTH)
            inside = np.maximum(away - np.maximum(self.opening, 0.01) * bow, lips)
            cover = window.coverage(inside)
            window.paint(cover, self.colour * np.float32(0.3))
            teeth = np.maximum(inside, off_centre + self.opening * np.float32(0.1))
            shown = np.minimum(window.coverage(teeth), self.opening * 20)
            window.paint(np.clip(shown, 0, 1), _WHITE)
