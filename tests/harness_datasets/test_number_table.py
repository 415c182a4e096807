from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError
from harness_datasets.number_table import read_lines, read_table


def written(tmp_path: Path, data: str | bytes) -> Path:
    path = tmp_path / "table.txt"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    "text",
    ["1 2.5\n3 -4\n", "1\t2.5\r\n3   -4", "\ufeff1 2.5\n3 -4\n\n\n"],
    ids=["plain", "windows without end", "mark and empty lines"],
)
def test_rows_are_separated_by_any_white_space(tmp_path: Path, text: str) -> None:
    table = read_table(written(tmp_path, text), ("a", "b"))
    assert table.dtype == np.float64
    assert table.tolist() == [[1, 2.5], [3, -4]]


def test_one_row_and_one_column_stay_a_table(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "7\n"), ("a",)).tolist() == [[7]]
    assert read_table(written(tmp_path, "7\n8\n"), ("a",)).tolist() == [[7], [8]]
    assert read_table(written(tmp_path, "7 8\n"), ("a", "b")).tolist() == [[7, 8]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1 2\n3\n", 2),
        ("1 2 3\n3 4\n", 1),
        ("1 2 3\n4 5 6\n", 1),
        ("1 2\n\n3 4\n", 2),
        ("1 2\n3 four\n", 2),
        ("1 2\n3 4\n5 inf\n", 3),
        ("# a b\n1 2\n", 1),
    ],
    ids=["short", "long", "all long", "empty", "word", "not finite", "comment"],
)
def test_line_that_does_not_fit_is_named(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DataError, match=f"table.txt line {line}: expected 2 numbers: a b"):
        read_table(written(tmp_path, text), ("a", "b"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file has no line"),
        (b"\n \n", "the file has no line"),
        (b"\xff\xfe1", "not a text file"),
        (b"<!doctype html>", "is an HTML page"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_lines(written(tmp_path, data))


def test_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_lines(tmp_path / "table.txt")
