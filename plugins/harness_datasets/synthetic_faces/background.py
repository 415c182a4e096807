"""What stands behind the person: a gradient, a wavy texture, noise, and boxes or discs."""

from dataclasses import dataclass

import numpy as np

from harness_datasets.synthetic_faces.canvas import Canvas
from harness_datasets.synthetic_faces.draws import Draws, Floats, chosen
from harness_datasets.synthetic_faces.frame import Frame, rotation
from harness_datasets.synthetic_faces.shapes import rounded_box, wave

#: cool and pale, so that backgrounds differ from skin, hair and clothes on average only
HUE, SATURATION, VALUE = (0.20, 0.72), (0.05, 0.45), (0.2, 0.95)

DISTRACTORS = 3


@dataclass(frozen=True)
class Distractor:
    """A box or disc; `radius` rounds the corners."""

    frame: Frame
    width: Floats
    height: Floats
    radius: Floats
    colour: Floats


@dataclass(frozen=True)
class Background:
    """Everything behind the person."""

    middle: Floats
    slope_x: Floats
    slope_y: Floats
    #: waves per half image side, and their phase in turns
    frequency_x: Floats
    frequency_y: Floats
    phase: Floats
    #: colour change of a full wave, of the coarse and of the fine noise
    wave_colour: Floats
    coarse_colour: Floats
    fine_share: Floats
    coarse: Floats
    fine: Floats
    distractors: tuple[Distractor, ...]

    @classmethod
    def draw(cls, draws: Draws) -> "Background":
        """Draw a background per face."""
        near = draws.colour(HUE, SATURATION, VALUE)
        far = draws.colour(HUE, SATURATION, VALUE)
        cosine, sine = rotation(draws.uniform(-1, 1, shape=(1, 1, 1)))
        change = (far - near) * np.float32(0.4)
        slope = chosen(draws.chance(0.5), change, -change)
        tint = draws.uniform(-0.03, 0.03, shape=(3, 1, 1))
        frequency, (wave_x, wave_y) = draws.uniform(0.8, 4), rotation(draws.uniform(-1, 1))
        return cls(
            middle=(near + far) / 2,
            slope_x=slope * cosine,
            slope_y=slope * sine,
            frequency_x=frequency * wave_x,
            frequency_y=frequency * wave_y,
            phase=draws.uniform(0, 1),
            wave_colour=draws.uniform(-0.09, 0.09, shape=(1, 1, 1)) + tint,
            coarse_colour=draws.uniform(-0.10, 0.10, shape=(3, 1, 1)),
            fine_share=draws.uniform(0.2, 1.0),
            coarse=draws.uniform(-1, 1, shape=(6, 6)),
            fine=draws.uniform(-1, 1, shape=(20, 20)),
            distractors=tuple(draw_distractor(draws) for _ in range(DISTRACTORS)),
        )

    def paint(self, canvas: Canvas) -> None:
        """Fill the whole canvas."""
        x, y = canvas.axis[None, None, :], canvas.axis[None, :, None]
        colours = canvas.colours
        np.add(self.middle + self.slope_x * x, self.slope_y * y, out=colours)
        coarse = interpolated(self.coarse, canvas.axis)
        turns = self.frequency_x * x + (self.frequency_y * y + self.phase)
        turns += coarse * np.float32(0.25)
        pattern = wave(turns)
        pattern += interpolated(self.fine, canvas.axis) * self.fine_share
        colours += pattern[:, None] * self.wave_colour
        colours += coarse[:, None] * self.coarse_colour
        for distractor in self.distractors:
            paint_distractor(canvas, distractor)


def draw_distractor(draws: Draws) -> Distractor:
    """Draw a box or disc anywhere in the image."""
    cosine, sine = rotation(draws.uniform(-0.4, 0.4))
    x, y = draws.uniform(-1, 1), draws.uniform(-1, 1)
    width, height = draws.uniform(0.12, 0.4), draws.uniform(0.12, 0.4)
    disc = draws.chance(0.5)
    height = chosen(disc, width, height)
    one = np.ones_like(x)
    return Distractor(
        frame=Frame(x, y, one, one, cosine, sine),
        width=width,
        height=height,
        radius=chosen(disc, width, draws.uniform(0.01, 0.1)),
        colour=draws.colour(HUE, SATURATION, VALUE),
    )


def paint_distractor(canvas: Canvas, shape: Distractor) -> None:
    """Paint one box or disc per image."""
    width, height = shape.width, shape.height
    with canvas.window(shape.frame, u=(-width, width), v=(-height, height)) as window:
        distance = rounded_box(window.u, window.v, width, height, shape.radius)
        window.paint(window.coverage(distance), shape.colour)


def interpolated(lattice: Floats, axis: Floats) -> Floats:
    """Smooth noise `[N, size, size]` from its values on a square lattice over the image."""
    place = (axis + 1) * np.float32((lattice.shape[-1] - 1) / 2)
    lower = place.astype(np.intp)
    share = place - lower
    share = share * share * (3 - 2 * share)
    rows = lattice[:, lower]
    rows += (lattice[:, lower + 1] - rows) * share[:, None]
    grid = rows[:, :, lower]
    step = rows[:, :, lower + 1]
    step -= grid
    step *= share
    grid += step
    return grid
