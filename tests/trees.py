"""Small data sets in official layouts, drawn by code, for tests of readers and of whole runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

LANDMARK_HEADER = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
)

#: A face's five landmarks as shares of its box: eyes, nose tip, mouth corners.
FACE = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]])


def shared_data(name: str) -> Path:
    """The folder of a real data set beside the checkout; the test is skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data" / name
    if not folder.is_dir():
        pytest.skip(f"the folder shared/data/{name} is not beside the checkout")
    return folder


def dotted_photo(
    size: tuple[int, int], points: Sequence[Sequence[float]] = (), *, seed: int = 0
) -> Image.Image:
    """A dark photo of one colour with a white disc around every point (pixels, x and y)."""
    tint = np.random.default_rng(seed).integers(0, 60, 3)
    width, height = size
    pixels = np.broadcast_to(tint, (height, width, 3)).astype(float)
    radius = max(size) / 20
    for x, y in points:
        across, down = np.arange(width) + 0.5 - x, np.arange(height)[:, None] + 0.5 - y
        cover = np.clip(radius + 0.5 - np.hypot(across, down), 0, 1)[..., None]
        pixels = pixels + cover * (255 - pixels)
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_files(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a folder, making their folders; the folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def write_zip(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write a zip without compression; its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_photo_folder(root: Path, count: int, *, labelled: bool = True, size: int = 40) -> Path:
    """Photos of different shapes, with two landmarks each in `landmarks.csv` where wanted."""
    lines = ["file,x0,y0,x1,y1"]
    for number in range(count):
        width, height = size + 7 * (number % 3), size + 5 * (number % 4)
        points = [(0.3 * width, 0.4 * height), (0.7 * width, 0.5 * height)]
        photo = dotted_photo((width, height), points, seed=number)
        write_files(root, {f"photo-{number:03d}.png": encoded(photo)})
        numbers = ",".join(f"{value:.2f}" for point in points for value in point)
        lines.append(f"photo-{number:03d}.png,{numbers}")
    if labelled:
        write_files(root, {"landmarks.csv": "\n".join(lines) + "\n"})
    return root


def make_celeba_tree(root: Path, count: int) -> Path:
    """CelebA in its official layout, wild and aligned, with the MAFL lists; the folder `celeba`.

    Image i (from 1) is in MAFL test where i % 5 == 0 and in MAFL training where i % 5 is 1 or 2.
    The first 80 % are the train partition, then 10 % val and 10 % test. The face box covers half of
    a wild photo, but a tenth where i % 7 == 0. List_imsize is not written.
    """
    base = root / "celeba"
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    wild, aligned, boxes, attributes, partition = [], [], [], [], []
    for number, name in enumerate(names, start=1):
        size = (90 + 10 * (number % 5), 80 + 10 * (number % 7))
        box = _face_box(size, 0.1 if number % 7 == 0 else 0.5)
        wild.append(_write_face(base / "Img/img_celeba" / name, size, box, number))
        boxes.append(f"{name} {' '.join(str(value) for value in box)}")
        shift = number % 9 - 4
        inner = (39 + shift, 69, 100, 100)
        path = base / "Img/img_align_celeba" / name
        aligned.append(_write_face(path, (178, 218), inner, number))
        signs = [1 if (number >> bit) & 1 else -1 for bit in range(3)]
        attributes.append(f"{name} {' '.join(f'{sign:2d}' for sign in signs)}")
        partition.append(
            f"{name} {0 if number <= 0.8 * count else 1 if number <= 0.9 * count else 2}"
        )
    write_files(
        base,
        {
            "Anno/list_landmarks_celeba.txt": _list(count, LANDMARK_HEADER, wild),
            "Anno/list_landmarks_align_celeba.txt": _list(count, LANDMARK_HEADER, aligned),
            "Anno/list_bbox_celeba.txt": _list(count, "image_id x_1 y_1 width height", boxes),
            "Anno/list_attr_celeba.txt": _list(count, "Bald Smiling Young ", attributes),
            "Eval/list_eval_partition.txt": "\n".join(partition) + "\n",
            "MAFL/training.txt": "\n".join(n for n in names if int(n[:6]) % 5 in (1, 2)),
            "MAFL/testing.txt": "\n".join(n for n in names if int(n[:6]) % 5 == 0),
        },
    )
    return base


def _list(count: int, header: str, rows: Sequence[str]) -> str:
    return f"{count}\n{header}\n" + "\n".join(rows) + "\n"


def _face_box(size: tuple[int, int], share: float) -> tuple[int, int, int, int]:
    """A centred box (x, y, width, height) of this share of the photo's area."""
    width, height = (round(side * share**0.5) for side in size)
    return (size[0] - width) // 2, (size[1] - height) // 2, width, height


def _write_face(
    path: Path, size: tuple[int, int], box: tuple[int, int, int, int], number: int
) -> str:
    """Write a photo with dots at its landmarks; the row of the landmark list."""
    points = np.rint(np.array(box[:2]) + FACE * box[2:]).astype(int)
    image = dotted_photo(size, points, seed=number)
    write_files(path.parent, {path.name: encoded(image, "JPEG", quality=95)})
    return f"{path.name} " + " ".join(f"{value:4d}" for value in points.ravel())
