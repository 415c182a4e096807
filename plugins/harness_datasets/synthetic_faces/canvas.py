"""The images being painted, layer by layer, each layer only inside its own window.

A layer's window has one size for all images of the batch and a place of its own in
each. What a window holds beyond the layer's own rectangle in an image stays as it is,
so that no pixel depends on the other images of the batch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from harness_datasets.synthetic_faces.draws import Floats, Number
from harness_datasets.synthetic_faces.frame import Frame

#: room for soft edges, which first-order distances make wider than a pixel at sharp tips
MARGIN_PIXELS = 1.5

#: least and greatest local coordinate: numbers, or an array `[N, 1, 1]` each
Bounds = tuple[Number, Number]


@dataclass(frozen=True)
class Span:
    """Pixels along one image axis: the batch's common `length`, each image's own range in it."""

    first: NDArray[np.intp]
    length: int
    low: NDArray[np.intp]
    high: NDArray[np.intp]

    def positions(self, axis: Floats) -> tuple[Floats, Floats]:
        """Coordinates of the pixels, and 1 for those in the image's own range, `[N, length]`."""
        pixels = self.first[:, None] + np.arange(self.length)
        own = (pixels >= self.low[:, None]) & (pixels < self.high[:, None])
        return axis[pixels], own.astype(np.float32)


@dataclass
class Window:
    """A cut-out of every image, with the coordinates of its pixels in a frame."""

    #: what is painted so far, `[N, 3, h, w]` in [0, 1]
    colours: Floats
    #: labels so far, `[N, h, w]`
    parts: NDArray[np.uint8]
    #: local coordinates of the pixel centres, `[N, h, w]`
    u: Floats
    v: Floats
    #: 1 inside the image's own rectangle, 0 in what larger heads of the batch add to it
    reach: Floats
    #: pixels per unit of v, `[N, 1, 1]`
    sharpness: Floats

    def coverage(self, distance: Floats) -> Floats:
        """Share of each pixel inside a shape of this signed distance."""
        cover = distance * -self.sharpness
        cover += 0.5
        return np.clip(cover, 0, self.reach, out=cover)

    def paint(self, cover: Floats, colour: Floats, part: int | None = None) -> None:
        """Lay a colour (`[N, 3, 1, 1]` or `[N, 3, h, w]`) over the pixels and label them."""
        change = colour - self.colours
        change *= cover[:, None]
        self.colours += change
        if part is not None:
            np.copyto(self.parts, np.uint8(part), where=cover >= 0.5)


class Canvas:
    """A batch of images and their part maps."""

    def __init__(self, count: int, size: int, *, windowed: bool = True) -> None:
        """Start with black images.

        Args:
            count: number of images.
            size: side in pixels.
            windowed: False makes every window the whole image (slow; for checks).
        """
        self.size, self.windowed = size, windowed
        self.colours = np.zeros((count, 3, size, size), np.float32)
        self.parts = np.zeros((count, size, size), np.uint8)
        self.axis = ((np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1).astype(np.float32)

    def images(self) -> NDArray[np.uint8]:
        """The painted images, `[N, size, size, 3]`."""
        levels = self.colours * np.float32(255)
        levels += 0.5
        np.clip(levels, 0, 255, out=levels)
        return levels.transpose(0, 2, 3, 1).astype(np.uint8, order="C")

    @contextmanager
    def window(
        self, frame: Frame, u: Bounds, v: Bounds, rows: NDArray[np.intp] | None = None
    ) -> Iterator[Window]:
        """Open the window on the local rectangle `u` x `v` of every image (or of `rows`)."""
        rows = np.arange(len(self.parts)) if rows is None else rows
        columns = self._span(frame.x, frame.squeeze * frame.cosine, -frame.sine, frame.scale, u, v)
        lines = self._span(frame.y, frame.squeeze * frame.sine, frame.cosine, frame.scale, u, v)
        place = (rows, lines.first, columns.first)
        colours, parts = self._cut(lines.length, columns.length)
        x, across = columns.positions(self.axis)
        y, along = lines.positions(self.axis)
        local_u, local_v = frame.to_local(x[:, None, :], y[:, :, None])
        window = Window(
            colours=colours[place],
            parts=parts[place],
            u=local_u,
            v=local_v,
            reach=along[:, :, None] * across[:, None, :],
            sharpness=frame.scale * np.float32(self.size / 2),
        )
        yield window
        colours[place] = window.colours
        parts[place] = window.parts

    def _span(
        self, origin: Floats, along_u: Floats, along_v: Floats, scale: Floats, u: Bounds, v: Bounds
    ) -> Span:
        """The pixels that a local rectangle spans along one image axis."""
        ends = [(scale * (along_u * a + along_v * b)).reshape(-1) for a in u for b in v]
        half, middle = self.size / 2, origin.reshape(-1) + 1
        low = np.floor((np.minimum.reduce(ends) + middle) * half - MARGIN_PIXELS)
        high = np.ceil((np.maximum.reduce(ends) + middle) * half + MARGIN_PIXELS)
        low = np.clip(low, 0, self.size - 1).astype(np.intp)
        high = np.clip(high, low + 1, self.size).astype(np.intp)
        length = int((high - low).max()) if self.windowed else self.size
        return Span(np.minimum(low, self.size - length), length, low, high)

    def _cut(self, height: int, width: int) -> tuple[Floats, NDArray[np.uint8]]:
        """Views indexed by (image, top, left) that show a window of the given size."""
        count, steps = len(self.parts), (self.size - height + 1, self.size - width + 1)
        image, channel, row, column = self.colours.strides
        colours = as_strided(
            self.colours,
            (count, *steps, 3, height, width),
            (image, row, column, channel, row, column),
        )
        image, row, column = self.parts.strides
        parts = as_strided(
            self.parts, (count, *steps, height, width), (image, row, column, row, column)
        )
        return colours, parts
