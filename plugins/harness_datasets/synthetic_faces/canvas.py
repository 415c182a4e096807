"""The images being painted, layer by layer, each layer only inside its own window.

A layer's window has one size for all images of the batch and a place of its own in
each. A pixel's value depends on its coordinates alone, hence never on the window.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from harness_datasets.synthetic_faces.draws import Floats
from harness_datasets.synthetic_faces.frame import Frame


class Window:
    """A cut-out of every image, with the coordinates of its pixels in a frame."""

    def __init__(self, colours: Floats, parts: NDArray[np.uint8], u: Floats, v: Floats, sharpness: Floats) -> None:
        #: what is painted so far, `[N, 3, h, w]` in [0, 1]
        self.colours = colours
        #: labels so far, `[N, h, w]`
        self.parts = parts
        #: local coordinates of the pixel centres, `[N, h, w]`
        self.u, self.v = u, v
        #: pixels per unit of v, `[N, 1, 1]`
        self.sharpness = sharpness

    def coverage(self, distance: Floats) -> Floats:
        """Share of each pixel inside a shape of this signed distance."""
        cover = distance * -self.sharpness
        cover += 0.5
        return np.clip(cover, 0, 1, out=cover)

    def paint(self, cover: Floats, colour: Floats, part: int | None = None) -> None:
        """Lay a colour (`[N, 3, 1, 1]` or `[N, 3, h, w]`) over the pixels and label them."""
        change = colour - self.colours
        change *= cover[:, None]
        self.colours += change
        if part is not None:
            np.copyto(self.parts, np.uint8(part), where=cover >= 0.5)

    def shade(self, factor: Floats) -> None:
        """Multiply the pixels by a brightness factor `[N, h, w]`."""
        self.colours *= factor[:, None]


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
        self, frame: Frame, u: tuple, v: tuple, rows: NDArray[np.intp] | None = None
    ) -> Iterator[Window]:
        """Open the window that holds the local rectangle `u` x `v` of every image (or of `rows`)."""
        rows = np.arange(len(self.parts)) if rows is None else rows
        left, width = self._span(frame.x, frame.cosine * frame.squeeze, -frame.sine, frame.scale, u, v)
        top, height = self._span(frame.y, frame.sine * frame.squeeze, frame.cosine, frame.scale, u, v)
        place = (rows, top, left)
        colours, parts = self._cut(height, width)
        x = self.axis[left[:, None] + np.arange(width)][:, None, :]
        y = self.axis[top[:, None] + np.arange(height)][:, :, None]
        local_u, local_v = frame.to_local(x, y)
        window = Window(
            colours[place], parts[place], local_u, local_v, frame.scale * np.float32(self.size / 2)
        )
        yield window
        colours[place] = window.colours
        parts[place] = window.parts

    def _span(
        self, origin: Floats, along_u: Floats, along_v: Floats, scale: Floats, u: tuple, v: tuple
    ) -> tuple[NDArray[np.intp], int]:
        """First pixel in every image, and common length, of a window along one image axis."""
        if not self.windowed:
            return np.zeros(len(origin), np.intp), self.size
        ends = [(scale * (along_u * a + along_v * b)).reshape(-1) for a in u for b in v]
        half = self.size / 2
        low = (np.minimum.reduce(ends) + origin.reshape(-1) + 1) * half - 1
        high = (np.maximum.reduce(ends) + origin.reshape(-1) + 1) * half + 1
        low = np.clip(np.floor(low), 0, self.size - 1)
        high = np.clip(np.ceil(high), low + 1, self.size)
        length = int((high - low).max())
        return np.minimum(low, self.size - length).astype(np.intp), length

    def _cut(self, height: int, width: int) -> tuple[Floats, NDArray[np.uint8]]:
        """Views indexed by (image, top, left) that show a window of the given size."""
        count, steps = len(self.parts), (self.size - height + 1, self.size - width + 1)
        image, channel, row, column = self.colours.strides
        colours = as_strided(
            self.colours, (count, *steps, 3, height, width), (image, row, column, channel, row, column)
        )
        image, row, column = self.parts.strides
        parts = as_strided(
            self.parts, (count, *steps, height, width), (image, row, column, row, column)
        )
        return colours, parts
