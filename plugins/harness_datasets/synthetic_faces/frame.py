"""Local coordinate systems in the image plane, and the taking of rows from grouped arrays.

The image is the square [-1, 1] x [-1, 1], x to the right and y down, at any number of pixels.
"""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from harness_datasets.synthetic_faces.draws import Floats


@dataclass(frozen=True)
class Frame:
    """A rotated, scaled system (u, v) per face; every array is `[N, 1, 1]`."""

    #: where (u, v) = (0, 0) lies in the image
    x: Floats
    y: Floats
    #: the image length of a unit of v
    scale: Floats
    #: the image length of a unit of u is `scale * squeeze`
    squeeze: Floats
    cosine: Floats
    sine: Floats

    def to_image(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Image coordinates of local points."""
        u, v = u * (self.scale * self.squeeze), v * self.scale
        return self.x + u * self.cosine - v * self.sine, self.y + u * self.sine + v * self.cosine

    def to_local(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Local coordinates `[N, h, w]` of the columns `x` `[N, 1, w]` and rows `y` `[N, h, 1]`."""
        right, down = x - self.x, y - self.y
        per_u, per_v = 1 / (self.scale * self.squeeze), 1 / self.scale
        u = right * (self.cosine * per_u) + down * (self.sine * per_u)
        v = right * (-self.sine * per_v) + down * (self.cosine * per_v)
        return u, v

    def at(self, u: Floats, v: Floats, squeeze: Floats | None = None) -> "Frame":
        """The parallel system at the local point (u, v), its unit of u times `squeeze`."""
        x, y = self.to_image(u, v)
        squeeze = self.squeeze if squeeze is None else self.squeeze * squeeze
        return replace(self, x=x, y=y, squeeze=squeeze)


def rotation(tangent_of_half: Floats) -> tuple[Floats, Floats]:
    """Cosine and sine of an angle from the tangent of its half, without trigonometry."""
    square = tangent_of_half * tangent_of_half
    return (1 - square) / (1 + square), 2 * tangent_of_half / (1 + square)


def take(group: Any, rows: Any) -> Any:
    """The given rows of every array of a (nested) dataclass."""
    if is_dataclass(group) and not isinstance(group, type):
        taken = {field.name: take(getattr(group, field.name), rows) for field in fields(group)}
        return type(group)(**taken)
    if isinstance(group, dict):
        return {name: take(values, rows) for name, values in group.items()}
    return group[rows]
