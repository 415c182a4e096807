"""`render_faces`: images, landmarks, parts, attributes and captions of numbered faces.

A face depends on (seed, difficulty, index) alone: not on the batch, its order, the
number of threads or the machine, and its geometry not on the image size.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.synthetic_faces.anatomy import (
    ATTRIBUTE_NAMES,
    DIFFICULTIES,
    Person,
    draw_person,
)
from harness_datasets.synthetic_faces.background import Background
from harness_datasets.synthetic_faces.body import Body
from harness_datasets.synthetic_faces.canvas import Canvas
from harness_datasets.synthetic_faces.captions import captions_of
from harness_datasets.synthetic_faces.draws import Draws, Floats
from harness_datasets.synthetic_faces.features import Eyes, Mouth, Nose
from harness_datasets.synthetic_faces.frame import take
from harness_datasets.synthetic_faces.hair import Hair
from harness_datasets.synthetic_faces.head import Head
from harness_datasets.synthetic_faces.parts import PART_NAMES
from harness_datasets.synthetic_faces.wearables import Glasses, Hat

__all__ = [
    "ATTRIBUTE_NAMES",
    "DIFFICULTIES",
    "LANDMARK_NAMES",
    "PART_NAMES",
    "RENDERER_VERSION",
    "Faces",
    "render_faces",
    "render_split",
]

#: raised whenever a face of some (seed, difficulty, index) changes
RENDERER_VERSION = 2

#: "left" and "right" are the image's
LANDMARK_NAMES = ("left eye", "right eye", "nose tip", "left mouth corner", "right mouth corner")

#: pixels painted at a time: fewer cost more calls, more leave the processor's caches
CHUNK_PIXELS = 1 << 18

#: faces a thread of `render_split` takes at a time
BLOCK = 512


@dataclass(frozen=True)
class Faces:
    """Rendered faces; all arrays have the same length N."""

    #: RGB, uint8 `[N, size, size, 3]`
    images: NDArray[np.uint8]
    #: (x, y) as fractions of width and height, float32 `[N, 5, 2]`, in the order of LANDMARK_NAMES
    landmarks: Floats
    #: positions in PART_NAMES, uint8 `[N, size, size]`
    parts: NDArray[np.uint8]
    #: 0 or 1, float32 `[N, 10]`, in the order of ATTRIBUTE_NAMES
    attributes: Floats
    captions: list[str]

    @property
    def foreground(self) -> NDArray[np.bool_]:
        """All but the background, bool `[N, size, size]`."""
        return np.greater(self.parts, 0)

    def __len__(self) -> int:
        return len(self.images)


def render_faces(
    indices: Sequence[int] | NDArray[np.integer],
    *,
    seed: int,
    size: int,
    difficulty: str,
    fixed: Mapping[str, bool] | None = None,
    windowed: bool = True,
) -> Faces:
    """Render the faces of these numbers.

    Args:
        indices: numbers of the faces, not negative, in any order.
        seed: which endless series of faces.
        size: side of the images in pixels.
        difficulty: `aligned`, `mid` or `wild`: how much heads move.
        fixed: attributes to force on every face, all else staying the same.
        windowed: False paints each layer over the whole image: same bytes, slower.

    Raises:
        DataError: the difficulty or a fixed attribute is unknown, or an index is negative.
    """
    numbers = _checked(indices, size, difficulty, fixed or {})
    everyone = draw_person(numbers, seed, difficulty, fixed or {})
    flags = [everyone.attributes[name] for name in ATTRIBUTE_NAMES]
    faces = Faces(
        images=np.empty((len(numbers), size, size, 3), np.uint8),
        landmarks=np.empty((len(numbers), len(LANDMARK_NAMES), 2), np.float32),
        parts=np.empty((len(numbers), size, size), np.uint8),
        attributes=np.stack(flags, axis=1).astype(np.float32),
        captions=captions_of(everyone.attributes),
    )
    chunk = max(1, CHUNK_PIXELS // (size * size))
    order = np.argsort(everyone.head.scale.reshape(-1))  # heads of like size share small windows
    for start in range(0, len(numbers), chunk):
        rows = order[start : start + chunk]
        canvas = Canvas(len(rows), size, windowed=windowed)
        faces.landmarks[rows] = _paint(
            canvas, take(everyone, rows), numbers[rows], seed, difficulty
        )
        faces.images[rows] = canvas.images()
        faces.parts[rows] = canvas.parts
    return faces


def render_split(
    count: int, *, seed: int, size: int, difficulty: str, start: int = 0, workers: int = 2
) -> Faces:
    """Render faces `start` to `start + count` in several threads; arguments as `render_faces`."""
    blocks = np.array_split(np.arange(start, start + count), max(workers, count // BLOCK))

    def render(block: NDArray[np.integer]) -> Faces:
        return render_faces(block, seed=seed, size=size, difficulty=difficulty)

    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(render, blocks))
    return Faces(
        images=np.concatenate([faces.images for faces in done]),
        landmarks=np.concatenate([faces.landmarks for faces in done]),
        parts=np.concatenate([faces.parts for faces in done]),
        attributes=np.concatenate([faces.attributes for faces in done]),
        captions=[caption for faces in done for caption in faces.captions],
    )


def _paint(
    canvas: Canvas, person: Person, numbers: NDArray[np.uint64], seed: int, difficulty: str
) -> Floats:
    """Paint all layers from back to front and return the landmarks `[N, 5, 2]`."""

    def draws(name: str) -> Draws:
        return Draws(numbers, seed=seed, name=f"{difficulty}/{name}")

    body, hair = Body.draw(draws("body"), person), Hair.draw(draws("hair"), person)
    head, eyes = Head.draw(draws("head")), Eyes.draw(draws("eyes"), person)
    nose, mouth = Nose.draw(draws("nose")), Mouth.draw(draws("mouth"), person)
    hat, glasses = Hat.draw(draws("hat"), person), Glasses.draw(draws("glasses"))

    Background.draw(draws("background")).paint(canvas)
    body.paint_clothes(canvas)
    hair.paint_back(canvas, person)
    body.paint_neck(canvas, person)
    head.paint(canvas, person)
    head.paint_beard(canvas, person)
    nose.paint(canvas, person)
    mouth.paint(canvas, person)
    eyes.paint(canvas, person)
    hair.paint_front(canvas, person)
    glasses.paint(canvas, person, eyes)
    hat.paint(canvas, person)

    left_eye, right_eye, tip = eyes.frame(person, -1), eyes.frame(person, 1), nose.frame(person)
    middle = mouth.frame(person)
    corners = [middle.to_image(side * mouth.width, 0 * mouth.width) for side in (-1, 1)]
    points = [(frame.x, frame.y) for frame in (left_eye, right_eye, tip)] + corners
    stacked = np.stack([np.concatenate(point, axis=-1)[:, 0] for point in points], axis=1)
    return (stacked + 1) / 2


def _checked(
    indices: Sequence[int] | NDArray[np.integer],
    size: int,
    difficulty: str,
    fixed: Mapping[str, bool],
) -> NDArray[np.uint64]:
    """Return the indices as uint64, or say what is wrong with the arguments."""
    if difficulty not in DIFFICULTIES:
        raise DataError(_unknown("difficulty", difficulty, DIFFICULTIES))
    for name in fixed:
        if name not in ATTRIBUTE_NAMES:
            raise DataError(_unknown("attribute", name, ATTRIBUTE_NAMES))
    numbers = np.asarray(indices, dtype=np.int64).reshape(-1)
    if len(numbers) and numbers.min() < 0:
        raise DataError(f"synthetic_faces has no face {numbers.min()}, indices start at 0.")
    if size < 8:
        raise DataError(f"synthetic_faces cannot be drawn at {size} px, the least is 8.")
    return numbers.astype(np.uint64)


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f"synthetic_faces: unknown {kind} '{name}', expected one of {', '.join(known)}."
