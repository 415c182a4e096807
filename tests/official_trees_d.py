"""Small trees of CUB, Oxford Flowers, Taichi-HD, AwA2 and SVHN in their layouts, drawn by code."""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - writes the small copy of a file that is a pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat
from trees import dotted_photo, encoded, write_files

#: Fifteen landmarks of a bird as shares of its photo, one a row of dots.
BIRD = np.array([(0.15 + 0.175 * (n % 5), 0.3 + 0.2 * (n // 5)) for n in range(15)])

#: Eighteen joints of a person in a frame of 256 x 256, in whole pixels.
PERSON = np.array([(40 + 35 * (n % 6), 60 + 60 * (n // 6)) for n in range(18)])

#: The official script's numbers of a list's codes.
REDO_CODES = (0, 0, 0, 0, 0, 0, 0, 1, 2, 2)


def make_cub_tree(root: Path, count: int = 20) -> Path:
    """Birds in two classes with masks beside the folder; the folder `CUB_200_2011`.

    Photo i, from 1, is officially a training photo where i is odd; landmark 3 of it (from 0) is
    hidden where i % 4 == 0. The mask is the left half: 200 of 255, and 100 in the third quarter.
    """
    base = root / "CUB_200_2011"
    paths, official, redo, points = [], [], [], []
    for number in range(1, count + 1):
        kind = ("001.Black_footed_Albatross", "002.Laysan_Albatross")[number % 2]
        size = (100 + 20 * (number % 3), 120 - 20 * (number % 2))
        name = f"{kind}/Bird_{number:04d}"
        at = np.round(BIRD * size, 1)
        photo = encoded(dotted_photo(size, at, seed=number), "JPEG", quality=95)
        mask = encoded(half_mask(size), "PNG")
        write_files(
            root, {f"CUB_200_2011/images/{name}.jpg": photo, f"segmentations/{name}.png": mask}
        )
        paths.append(f"{number} {name}.jpg")
        official.append(f"{number} {number % 2}")
        redo.append(f"{number} {REDO_CODES[(number - 1) % 10]}")
        for part, (x, y) in enumerate(at, start=1):
            hidden = part == 4 and number % 4 == 0
            row = "0.0 0.0 0" if hidden else f"{x} {y} 1"
            points.append(f"{number} {part} {row}")
    texts = {
        "images.txt": paths,
        "train_test_split.txt": official,
        "train_val_test_split.txt": redo,
        "parts/part_locs.txt": points,
    }
    return write_files(base, {name: "\n".join(rows) + "\n" for name, rows in texts.items()})


def half_mask(size: tuple[int, int]) -> Image.Image:
    """A grey mask: 200 in the left half, 100 in the next quarter, else 0."""
    width, height = size
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, : width // 2] = 200
    pixels[:, width // 2 : 3 * width // 4] = 100
    return Image.fromarray(pixels)


def make_flowers_tree(
    root: Path, train: int = 5, val: int = 4, test: int = 9, *, arrays: dict[str, Any] | None = None
) -> Path:
    """Flowers on brown, numbered at random over the splits; the folder `flowers_102`.

    The flower is the upper half of photo and mask, the mask's lower half is blue.
    """
    base = root / "flowers_102"
    order = 1 + np.random.default_rng(3).permutation(train + val + test)
    for number in order:
        width, height = 160 + 16 * (int(number) % 3), 128
        photo = np.full((height, width, 3), (120, 80, 40), np.uint8)
        photo[: height // 2] = (200, 40 + 6 * int(number), 90)
        painted = photo.copy()
        painted[height // 2 :] = (0, 0, 254)
        files = {f"jpg/image_{number:05d}.jpg": photo, f"segmim/segmim_{number:05d}.jpg": painted}
        write_files(
            base,
            {
                name: encoded(Image.fromarray(pixels), "JPEG", quality=98, subsampling=0)
                for name, pixels in files.items()
            },
        )
    first, second = train, train + val
    listed = {"trnid": order[:first], "valid": order[first:second], "tstid": order[second:]}
    savemat(
        base / "setid.mat", {k: v[None].astype(np.uint16) for k, v in (arrays or listed).items()}
    )
    return base


def make_taichi_tree(root: Path, *, train: int = 6, test: int = 4, frames: int = 5) -> Path:
    """Three clips of so many frames, labelled images and masks; the folder `taichi`.

    In row i the person stands i pixels to the right of `PERSON`; joint 4 is missing where i % 3
    is 1. Frames of a clip are numbered from 8 on without leading zeros. A mask is white in the
    left half, 200 in the third quarter, else black.
    """
    base = root / "taichi"
    for clip in range(3):
        for frame in range(8, 8 + frames):
            photo = dotted_photo((64, 64), [(20 + frame, 30)], seed=clip)
            write_files(
                base / f"train/clip{clip}#00{clip}#100.mp4", {f"{frame}.png": encoded(photo)}
            )
    for split, count in (("train", train), ("test", test)):
        names, values = [], []
        for row in range(count):
            names.append(f"{(7 * row) % count:05d}.png")
            points = PERSON + np.array([row, 0])
            photo = dotted_photo((256, 256), points + 0.5, seed=row + 100 * (split == "test"))
            points[4] = (-1, -1) if row % 3 == 1 else points[4]
            values.append(points)
            write_files(base / f"eval_images/taichi-256/{split}", {names[-1]: encoded(photo)})
            if split == "test":
                write_files(base / "taichi-test-masks", {names[-1]: encoded(bright_mask(256))})
        write_files(base, {f"landmarks/taichi_{split}_gt.pkl": pickled_table(names, values)})
    return base


def bright_mask(side: int) -> Image.Image:
    """A grey mask: white in the left half, 200 in the next quarter, else 0."""
    pixels = np.zeros((side, side), np.uint8)
    pixels[:, : side // 2] = 255
    pixels[:, side // 2 : 3 * side // 4] = 200
    return Image.fromarray(pixels)


def pickled_table(names: Sequence[Any], values: Sequence[Any]) -> bytes:
    """A table of `file_name`, `frame_number` and `value` as the pandas of its time pickled it."""
    count = len(names)
    objects = np.empty((2, count), object)
    objects[0], objects[1] = list(names), [None] * count
    for row, value in enumerate(values):
        objects[1, row] = np.asarray(value)
    frames = np.zeros((1, count), np.int64)
    labels = np.array(["file_name", "frame_number", "value"], object)
    axes = [
        _Made("pandas.core.indexes.base", "Index", {"name": None, "data": labels}),
        _Made(
            "pandas.core.indexes.range",
            "RangeIndex",
            {"name": None, "start": 0, "step": 1, "stop": count},
        ),
    ]
    blocks = [
        {"values": frames, "mgr_locs": slice(1, 2, 1)},
        {"values": objects, "mgr_locs": slice(0, 4, 2)},
    ]
    older = [block["values"] for block in blocks]
    state = (
        axes,
        older,
        [labels[[1]], labels[[0, 2]]],
        {"0.14.1": {"axes": axes, "blocks": blocks}},
    )
    manager = _Held("pandas.core.internals", "BlockManager", state)
    frame = _Held("pandas.core.frame", "DataFrame", {"_data": manager, "_typ": "dataframe"})
    buffer = io.BytesIO()
    _Writer(buffer, protocol=4).dump(frame)
    return buffer.getvalue()


class _Named:
    """A global that need not exist."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Held:
    """An object made without arguments, with a state."""

    def __init__(self, module: str, name: str, state: Any) -> None:
        self.kind, self.state = _Named(module, name), state


class _Made:
    """An index, made by pandas' function from its kind and its data."""

    def __init__(self, module: str, name: str, data: dict[str, Any]) -> None:
        self.kind, self.data = _Named(module, name), data


class _Writer(pickle._Pickler):
    """Writes `_Named` as what it names, and NumPy's function under its old name."""

    def save(self, obj: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(obj, _Named):
            self._name(obj)
        elif isinstance(obj, _Held):
            self._name(obj.kind)
            super().save(())
            self.write(pickle.NEWOBJ)
            super().save(obj.state)
            self.write(pickle.BUILD)
        elif isinstance(obj, _Made):
            self._name(_Named("pandas.core.indexes.base", "_new_Index"))
            super().save((obj.kind, obj.data))
            self.write(pickle.REDUCE)
        elif getattr(obj, "__name__", "") == "_reconstruct":
            self._name(_Named("numpy.core.multiarray", "_reconstruct"))
        else:
            super().save(obj, *args, **kwargs)

    def _name(self, named: _Named) -> None:
        super().save(named.module)
        super().save(named.name)
        self.write(pickle.STACK_GLOBAL)


def make_awa_tree(root: Path, each: int = 4) -> Path:
    """Six classes of so many photos; the folder `Animals_with_Attributes2`.

    A photo has a dot near its upper left corner.
    """
    base = root / "Animals_with_Attributes2"
    for kind in ("antelope", "deer", "moose", "horse", "zebra", "walrus"):
        for number in range(each):
            photo = dotted_photo((120, 80 + 10 * number), [(20, 20)], seed=number)
            name = f"JPEGImages/{kind}/{kind}_{10001 + number}.jpg"
            write_files(base, {name: encoded(photo, "JPEG", quality=95)})
    return base


def make_svhn_tree(root: Path, train: int = 25, test: int = 12, extra: int = 0) -> Path:
    """Images with a bright bar at ten columns from the digit's number; the folder `svhn`.

    Digits run 1, 2, ..., 9, 0, 1, ...; image i has 5 + i of 255 in its blue channel.
    """
    base = root / "svhn"
    base.mkdir(parents=True)
    for split, count in (("train", train), ("test", test), ("extra", extra)):
        if count:
            savemat(base / f"{split}_32x32.mat", svhn_arrays(count), do_compression=True)
    return base


def svhn_arrays(count: int) -> dict[str, np.ndarray]:
    """The variables of a file of so many images."""
    labels = 1 + np.arange(count) % 10
    pixels = np.zeros((32, 32, 3, count), np.uint8)
    for row, label in enumerate(labels):
        pixels[4:28, 10 + label % 10, 0, row] = 255
        pixels[:, :, 2, row] = 5 + row
    return {"X": pixels, "y": labels[:, None].astype(np.uint8)}
