"""Damaged predictions of others for `harness score`."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import Fuzz, seeded
from mutations import BYTES, FILES, replace_file, write

SUITE = ("score", "--suite", "toy", "--name", "theirs", "--predictions", "in.npz")
METRIC = ("score", "--metric", "toy_distance", "--truth", "truth.npz", "--predictions", "in.npz")
NAMES = ("in.npz", "truth.npz")


def _arrays() -> dict[str, Any]:
    """Whole predictions for the toy suite, whose splits have six images."""
    random_ = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for role, split in (("test", "test"), ("regress", "labelled")):
        found[f"{role}_ids"] = np.array([f"{split}-{n}" for n in range(6)])
        found[f"{role}_keypoints"] = random_.uniform(size=(6, 2, 2)).astype(np.float32)
        found[f"{role}_parts"] = random_.integers(0, 3, (6, 16, 16)).astype(np.uint8)
    return found


def _truth() -> dict[str, Any]:
    """The truth that belongs to them."""
    found = {k: v for k, v in _arrays().items() if k.endswith("_ids")}
    for role in ("test", "regress"):
        found[f"{role}_landmarks"] = np.full((6, 2, 2), 0.5)
        found[f"{role}_visible"] = np.ones((6, 2), bool)
        found[f"{role}_foreground"] = np.ones((6, 16, 16), bool)
    return found


def _saved(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _objects(array: Any) -> Any:
    made = np.empty(len(array), object)
    made[:] = [{"a": 1}] * len(array)
    return made


#: Changes of one array.
CHANGES: dict[str, Callable[[random.Random, Any], Any]] = {
    "nan": lambda _, a: np.full(a.shape, np.nan, np.float32),
    "inf": lambda _, a: np.full(a.shape, -np.inf),
    "huge": lambda _, a: np.full(a.shape, 1e30),
    "pixels": lambda _, a: np.full(a.shape, 63.0),
    "negative": lambda _, a: np.full(a.shape, -3),
    "text": lambda _, a: np.full(a.shape, "x"),
    "bytes": lambda _, a: np.full(a.shape, b"\xff\xfe"),
    "truth": lambda _, a: np.zeros(a.shape, bool),
    "complex": lambda _, a: np.zeros(a.shape, np.complex64),
    "dates": lambda _, a: np.zeros(a.shape, "datetime64[s]"),
    "records": lambda _, a: np.zeros(a.shape, [("x", "f4"), ("y", "f4")]),
    "half": lambda _, a: np.zeros(a.shape, np.float16),
    "wide": lambda _, a: np.zeros(a.shape, np.int64) + 300,
    "objects": lambda _, a: _objects(a),
    "scalar": lambda *_: np.float32(1),
    "empty": lambda *_: np.empty(0),
    "no image": lambda _, a: a[:0],
    "no keypoint": lambda _, a: a[:, :0] if a.ndim > 1 else a[:0],
    "fewer": lambda _, a: a[:-1],
    "more": lambda _, a: np.concatenate([a, a[:1]]),
    "flat": lambda _, a: a.ravel(),
    "deeper": lambda _, a: a[..., None],
    "turned": lambda _, a: np.swapaxes(a, 0, -1),
    "twice": lambda _, a: np.concatenate([a, a], axis=-1),
    "big-endian": lambda _, a: a.astype(a.dtype.newbyteorder(">")),
    "mixed": lambda r, a: a[np.random.default_rng(r.randrange(99)).permutation(len(a))],
    "first only": lambda _, a: np.broadcast_to(a[:1], a.shape),
}


@pytest.fixture
def predictions(fuzz: Callable[..., Fuzz]) -> Iterator[Fuzz]:
    """A fuzz with whole predictions and the truth of one metric; no pickle is ever loaded."""
    write(Path("truth.npz"), _saved(_truth()))
    write(Path("in.npz"), _saved(_arrays()))
    yield fuzz("in.npz", "truth.npz")
    assert not Path("exploded").exists()


def _command(rng: random.Random) -> tuple[str, ...]:
    return rng.choice((SUITE, SUITE, METRIC))


# The toy's own metric says so where nothing was found.
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("block", range(2))
def test_arrays(predictions: Fuzz, block: int) -> None:
    for number in range(80 * block, 80 * block + 80):
        case = f"npz-{number}"
        rng = seeded(case)
        truth = rng.random() < 0.25
        arrays = _truth() if truth else _arrays()
        for _ in range(rng.choice((1, 1, 2))):
            name = rng.choice(sorted(arrays))
            what = rng.choice((*CHANGES, "gone", "renamed"))
            if what in CHANGES and arrays[name].ndim:
                arrays[name] = CHANGES[what](rng, arrays[name])
            elif what not in CHANGES:
                array = arrays.pop(name)
                if what == "renamed":
                    arrays[rng.choice(("test_landmarks", "test_foreground", "ä", "x/y"))] = array
        write(Path("truth.npz" if truth else "in.npz"), _saved(arrays))
        command = METRIC if truth else _command(rng)
        predictions(f"{case} ({name} {what})", *command, names=NAMES)
        write(Path("in.npz"), _saved(_arrays()))
        write(Path("truth.npz"), _saved(_truth()))


def _npy(header: str) -> bytes:
    """A npy file with any header and no values behind it."""
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def _with_member(name: str, data: bytes, **options: Any) -> bytes:
    buffer = io.BytesIO(_saved({k: v for k, v in _arrays().items() if f"{k}.npy" != name}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, data, **options)
    return buffer.getvalue()


def _pickled() -> bytes:
    """A pickle that makes a folder when it is loaded, written by hand."""
    return b"cos\nmkdir\n(Vexploded\ntR."


HEADERS = (
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 2, 2), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2, 2), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (6,), }",
    "{'descr': 'nonsense', 'fortran_order': False, 'shape': (6,), }",
    "{'descr': '<f4', 'fortran_order': 3, 'shape': 'x', }",
    "{'descr': '<f4'}",
    "__import__('os').mkdir('exploded')",
    "(" * 80,
    "",
)


def test_files(predictions: Fuzz) -> None:
    whole = _saved(_arrays())
    single = io.BytesIO()
    np.save(single, np.zeros(3))
    files = {
        "single": single.getvalue(),
        "pickle": _pickled(),
        "no array": _saved({}),
        "member pickle": _with_member("test_keypoints.npy", _pickled()),
        "member object": _with_member("test_keypoints.npy", _npy(HEADERS[2]) + _pickled()),
        "member text": _with_member("notes.txt", b"hello"),
        "slip": _with_member("../slip.npy", _npy(HEADERS[0])),
        "lzma": _with_member("x.npy", _npy(HEADERS[0]), compress_type=zipfile.ZIP_LZMA),
        "locked": whole.replace(b"PK\x03\x04\x2d\0\0", b"PK\x03\x04\x2d\0\1").replace(
            b"PK\x01\x02\x2d\x03\x2d\0\0", b"PK\x01\x02\x2d\x03\x2d\0\1"
        ),
        "method": whole.replace(b"\x2d\0\0\0\0\0", b"\x2d\0\0\0\x63\0"),
        **{
            f"header {n}": _with_member("test_keypoints.npy", _npy(header))
            for n, header in enumerate(HEADERS)
        },
    }
    for name, data in files.items():
        write(Path("in.npz"), data)
        for arguments in (SUITE, METRIC):
            predictions(f"npz-{name}", *arguments, names=NAMES)
    for round_ in range(4):
        for change, damage in BYTES.items():
            case = f"npz-{change}-{round_}"
            rng = seeded(case)
            write(Path("in.npz"), damage(rng, whole))
            predictions(case, *_command(rng), names=NAMES)
    for how in FILES:
        replace_file(Path("in.npz"), how)
        for arguments in (SUITE, METRIC):
            predictions(f"npz-{how}", *arguments, names=NAMES)
