"""Hat and glasses."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Person
from harness_datasets.synthetic_faces.canvas import Canvas
from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.features import EYE_DEPTH, Eyes
from harness_datasets.synthetic_faces.frame import take
from harness_datasets.synthetic_faces.parts import HAT
from harness_datasets.synthetic_faces.shapes import pillar, rounded_box


@dataclass(frozen=True)
class Hat:
    """A dome on a brim: narrow brims make a cap of wool, wide ones a sun hat."""

    brim_height: Floats
    brim_width: Floats
    brim_thickness: Floats
    crown_width: Floats
    crown_height: Floats
    colour: Floats
    band: Floats

    @classmethod
    def draw(cls, draws: Draws, person: Person) -> "Hat":
        """Draw a hat per face, worn or not."""
        crown_width = person.width + draws.uniform(0.1, 0.2)
        wide = draws.chance(0.5)
        return cls(
            brim_height=draws.uniform(-0.62, -0.5) + 0.3 * person.pitch,
            brim_width=crown_width + chosen(wide, draws.uniform(0.2, 0.45), 0.04),
            brim_thickness=draws.uniform(0.07, 0.12),
            crown_width=crown_width,
            crown_height=draws.uniform(0.6, 0.8),
            colour=draws.colour((0.0, 1.0), (0.4, 0.95), (0.2, 0.85)),
            band=draws.uniform(0.55, 1.2, shape=(1, 1, 1)),
        )

    def paint(self, canvas: Canvas, person: Person) -> None:
        """Paint the hats of those who wear one."""
        rows = np.flatnonzero(person.attributes["hat"])
        if not len(rows):
            return
        hat, frame = take(self, rows), take(person.head, rows)
        side = hat.brim_width
        low, high = -hat.crown_height - 0.02, hat.brim_thickness
        frame = frame.at(take(person.yaw, rows) * np.float32(0.1), hat.brim_height)
        with canvas.window(frame, u=(-side, side), v=(low, high), rows=rows) as window:
            u, v = window.u, window.v
            crown = pillar(u, v, hat.crown_width, hat.crown_height, np.float32(0.02))
            crown = np.maximum(crown, v)
            shade = np.float32(1.1) - np.float32(0.25) * (u * u + v * v)
            window.paint(window.coverage(crown), hat.colour * shade[:, None], HAT)
            brim = rounded_box(u, v, hat.brim_width, hat.brim_thickness, hat.brim_thickness)
            window.paint(window.coverage(brim), hat.colour * hat.band, HAT)


@dataclass(frozen=True)
class Glasses:
    """Two rounded frames, a bridge and temples; they leave the part map as it is."""

    width: Floats
    height: Floats
    radius: Floats
    thickness: Floats
    colour: Floats
    tint: Floats

    @classmethod
    def draw(cls, draws: Draws) -> "Glasses":
        """Draw glasses per face, worn or not."""
        height = draws.uniform(0.17, 0.24)
        return cls(
            width=draws.uniform(0.24, 0.28),
            height=height,
            radius=height * draws.uniform(0.4, 1.0),
            thickness=draws.uniform(0.02, 0.035),
            colour=draws.colour((0.0, 1.0), (0.0, 0.8), (0.03, 0.35)),
            tint=draws.uniform(0.05, 0.25),
        )

    def paint(self, canvas: Canvas, person: Person, eyes: Eyes) -> None:
        """Paint the glasses of those who wear them, within the head."""
        rows = np.flatnonzero(person.attributes["glasses"])
        if not len(rows):
            return
        glasses, person, eyes = take(self, rows), take(person, rows), take(eyes, rows)
        centre = np.zeros_like(eyes.height)
        frame = person.feature(centre, eyes.height, EYE_DEPTH)
        side = np.float32(1.0)
        reach = glasses.height + glasses.thickness
        with canvas.window(frame, u=(-side, side), v=(-reach, reach), rows=rows) as window:
            u = np.abs(window.u)
            beside = u - eyes.apart
            lens = rounded_box(beside, window.v, glasses.width, glasses.height, glasses.radius)
            person_there = window.parts > 0
            tint = window.coverage(lens) * glasses.tint * person_there
            window.paint(tint, glasses.colour)
            rim = np.abs(lens) - glasses.thickness
            bar = np.abs(window.v + glasses.height * 0.4) - glasses.thickness
            bar = np.maximum(bar, u - np.float32(0.98))
            bar = np.maximum(bar, -lens)
            cover = window.coverage(np.minimum(rim, bar))
            cover *= person_there
            window.paint(cover, glasses.colour)
