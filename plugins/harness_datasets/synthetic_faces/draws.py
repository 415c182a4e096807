"""Random numbers that depend on (seed, difficulty, index, name) and on nothing else.

A counter-based generator: every number is the hash of its own address, so that a
face is the same whatever batch, order or thread draws it. The hash is the output
function of SplitMix64 (Steele, Lea and Flood, 2014).
"""

from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

#: float32 everywhere; numpy's type stubs lose the width when a Python number joins in
Floats = NDArray[np.floating[Any]]

#: what broadcasts against `[N, ...]`
Number = Floats | np.floating[Any] | float

Shape = tuple[int, ...]
Range = tuple[float, float]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


class Draws:
    """One stream of random numbers per face."""

    def __init__(self, indices: NDArray[np.uint64], *, seed: int, name: str) -> None:
        """Open the stream `name` of every face.

        Args:
            indices: numbers of the faces, `[N]`.
            seed: any integer; only its lowest 64 bits count.
            name: what is drawn; streams of different names are independent.
        """
        salt = np.array([(seed + (crc32(name.encode()) << 32)) & _MASK], np.uint64)
        self._keys = _mixed(_mixed(salt) + (indices + np.uint64(1)) * _GOLDEN)
        self._used = 0

    def uniform(self, low: Number = 0.0, high: Number = 1.0, shape: Shape = (1, 1)) -> Floats:
        """Draw from [low, high), `[N, *shape]`; the bounds broadcast against that shape."""
        count = int(np.prod(shape))
        counters = np.arange(self._used + 1, self._used + count + 1, dtype=np.uint64) * _GOLDEN
        self._used += count
        words = _mixed(self._keys[:, None] + counters)
        unit = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        return (low + (high - low) * unit.reshape(-1, *shape)).astype(np.float32)

    def chance(self, probability: Number) -> NDArray[np.bool_]:
        """Draw one truth value per face, `[N]`, true with `probability` (a number or `[N]`)."""
        return self.uniform(shape=()) < np.asarray(probability, np.float32)

    def colour(self, hue: Range, saturation: Range, value: Range) -> Floats:
        """Draw an RGB colour in [0, 1] from a box in HSV space, `[N, 3, 1, 1]`."""
        hue_drawn = self.uniform(*hue, shape=(1, 1, 1))
        saturation_drawn = self.uniform(*saturation, shape=(1, 1, 1))
        value_drawn = self.uniform(*value, shape=(1, 1, 1))
        offsets = np.array([0.0, 2 / 3, 1 / 3], np.float32).reshape(3, 1, 1)
        turns = hue_drawn + offsets
        ramp: Floats = np.clip(np.abs((turns - np.floor(turns)) * 6 - 3) - 1, 0, 1)
        return value_drawn * (1 - saturation_drawn + saturation_drawn * ramp)


def chosen(flags: NDArray[np.bool_], yes: Number, no: Number) -> Floats:
    """`yes` where a face's flag `[N]` is set, else `no`; at least one is `[N, ...]`."""
    ndim = max(np.ndim(yes), np.ndim(no))
    flags = flags.reshape(-1, *[1] * (ndim - 1))
    first, second = np.asarray(yes, np.float32), np.asarray(no, np.float32)
    return np.where(flags, first, second)
