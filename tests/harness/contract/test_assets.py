from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from harness.contract.assets import digest, kept_arrays
from harness.errors import RunError

ARRAYS = {"weights": np.arange(6, dtype=np.float64).reshape(2, 3), "count": np.array([7])}


def test_arrays_are_made_once_and_read_back(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {**ARRAYS, "turned": ARRAYS["weights"].T}

    first, second = (kept_arrays("things", {"a": 1}, make) for _ in range(2))
    assert made == [1]
    for arrays in (first, second):
        np.testing.assert_array_equal(arrays["weights"], ARRAYS["weights"])
        np.testing.assert_array_equal(arrays["turned"], ARRAYS["weights"].T)
        assert (arrays["weights"].dtype, arrays["count"].dtype) == (np.float64, np.int64)
    assert len(list((tmp_path / "cache" / "things").glob("*.safetensors"))) == 1


def test_another_key_or_name_is_another_thing() -> None:
    kept_arrays("things", {"a": 1}, lambda: ARRAYS)
    other = {"weights": np.zeros(1)}
    for name, key in (("things", {"a": 2}), ("more", {"a": 1})):
        assert list(kept_arrays(name, key, lambda: other)) == ["weights"]
    assert set(kept_arrays("things", {"a": 1}, lambda: other)) == set(ARRAYS)


def test_what_fails_to_be_made_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> dict[str, np.ndarray]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept_arrays("things", {}, fail)
    assert not list((tmp_path / "cache" / "things").glob("*.safetensors"))
    assert set(kept_arrays("things", {}, lambda: ARRAYS)) == set(ARRAYS)


def test_two_at_a_time_make_it_once() -> None:
    made: list[int] = []

    def slowly() -> dict[str, np.ndarray]:
        made.append(1)
        time.sleep(0.2)
        return ARRAYS

    threads = [threading.Thread(target=kept_arrays, args=("things", {}, slowly)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_damaged_file_is_named(tmp_path: Path) -> None:
    kept_arrays("things", {}, lambda: ARRAYS)
    (path,) = (tmp_path / "cache" / "things").glob("*.safetensors")
    path.write_bytes(b"half")
    with pytest.raises(RunError, match=r"is damaged .* Delete it and run again") as caught:
        kept_arrays("things", {}, lambda: ARRAYS)
    assert str(path) in str(caught.value)


def test_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(RunError, match="cannot be used"):
        kept_arrays("things", {}, lambda: ARRAYS)


def test_digest_is_that_of_type_shape_and_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.arange(1000, dtype=np.int32).reshape(100, 10)
    expected = digest(array)
    np.save(tmp_path / "a.npy", array)
    monkeypatch.setattr("harness.contract.assets.PIECE_BYTES", 100)
    assert digest(np.load(tmp_path / "a.npy", mmap_mode="r")) == expected
    assert digest(np.asfortranarray(array)) == expected
    changed = array.copy()
    changed[99, 9] += 1
    others = [changed, array.reshape(10, 100), array.astype(np.int64), array[::-1], array[:0]]
    single = [np.array(1), np.array(2), np.array([1])]
    assert len({expected, *map(digest, others), *map(digest, single)}) == 9
