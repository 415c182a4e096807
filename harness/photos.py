"""A fitted method on photos of any size: keypoints in COCO's form, part masks, overlays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from harness.errors import DataError, UserError
from harness.figures import draw_keypoints, draw_parts, palette, save_picture
from harness.files import write_text
from harness.vision.letterbox import Box, letterbox
from harness.vision.photo import decode_photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.contract.arrays import Predicted

#: Files of a folder that are taken for photos.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
#: Photos held in memory at once.
BATCH = 16
#: Least side in pixels of the square a photo is padded to; soft masks are enlarged to it before
#: the parts are read off, so that their borders are finer than the method's own pixels.
SQUARE = 256
_UNITS = (
    "x and y in pixels of the photo from its top left corner, the centre of pixel i at i + 0.5; "
    "visibility 2 found, 1 found outside of the photo, 0 not found"
)


class Predictor(Protocol):
    """What is needed of a fitted method, see `harness.saved.Fitted`."""

    @property
    def image_size(self) -> int:
        """Side in pixels the method works at."""

    def predict(self, images: NDArray[np.uint8]) -> Predicted:
        """Everything the method says about images `uint8 [N, 3, S, S]`."""


@dataclass
class Photographed:
    """What was written.

    Attributes:
        keypoints: path of the COCO JSON; `None` when the method finds no points.
        masks: paths of the part masks, PNG with a palette, pixel value = part, 0 = background.
        overlays: paths of the pictures with parts and points drawn.
        skipped: one sentence for each broken photo.
    """

    keypoints: Path | None = None
    masks: list[Path] = field(default_factory=list)
    overlays: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Photo:
    file: Path
    name: str
    picture: NDArray[np.uint8]
    square: NDArray[np.uint8]
    box: Box


def find_photos(paths: Sequence[Path]) -> list[Path]:
    """Files as they stand, and all photos below folders, sorted.

    Raises:
        DataError: a path does not exist, or a folder holds no photo.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
            if not inside:
                listed = ", ".join(sorted(SUFFIXES))
                raise DataError(f"{path}: no photo in this folder; expected files {listed}.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise DataError(f"{path}: no such file or folder.")
    return list(dict.fromkeys(found))


def open_photo(file: Path) -> Image.Image:
    """An image file as an 8-bit RGB picture, upright.

    Raises:
        DataError: the file is missing, broken or no image.
    """
    try:
        return decode_photo(file.read_bytes(), str(file))
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}.") from None


def photo_square(picture: Image.Image, image_size: int) -> NDArray[np.uint8]:
    """A photo as methods see it when it is drawn again: in a square, its shape kept.

    Args:
        picture: an RGB picture.
        image_size: side in pixels the method works at.

    Returns:
        `uint8 [3, S, S]`, S the image size or `SQUARE`, whichever is larger.
    """
    return letterbox(picture, max(SQUARE, image_size))[0].transpose(2, 0, 1)


def predict_photos(
    fitted: Predictor, photos: Sequence[Path], out: Path, *, skip_broken: bool = False
) -> Photographed:
    """Keypoints, masks and overlays of photos, all in the photos' own pixels.

    A photo keeps its shape: it is padded to a square for the method, and what the method says is
    mapped back.

    Args:
        fitted: the method.
        photos: image files.
        out: folder for `keypoints.json`, `masks/` and `overlays/`.
        skip_broken: go on past files that are no image.

    Raises:
        DataError: a photo is broken and must not be skipped.
        UserError: the method finds neither keypoints nor parts.
        RunError: a file cannot be written.
    """
    written = Photographed()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    count = 0
    side = max(SQUARE, fitted.image_size)
    readable = _read(photos, side, written.skipped if skip_broken else None)
    while batch := list(islice(readable, BATCH)):
        stack = np.stack([photo.square.transpose(2, 0, 1) for photo in batch])
        points, labels = _found(fitted.predict(stack))
        for index, photo in enumerate(batch):
            mine = None if points is None else photo.box.to_photo(points[index])
            parts = None if labels is None else photo.box.mask_to_photo(labels[index])
            _draw(photo, mine, parts, out, written)
            images.append(_image(len(images) + 1, photo))
            if mine is not None:
                count = len(mine)
                annotations.append(_annotation(len(images), mine, photo.box))
    if annotations:
        written.keypoints = out / "keypoints.json"
        write_text(written.keypoints, json.dumps(_coco(images, annotations, count), indent=1))
    return written


