"""Small trees in the official layouts of CelebA-HQ, FFHQ, LSUN bedroom and Oxford flowers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import lmdb
import numpy as np
from PIL import Image
from scipy.io import savemat
from trees import encoded, write_files


def ramp(width: int, height: int, number: int) -> Image.Image:
    """A photo whose colours tell where a pixel is: red across, green down; blue is the number's."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.rint(255 * (np.arange(width) + 0.5) / width)
    pixels[..., 1] = np.rint(255 * (np.arange(height) + 0.5) / height)[:, None]
    pixels[..., 2] = 40 * number % 251
    return Image.fromarray(pixels)


def make_celeba_hq_tree(root: Path, count: int = 12, side: int = 64) -> Path:
    """The folder of images inside CelebAMask-HQ, with a mask beside it; the folder of the set."""
    base = root / "CelebAMask-HQ"
    files: dict[str, bytes | str] = {
        f"CelebA-HQ-img/{number}.jpg": encoded(ramp(side, side, number), "JPEG", quality=95)
        for number in range(count)
    }
    mask = encoded(Image.new("L", (side // 2, side // 2)), "PNG")
    return write_files(base, {**files, "CelebAMask-HQ-mask-anno/0/00000_skin.png": mask})


def hq_signs(number: int) -> list[int]:
    """The four attributes of image `number` as the lists write them, -1 or 1."""
    return [1 if number >> bit & 1 else -1 for bit in range(4)]


def write_hq_attributes(base: Path, count: int = 12) -> Path:
    """The release's own list of attributes; its path."""
    rows = [f"{number}.jpg  {' '.join(map(str, hq_signs(number)))}" for number in range(count)]
    text = "\n".join([str(count), "Bald Black_Hair Male Smiling ", *rows]) + "\n"
    write_files(base, {"CelebAMask-HQ-attribute-anno.txt": text})
    return base / "CelebAMask-HQ-attribute-anno.txt"


def write_hq_mapping(base: Path, celeba: Path, count: int = 12) -> Path:
    """The release's mapping, in reverse order, and CelebA's list for it; the mapping's path."""
    others = [100 + count - number for number in range(count)]
    rows = [
        f"{number:<8}    {other - 1:<8}    {other:06d}.jpg" for number, other in enumerate(others)
    ]
    write_files(
        base,
        {
            "CelebA-HQ-to-CelebA-mapping.txt": "\n".join(
                ["idx         orig_idx    orig_file   ", *rows, ""]
            )
        },
    )
    listed = [
        f"{other:06d}.jpg {' '.join(f'{sign:2d}' for sign in hq_signs(number))}"
        for number, other in reversed(list(enumerate(others)))
    ]
    text = "\n".join([str(count), "Bald Black_Hair Male Smiling ", *listed]) + "\n"
    write_files(celeba, {"Anno/list_attr_celeba.txt": text})
    return base / "CelebA-HQ-to-CelebA-mapping.txt"


def make_ffhq_tree(
    root: Path, *, train: int = 4, val: int = 2, folder: str = "images1024x1024"
) -> Path:
    """The first images of both categories; the folder `ffhq`."""
    side = int(folder.rpartition("x")[2])
    base = root / "ffhq"
    for number in [*range(train), *range(60_000, 60_000 + val)]:
        name = f"{folder}/{number // 1000 * 1000:05d}/{number:05d}.png"
        write_files(base, {name: encoded(ramp(side, side, number), compress_level=1)})
    return base


@cache
def bedrooms(count: int, first: int = 0) -> dict[str, bytes]:
    """Encoded photos of different shapes, the shorter side 256 px, by their keys."""
    made = {}
    for number in range(first, first + count):
        size = (256 + 32 * (number % 3), 256) if number % 2 else (256, 256 + 16 * (number % 4))
        data = encoded(ramp(*size, number), ("JPEG", "WEBP")[number % 2], quality=90)
        made[hashlib.sha1(data).hexdigest()] = data
    return made


def write_database(folder: Path, values: Mapping[str, bytes] | Mapping[bytes, bytes]) -> Path:
    """An LMDB database with these values; its folder, without the lock's file."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        lmdb.open(str(folder), map_size=1 << 24) as environment,
        environment.begin(write=True) as transaction,
    ):
        for key, value in values.items():
            transaction.put(key.encode() if isinstance(key, str) else key, value)
    (folder / "lock.mdb").unlink()
    return folder


def make_lsun_tree(root: Path, train: int = 8, val: int = 3) -> Path:
    """Both official databases; the folder `lsun`."""
    write_database(root / "lsun/bedroom_train_lmdb", bedrooms(train))
    write_database(root / "lsun/bedroom_val_lmdb", bedrooms(val, first=100))
    return root / "lsun"


def flower_sentences(number: int) -> list[str]:
    """The ten captions of a photo."""
    return [f"flower {number} seen by writer {writer}." for writer in range(10)]


def make_flowers_tree(
    root: Path, train: int = 4, val: int = 3, test: int = 9, side: int = 50
) -> Path:
    """The photos, splits and captions of Oxford flowers; the folder `flowers_102`.

    Photo i (from 1) has class 1 + i % 3; the splits take the photos in turns.
    """
    base, count = root / "flowers_102", train + val + test
    for number in range(1, count + 1):
        longer = side + 2 + 2 * (number % 4)
        size = (longer, side) if number % 2 else (side, longer)
        photo = encoded(ramp(*size, number), "JPEG", quality=90)
        caption = f"text_c10/class_{1 + number % 3:05d}/image_{number:05d}.txt"
        lines = "\n".join(flower_sentences(number)) + "\n"
        write_files(base, {f"jpg/image_{number:05d}.jpg": photo, caption: lines})
    order = np.random.default_rng(0).permutation(count) + 1
    parts = np.split(order.astype(np.uint16), [train, train + val])
    savemat(base / "setid.mat", dict(zip(("trnid", "valid", "tstid"), parts, strict=True)))
    return base
