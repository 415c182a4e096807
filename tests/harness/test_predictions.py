from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import Samples
from harness.errors import DataError, HarnessError, ShapeError
from harness.predictions import predicted, read_arrays

IDS = ["a", "b", "c"]
TRUTH = Samples(ids=IDS, images=np.zeros((3, 3, 4, 4), dtype=np.uint8))
POINTS = np.arange(12).reshape(3, 2, 2) / 12


def arrays(**changes: Any) -> dict[str, Any]:
    given = {"test_ids": np.array(IDS), "test_keypoints": POINTS, **changes}
    return {name: value for name, value in given.items() if value is not None}


def read(**changes: Any) -> Any:
    return predicted(arrays(**changes), "test", TRUTH, parts=2, file="p.npz")


def test_predictions_come_into_the_order_of_the_truth() -> None:
    shuffled = [2, 0, 1]
    labels = np.zeros((3, 4, 4), dtype=np.int64)
    labels[:] = np.array([0, 1, 2])[:, None, None]
    found = read(
        test_ids=np.array(IDS)[shuffled],
        test_keypoints=POINTS[shuffled],
        test_landmarks=POINTS[shuffled][:, :1],
        test_parts=labels[shuffled],
    )
    assert found.ids == IDS
    np.testing.assert_array_equal(found.keypoints, POINTS.astype(np.float32))
    np.testing.assert_array_equal(found.landmarks, POINTS[:, :1].astype(np.float32))
    np.testing.assert_array_equal(found.part_labels, labels)


def test_missing_keypoints_stay_missing() -> None:
    gaps = POINTS.copy()
    gaps[1, 0] = np.nan
    assert np.isnan(read(test_keypoints=gaps).keypoints[1, 0]).all()


def test_names_may_be_bytes_or_numbers() -> None:
    assert read(test_ids=np.array([b"a", b"b", b"c"])).ids == IDS
    truth = Samples(ids=["0", "1", "2"], images=TRUTH.images)
    found = predicted(arrays(test_ids=np.arange(3)), "test", truth, parts=2, file="p.npz")
    assert found.ids == ["0", "1", "2"]


def test_foreground_alone_is_one_part() -> None:
    mask = np.zeros((3, 4, 4), dtype=bool)
    mask[:, 1] = True
    np.testing.assert_array_equal(read(test_foreground=mask).part_labels, mask.astype(np.uint8))


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"test_ids": None}, DataError, "'test_ids' is missing; it holds test_keypoints"),
        ({"test_ids": np.array(["a", "a", "b"])}, DataError, "'a' stands there twice"),
        ({"test_ids": np.array(["a", "b", "x"])}, DataError, "no images of this split.*'x'"),
        (
            {"test_ids": np.array(["a", "b"]), "test_keypoints": POINTS[:2]},
            DataError,
            "1 of the split's 3 images are missing, for example 'c'",
        ),
        ({"test_keypoints": POINTS[:2]}, ShapeError, "has 2 images, but there are 3 ids"),
        ({"test_keypoints": POINTS[..., :1]}, ShapeError, r"\[3, 2, 1\], expected \[N, K, 2\]"),
        ({"test_keypoints": np.zeros((3, 3, 2))}, ShapeError, "at most 2"),
        ({"test_keypoints": POINTS.astype(str)}, ShapeError, "expected numbers"),
        ({"test_keypoints": 64 * POINTS}, DataError, "fractions"),
        ({"test_keypoints": POINTS + np.inf}, DataError, "infinite"),
        ({"test_parts": np.zeros((3, 5, 5), int)}, ShapeError, r"expected \[3, 4, 4\]"),
        ({"test_parts": np.zeros((3, 4, 4))}, ShapeError, "float64, expected whole numbers"),
        ({"test_parts": np.full((3, 4, 4), 3)}, DataError, "from 3 to 3; expected labels 0"),
        ({"test_parts": np.full((3, 4, 4), -1)}, DataError, "from -1 to -1"),
        (
            {"test_parts": np.ones((3, 4, 4), int), "test_foreground": np.zeros((3, 4, 4), bool)},
            DataError,
            "contradict each other",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    changes: dict[str, Any], kind: type[HarnessError], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        read(**changes)


def test_files_that_are_no_npz_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", POINTS)
    (tmp_path / "page.npz").write_text("<html>")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    for name in ("one.npy", "page.npz", "cut.npz", "objects.npz", "absent.npz"):
        with pytest.raises(DataError, match=name):
            read_arrays(tmp_path / name)


def damaged(path: Path, how: str) -> Path:
    """An npz in which one member cannot be read, or is no array."""
    np.savez_compressed(path, a=np.zeros((40, 40)))
    data = bytearray(path.read_bytes())
    if how == "stream":
        data[60] ^= 0x55
    elif how == "method":
        data = bytearray(bytes(data).replace(b"\x08\0", b"\x63\0"))
    path.write_bytes(data)
    members = {
        "bytes": b"no array",
        "pickle": b"cos\nmkdir\n(Vexploded\ntR.",
        "bracket": _npy("(" * 80),
        "promise": _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,)}"),
    }
    if how in members:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("b.npy", members[how])
    return path


def _npy(header: str) -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("how", ["stream", "method", "bytes", "pickle", "bracket", "promise"])
def test_files_with_a_damaged_member_are_refused(tmp_path: Path, how: str) -> None:
    with pytest.raises(DataError, match=r"odd\.npz: (not a readable npz|b is no array)"):
        read_arrays(damaged(tmp_path / "odd.npz", how))


def test_names_that_are_no_text_match_no_image() -> None:
    with pytest.raises(DataError, match=r"p\.npz: test_ids: 3 of 3 are no images"):
        read(test_ids=np.array([b"\xff\xfe", b"b\xff", b"\xff"]))


def test_descriptors_beyond_float32_are_refused() -> None:
    with pytest.raises(DataError, match="test_descriptors holds NaN, infinite values, or some"):
        read(test_descriptors=np.full((3, 2), 1e300))