def _found(
    predicted: Predicted,
) -> tuple[NDArray[np.floating] | None, NDArray[np.integer] | None]:
    """Points and part labels, as far as the method finds any."""
    points = predicted.keypoints if predicted.keypoints is not None else predicted.landmarks
    if points is None and predicted.part_labels is None:
        raise UserError("This method finds neither keypoints nor parts.")
    return points, predicted.part_labels


def _read(photos: Iterable[Path], size: int, skipped: list[str] | None) -> Iterator[_Photo]:
    names: dict[str, int] = {}
    for file in photos:
        try:
            picture = open_photo(file)
        except DataError as error:
            if skipped is None:
                raise DataError(f"{error} Pass --skip-broken to go on without it.") from None
            skipped.append(str(error))
            continue
        square, box = letterbox(picture, size)
        names[file.stem] = names.get(file.stem, 0) + 1
        times = names[file.stem]
        name = file.stem if times == 1 else f"{file.stem}-{times}"
        yield _Photo(file, name, np.array(picture), square, box)


def _draw(
    photo: _Photo,
    points: NDArray[np.floating] | None,
    parts: NDArray[np.integer] | None,
    out: Path,
    written: Photographed,
) -> None:
    overlay = photo.picture
    if parts is not None:
        overlay = draw_parts(overlay, parts)
        mask = Image.fromarray(parts.astype(np.uint8))
        mask.putpalette([0, 0, 0, *(value for colour in palette(255) for value in colour)])
        written.masks.append(save_picture(mask, out / "masks" / f"{photo.name}.png"))
    if points is not None:
        overlay = draw_keypoints(overlay, points)
    picture = Image.fromarray(overlay)
    written.overlays.append(save_picture(picture, out / "overlays" / f"{photo.name}.png"))


def _image(number: int, photo: _Photo) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": photo.file.name,
        "width": photo.box.width,
        "height": photo.box.height,
    }


def _annotation(number: int, points: NDArray[np.floating], box: Box) -> dict[str, Any]:
    """One COCO annotation; the box around the points that were found stands for the object."""
    flat: list[float | int] = []
    found = np.isfinite(points).all(axis=1)
    inside = found & (points >= 0).all(axis=1) & (points <= 1).all(axis=1)
    pixels = points * (box.width, box.height)
    for (x, y), seen, within in zip(pixels, found, inside, strict=True):
        flat += [round(float(x), 3), round(float(y), 3), 2 if within else 1] if seen else [0, 0, 0]
    bounds = [0.0, 0.0, 0.0, 0.0]
    if found.any():
        low, high = pixels[found].min(axis=0), pixels[found].max(axis=0)
        bounds = [round(float(value), 3) for value in (*low, *(high - low))]
    return {
        "id": number,
        "image_id": number,
        "category_id": 1,
        "keypoints": flat,
        "num_keypoints": int(found.sum()),
        "bbox": bounds,
        "area": round(bounds[2] * bounds[3], 3),
        "iscrowd": 0,
    }


def _coco(
    images: list[dict[str, Any]], annotations: list[dict[str, Any]], count: int
) -> dict[str, Any]:
    names = [f"keypoint_{index}" for index in range(count)]
    category = {"id": 1, "name": "object", "keypoints": names, "skeleton": []}
    return {
        "info": {"description": _UNITS},
        "images": images,
        "annotations": annotations,
        "categories": [category],
    }
