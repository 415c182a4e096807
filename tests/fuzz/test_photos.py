"""Damaged photos, labels and archives of one's own images."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import Fuzz, seeded
from mutations import (
    BYTES,
    FILES,
    TEXT,
    as_json_bytes,
    as_toml_bytes,
    mutated_tree,
    remove,
    replace_file,
    write,
)
from PIL import Image
from toy_world import SUITE, Toy
from trees import encoded, make_photo_folder

from harness.registry import registry

PHOTOS = {
    **SUITE,
    "dataset": "image_folder",
    "image_size": 8,
    "roles": {
        "fit": {"split": "train"},
        "regress": {"split": "train_labelled"},
        "test": {"split": "test"},
    },
    "metrics": [{"name": "toy_spread"}],
}
READING = (
    *[("data", "check", "photos", "--data", "in")] * 4,
    *[("data", "cache", "photos", "--data", "in")] * 4,
    ("data", "preview", "photos", "--data", "in", "--out", "preview.png"),
    (
        *("run", "--method", "toy_centre", "--suite", "photos", "--data", "in"),
        *("--no-baselines", "--quiet"),
    ),
    (
        *("run", "--method", "toy_centre", "--suite", "photos", "--data", "in"),
        *("--no-baselines", "--quiet", "--skip-broken"),
    ),
)
COUNT = 5


@pytest.fixture
def photos(toy: Toy, fuzz: Callable[..., Fuzz]) -> Fuzz:
    """A fuzz with five labelled photos in the folder `in`."""
    write(toy.suites / "photos.toml", as_toml_bytes(PHOTOS))
    registry.cache_clear()
    make_photo_folder(Path("in"), COUNT, size=12)
    for number in range(COUNT):
        size = _size(number)
        mask = Image.new("L", size, 255 * (number % 2))
        write(Path(f"in/masks/photo-{number:03d}.png"), encoded(mask))
    return fuzz("in")


def _size(number: int) -> tuple[int, int]:
    with Image.open(f"in/photo-{number:03d}.png") as photo:
        return photo.size


def _command(rng: random.Random) -> tuple[str, ...]:
    return rng.choice(READING)


def _index(rng: random.Random) -> str:
    """A table of splits and masks."""
    splits = ("train", "test", "", "all", "train_labelled", "val")
    rows = [
        f"photo-{n:03d}.png,{rng.choice(splits)},masks/photo-{rng.randrange(COUNT + 1):03d}.png"
        for n in range(COUNT)
    ]
    return "\n".join(["file,split,mask", *rows]) + "\n"


def _labels(rng: random.Random) -> str:
    """A table of attributes."""
    said = ("0", "1", "-1", "", "2", "yes", "nan")
    rows = [f"photo-{n:03d}.png,{rng.choice(said[:4])},{rng.choice(said)}" for n in range(COUNT)]
    return "\n".join(["file,hat,smile", *rows]) + "\n"


@pytest.mark.parametrize("name", ["landmarks.csv", "index.csv", "labels.csv"])
def test_tables(photos: Fuzz, name: str) -> None:
    path = Path("in", name)
    landmarks = Path("in/landmarks.csv").read_bytes()
    for round_ in range(2):
        for change, damage in TEXT.items():
            case = f"{name}-{change}-{round_}"
            rng = seeded(case)
            made = {"index.csv": _index, "labels.csv": _labels}.get(name)
            write(path, damage(rng, landmarks if made is None else made(rng).encode()))
            photos(case, *_command(rng), names=(name, "photos", "masks"), codes=(0, 1, 2))
    for how in FILES:
        replace_file(path, how)
        for arguments in (READING[0], READING[4]):
            photos(f"{name}-{how}", *arguments, names=(name,), codes=(0, 1, 2))


def _coco() -> dict[str, Any]:
    images = [
        {"id": n, "file_name": f"photo-{n:03d}.png", "width": _size(n)[0], "height": _size(n)[1]}
        for n in range(COUNT)
    ]
    annotations = [
        {"id": n, "image_id": n, "category_id": 1, "keypoints": [3, 4, 2, 6, 5, 1]}
        for n in range(COUNT)
    ]
    categories = [{"id": 1, "name": "face", "keypoints": ["left", "right"]}]
    return {"images": images, "annotations": annotations, "categories": categories}


@pytest.mark.parametrize("block", range(2))
def test_coco_files(photos: Fuzz, block: int) -> None:
    remove(Path("in/landmarks.csv"))
    path, whole = Path("in/coco.json"), _coco()
    for number in range(50 * block, 50 * block + 50):
        case = f"coco-{number}"
        rng = seeded(case)
        write(path, as_json_bytes(mutated_tree(rng, whole)))
        photos(case, *_command(rng), names=("coco.json", "photo"), codes=(0, 1, 2))
    for change, damage in list(TEXT.items())[block::2]:
        case = f"coco-{change}"
        rng = seeded(case)
        write(path, damage(rng, json.dumps(whole, indent=1).encode()))
        photos(case, *_command(rng), names=("coco.json", "photo"), codes=(0, 1, 2))


def _png(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG whose header states any size, with no pixels behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(64)))
        + chunk(b"IEND", b"")
    )


def _photo(mode: str = "RGB", size: tuple[int, int] = (12, 9)) -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def _with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(_photo(), "JPEG", exif=exif)


#: Image files that are strange, not damaged.
STRANGE: dict[str, Callable[[], bytes]] = {
    "one pixel": lambda: encoded(_photo(size=(1, 1))),
    "one line": lambda: encoded(_photo(size=(4000, 1))),
    "bomb": lambda: _png(60_000, 60_000),
    "endless": lambda: _png(2**31 - 1, 2**31 - 1),
    "no width": lambda: _png(0, 10),
    "no pixels": lambda: _png(9, 9),
    "depth 3": lambda: _png(9, 9, depth=3),
    "colour 5": lambda: _png(9, 9, colour=5),
    "cmyk": lambda: encoded(_photo("CMYK"), "JPEG"),
    "grey": lambda: encoded(_photo("L"), "JPEG"),
    "16 bit": lambda: encoded(Image.fromarray(np.full((9, 12), 40_000, np.uint16))),
    "one bit": lambda: encoded(_photo("1")),
    "palette": lambda: encoded(_photo("P")),
    "transparent": lambda: encoded(_photo("RGBA")),
    "grey transparent": lambda: encoded(_photo("LA")),
    "animation": lambda: encoded(
        _photo("P"), "GIF", save_all=True, append_images=[_photo("L").convert("P")]
    ),
    "tiff": lambda: encoded(_photo(), "TIFF"),
    "float tiff": lambda: encoded(_photo("F"), "TIFF"),
    "bmp": lambda: encoded(_photo(), "BMP"),
    "webp": lambda: encoded(_photo(), "WEBP"),
    "icon": lambda: encoded(_photo(size=(16, 16)), "ICO"),
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "svg": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    **{f"exif {n}": lambda n=n: _with_exif(n) for n in (0, 1, 3, 6, 8, 9)},
    "exif damaged": lambda: _with_exif(6).replace(b"Exif\0\0", b"Exif\0\0\xff\xff\xff"),
}


def test_strange_images(photos: Fuzz) -> None:
    remove(Path("in/masks"))
    remove(Path("in/landmarks.csv"))
    for name, make in STRANGE.items():
        for place, arguments in (
            ("photo-001.png", READING[0]),
            ("further.jpg", READING[4]),
            ("further.jpg", READING[-1]),
        ):
            kept = Path("in", place).read_bytes() if Path("in", place).exists() else None
            write(Path("in", place), make())
            photos(f"image-{name}", *arguments, names=(place,), codes=(0, 1, 2))
            remove(Path("in", place))
            if kept is not None:
                write(Path("in", place), kept)


def test_damaged_images(photos: Fuzz) -> None:
    for kind in ("PNG", "JPEG"):
        whole = encoded(_photo(size=_size(2)), kind)
        for round_ in range(2):
            for change, damage in BYTES.items():
                case = f"{kind}-{change}-{round_}"
                rng = seeded(case)
                place = rng.choice(("photo-002.png", "masks/photo-002.png"))
                kept = Path("in", place).read_bytes()
                write(Path("in", place), damage(rng, whole))
                photos(case, *_command(rng), names=(place,), codes=(0, 1, 2))
                write(Path("in", place), kept)
    for how in FILES:
        for place in ("photo-003.png", "masks/photo-003.png", "masks"):
            kept_tree = {p: p.read_bytes() for p in Path("in").rglob("*") if p.is_file()}
            replace_file(Path("in", place), how)
            for arguments in (READING[0], READING[4]):
                photos(f"{place}-{how}", *arguments, names=(place,), codes=(0, 1, 2))
            remove(Path("in", place))
            for path, data in kept_tree.items():
                write(path, data)


def _zip(files: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _locked(data: bytes) -> bytes:
    """The flag of a password set in every header of an archive."""
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = data.split(mark)
        data = mark.join(
            [parts[0]]
            + [p[: place - 4] + bytes([p[place - 4] | 1]) + p[place - 3 :] for p in parts[1:]]
        )
    return data


# An archive whose reader died open is closed when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_archives(photos: Fuzz) -> None:
    files = {p.name: p.read_bytes() for p in sorted(Path("in").glob("photo-*.png"))}
    table = Path("in/landmarks.csv").read_bytes()
    remove(Path("in"))
    one = next(iter(files.values()))
    archives = {
        "whole": _zip({**files, "landmarks.csv": table}),
        "slip": _zip({**files, "../../slip.png": one, "/slip.png": one, "..\\slip.png": one}),
        "names": _zip({**files, " .png": one, "a\x01.png": one, "ä/\u202e.png": one}),
        "long": _zip({**files, "d/" * 2000 + "x.png": one}),
        "locked": _locked(_zip(files)),
        "twice": _zip({**files, "photo-00x.png": one}).replace(b"photo-00x", b"photo-000"),
        "nothing": _zip({}),
        "inner": _zip({"images.zip": _zip(files)}),
        "bomb": _zip({**files, "z.png": bytes(10**6)}, compression=zipfile.ZIP_DEFLATED),
        "lzma": _zip(files, compression=zipfile.ZIP_LZMA),
        "method": _zip(files).replace(b"PK\x03\x04\x14\0\0\0\0\0", b"PK\x03\x04\x14\0\0\0\x63\0"),
    }
    for name, data in archives.items():
        write(Path("in/images.zip"), data)
        for arguments in (READING[0], READING[4], READING[-1]):
            photos(f"zip-{name}", *arguments, names=("images.zip", "in"), codes=(0, 1, 2))
    for round_ in range(3):
        for change, damage in BYTES.items():
            case = f"zip-{change}-{round_}"
            rng = seeded(case)
            write(Path("in/images.zip"), damage(rng, archives["whole"]))
            photos(case, *_command(rng), names=("images.zip", "in"), codes=(0, 1, 2))
    for how in FILES:
        replace_file(Path("in/images.zip"), how)
        photos(f"zip-{how}", *READING[4], names=("images.zip", "in"), codes=(0, 1, 2))
    assert not list(Path().rglob("*slip*"))
