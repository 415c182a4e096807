"""Shoulders in clothes, and the neck."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.anatomy import Flags, Person
from harness_datasets.synthetic_faces.canvas import Canvas, Window
from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.frame import Frame, rotation
from harness_datasets.synthetic_faces.parts import CLOTHES, NECK
from harness_datasets.synthetic_faces.shapes import ellipse, pillar, wave

#: the clothes go down to below the lower edge of any image
LONG = np.float32(8)


@dataclass(frozen=True)
class Body:
    """The body hangs below the head and leans with a third of its rotation."""

    #: origin at the pit of the neck
    frame: Frame
    shoulder_width: Floats
    shoulder_height: Floats
    neck_width: Floats
    neckline: Floats
    clothes: Floats
    trim: Floats
    striped: Floats
    upright: Flags
    stripes: Floats
    collar: Floats

    @classmethod
    def draw(cls, draws: Draws, person: Person) -> "Body":
        """Draw a body per face."""
        head = person.head
        x, y = head.to_image(-0.1 * person.yaw, draws.uniform(1.18, 1.26))
        cosine, sine = rotation(head.sine / 6 + draws.uniform(-0.03, 0.03))
        clothes = draws.colour((0.0, 1.0), (0.45, 0.95), (0.25, 0.85))
        return cls(
            frame=Frame(x, y, head.scale, np.ones_like(x), cosine, sine),
            shoulder_width=draws.uniform(1.0, 1.35),
            shoulder_height=draws.uniform(0.55, 0.8),
            neck_width=draws.uniform(0.33, 0.41),
            neckline=draws.uniform(0.12, 0.4),
            clothes=clothes,
            trim=draws.colour((0.0, 1.0), (0.1, 0.9), (0.2, 1.0)),
            striped=chosen(draws.chance(0.3), draws.uniform(0.4, 0.9), 0),
            upright=draws.chance(0.5)[:, None, None],
            stripes=draws.uniform(1.5, 4),
            collar=chosen(draws.chance(0.4), draws.uniform(0.06, 0.14), 0),
        )

    def paint_clothes(self, canvas: Canvas) -> None:
        """Paint shoulders and chest down to the image's lower edge."""
        width, height = self.shoulder_width, self.shoulder_height
        with canvas.window(self.frame, u=(-width, width), v=(-0.1, LONG)) as window:
            u, v = window.u, window.v
            distance = pillar(u, v - height + np.float32(0.06), width, height, LONG)
            across = np.where(self.upright, u, v)
            band = wave(across * self.stripes)
            band *= window.sharpness / (self.stripes * 8)
            band += np.float32(0.5)
            band = np.clip(band, 0, 1, out=band)
            band *= self.striped
            colour = self.clothes + (self.trim - self.clothes) * band[:, None]
            colour *= (1 - np.float32(0.12) * np.abs(u))[:, None]
            window.paint(window.coverage(distance), colour, CLOTHES)

    def paint_neck(self, canvas: Canvas, person: Person) -> None:
        """Paint the collar, then the neck with the shadow of the chin."""
        width, collar = self.neck_width, self.collar
        reach = width + collar
        with canvas.window(
            self.frame, u=(-reach, reach), v=(-0.7, self.neckline + collar)
        ) as window:
            neck = self._neck(window, 0 * collar)
            ring = np.maximum(self._neck(window, collar), -0.12 - window.v)
            window.paint(window.coverage(ring), self.trim, CLOTHES)
            shadow = np.clip(window.v * np.float32(0.45) + np.float32(0.95), 0.7, 1)
            window.paint(window.coverage(neck), person.skin * shadow[:, None], NECK)

    def _neck(self, window: Window, wider: Floats) -> Floats:
        """Distance to the neck with its round neckline, both wider by `wider`."""
        width = self.neck_width + wider
        below = ellipse(window.u, np.maximum(window.v, 0), width, self.neckline + wider)
        distance: Floats = np.maximum(below, np.float32(-0.65) - window.v)
        return distance
