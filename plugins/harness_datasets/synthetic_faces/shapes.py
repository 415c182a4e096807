"""Signed distances to plane shapes: negative inside, in the unit of the coordinates.

Only operations that IEEE 754 defines to the last bit are used (no sine, no
exponential, no fused sums), so that a face has the same bytes on every machine.
"""

import numpy as np

from harness_datasets.synthetic_faces.draws import Floats, Number

#: keeps the gradient of an ellipse's centre from being zero
TINY = np.float32(1e-12)


def norm(u: Floats, v: Floats) -> Floats:
    """Length of the vector (u, v)."""
    squares = u * u
    squares += v * v
    np.sqrt(squares, out=squares)
    return squares


def ellipse(u: Floats, v: Floats, width: Number, height: Number) -> Floats:
    """Distance to an ellipse of the given half axes, to first order around its outline.

    The implicit function over the length of its gradient; far outside it tells
    half the distance, deep inside more than it.
    """
    per_u, per_v = 1 / (width * width), 1 / (height * height)
    squares_u, squares_v = u * u, v * v
    squares_u *= per_u
    squares_v *= per_v
    value = squares_u + squares_v
    value -= 1
    squares_u *= 4 * per_u
    squares_v *= 4 * per_v
    squares_u += squares_v
    squares_u += TINY
    value /= np.sqrt(squares_u, out=squares_u)
    return value


def pillar(u: Floats, v: Floats, width: Number, height: Number, length: Number) -> Floats:
    """Distance to an ellipse whose lower half is pulled down by `length`."""
    return ellipse(u, v - np.clip(v, 0, length), width, height)


def rounded_box(u: Floats, v: Floats, width: Number, height: Number, radius: Number) -> Floats:
    """Distance to a box of half sides `width` and `height` with corners of `radius`."""
    beyond_u = np.abs(u)
    beyond_u -= width - radius
    beyond_v = np.abs(v)
    beyond_v -= height - radius
    inside = np.minimum(np.maximum(beyond_u, beyond_v), 0)
    distance = norm(np.maximum(beyond_u, 0), np.maximum(beyond_v, 0))
    distance += inside
    distance -= radius
    return distance


def wave(turns: Floats) -> Floats:
    """A sine of period 1 made of parabolas, in [-1, 1]."""
    phase = turns - np.rint(turns)
    bend = np.abs(phase)
    bend *= -16
    bend += 8
    bend *= phase
    return bend
