"""Tiny images drawn by code with every kind of label, for methods and metrics under test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract.arrays import Samples

#: Landmarks of the drawn images; as many as the largest set that a bundled metric names by number.
LANDMARKS = 32
#: Discs, which are the parts; each is bright in a colour channel of its own.
DISCS = 3
#: Attributes: whether a landmark lies right of its mean place.
ATTRIBUTES = 4
#: Radius of a disc, as a fraction of the image edge.
RADIUS = 0.13
#: Where the discs are on average.
HOMES = np.array([[0.3, 0.3], [0.7, 0.35], [0.5, 0.7]])


def drawn(count: int, size: int, seed: int) -> Samples:
    """Images of three moving discs on a grey ground.

    Args:
        count: number of images.
        size: side in pixels.
        seed: the same seed draws the same images.

    Returns:
        Samples with 32 landmarks (each moves with all and a little by itself), three parts,
        foreground, four attributes, captions, and clips of four images.
    """
    random = np.random.default_rng([seed, 17])
    centres = HOMES + random.uniform(-0.12, 0.12, (count, DISCS, 2))
    looks = random.uniform(0.6, 1.0, (count, DISCS, 1))
    ground = random.uniform(0.1, 0.3, (count, 1))
    images, parts = painted(centres, looks, ground, size)
    noise = random.integers(-6, 7, images.shape)
    homes = np.stack(np.meshgrid(np.linspace(0.2, 0.8, 8), np.linspace(0.3, 0.7, 4)), -1)
    shift = random.uniform(-0.1, 0.1, (count, 1, 2))
    moved = homes.reshape(LANDMARKS, 2) + shift
    landmarks = (moved + random.uniform(-0.05, 0.05, moved.shape)).astype(np.float32)
    right = landmarks[:, :ATTRIBUTES, 0] > homes.reshape(LANDMARKS, 2)[:ATTRIBUTES, 0]
    return Samples(
        ids=[f"drawn-{seed}-{number:03d}" for number in range(count)],
        images=np.clip(images + noise, 0, 255).astype(np.uint8),
        landmarks=landmarks,
        visible=np.ones(landmarks.shape[:2], dtype=bool),
        parts=parts,
        foreground=parts > 0,
        attributes=right.astype(np.float32),
        clips=np.arange(count, dtype=np.int64) // 4,
        captions=[f"three discs, number {number}" for number in range(count)],
    )


def painted(
    centres: NDArray[np.floating],
    looks: NDArray[np.floating],
    ground: NDArray[np.floating],
    size: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Discs on a grey ground.

    Args:
        centres: `[N, 3, 2]`, fractions.
        looks: brightness of the discs, `[N, 3, 1]` in [0, 1].
        ground: brightness of the ground, `[N, 1]` in [0, 1].
        size: side in pixels.

    Returns:
        Images `[N, 3, size, size]`, 0 to 255, and part labels `uint8 [N, size, size]`.
    """
    axis = (np.arange(size) + 0.5) / size
    shape = (len(centres), 3, size, size)
    images = np.broadcast_to(255 * ground[:, :, None, None], shape).copy()
    parts = np.zeros((len(centres), size, size), dtype=np.uint8)
    for disc in range(centres.shape[1]):
        across, down = (axis[None] - centres[:, disc, [i]] for i in (0, 1))
        inside = across[:, None, :] ** 2 + down[:, :, None] ** 2 < RADIUS**2
        colour = np.zeros((len(centres), 3))
        colour[:, disc % 3] = 255 * looks[:, disc, 0].clip(0, 1)
        images = np.where(inside[:, None], colour[:, :, None, None], images)
        parts[inside] = disc + 1
    return np.rint(images).astype(np.int64), parts


def found_discs(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where the discs are: the centre of all pixels in which a disc's channel stands out.

    Args:
        images: `uint8 [N, 3, S, S]`.

    Returns:
        Points `float32 [N, 3, 2]`, fractions; the image centre where a disc is not seen.
    """
    values = images.astype(np.float64)
    axis = (np.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    points = np.full((len(images), DISCS, 2), 0.5)
    for disc in range(DISCS):
        others = np.delete(values, disc, axis=1).max(axis=1)
        mass = (values[:, disc] - others - 40).clip(min=0)
        total = mass.sum(axis=(1, 2))
        seen = total > 0
        points[seen, disc, 0] = (mass.sum(axis=1) @ axis)[seen] / total[seen]
        points[seen, disc, 1] = (mass.sum(axis=2) @ axis)[seen] / total[seen]
    return points.astype(np.float32)
