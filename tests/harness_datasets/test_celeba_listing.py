from pathlib import Path

import pytest

from harness.errors import DataError
from harness_datasets.celeba.listing import Listing, read_names

POINTS = ("x", "y")


def listing(tmp_path: Path, text: str | bytes, name: str = "list.txt") -> Listing:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Listing(path)


@pytest.mark.parametrize(
    "text",
    [
        "2\nx y\n1.jpg  3  -4\n2.jpg 5 6\n",
        "2\r\nx y \r\n1.jpg 3 -4\r\n2.jpg   5 6",
        "image_id,x,y\n1.jpg,3,-4\n2.jpg,5,6\n",
        "\ufeffimage_id,x,y\n1.jpg,3,-4\n2.jpg,5,6\n",
        "2\nimage_id x y\n1.jpg\t3 -4\n2.jpg 5 6\n",
    ],
    ids=["text", "windows", "csv", "csv with mark", "image_id"],
)
def test_both_editions_are_read(tmp_path: Path, text: str) -> None:
    rows = listing(tmp_path, text)
    assert rows.columns == POINTS
    assert rows.numbers(["2.jpg", "1.jpg"], POINTS).tolist() == [[5, 6], [3, -4]]


def test_list_without_a_head_is_read(tmp_path: Path) -> None:
    rows = listing(tmp_path, "1.jpg 0\n2.jpg 2\n")
    assert rows.columns == ()
    assert rows.numbers(["2.jpg"], ["partition"], head=False).tolist() == [[2]]


@pytest.mark.parametrize("largest", [2**31 - 1, 2**31, 2**40])
def test_numbers_of_any_length_are_kept(tmp_path: Path, largest: int) -> None:
    rows = listing(tmp_path, f"2\nx y\n1.jpg {largest} 4\n2.jpg -3 6\n")
    assert rows.numbers(["2.jpg", "1.jpg"], POINTS).tolist() == [[-3, 6], [largest, 4]]


def test_short_numbers_are_stored_short_and_given_long(tmp_path: Path) -> None:
    """So that the 8 million numbers of the attributes take 32 MB, and areas do not overflow."""
    rows = listing(tmp_path, "1\nx y\n1.jpg 60000 60000\n")
    assert rows.rows[1].dtype == "int32"
    assert rows.numbers(["1.jpg"], POINTS).prod() == 60_000**2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!doctype html><html>", "this is an HTML page, not the list: the download failed"),
        ("", "the list has no row"),
        ("2\nx y\n", "the list has no row"),
    ],
    ids=["page", "empty", "head only"],
)
def test_what_is_no_list_is_refused_at_once(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        listing(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2\nx y\n1.jpg 3 4\n2.jpg 5\n", r"list.txt line 4: expected a name and 2 whole numbers"),
        ("2\nx y\n1.jpg 3 4\n2.jpg 5 6 7\n", r"list.txt: Expected 3 fields in line 4, saw 4"),
        ("2\nx y\n1.jpg 3 4\n2.jpg 5 b\n", r"list.txt line 4: expected a name"),
        ("1.jpg 0.5\n", r"list.txt line 1: expected a name and 1 whole numbers"),
        ("2\nx y\n1.jpg 3 4\n1.jpg 5 6\n", r"list.txt line 4: '1.jpg' is there twice"),
        ("3\nx y\n1.jpg 3 4\n2.jpg 5 6\n", r"line 1 states 3 rows, the file has 2: it was cut"),
    ],
    ids=["too few", "too many", "letter", "fraction", "twice", "cut off"],
)
def test_malformed_rows_are_named_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    rows = listing(tmp_path, text)
    with pytest.raises(DataError, match=message):
        rows.numbers(["1.jpg"], POINTS)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    rows = listing(tmp_path, "1\ny x\n1.jpg 3 4\n")
    with pytest.raises(DataError, match=r"list.txt: columns y x, expected x y"):
        rows.numbers(["1.jpg"], POINTS)
    with pytest.raises(DataError, match=r"columns y x, expected x y z"):
        rows.numbers(["1.jpg"], (*POINTS, "z"))


def test_image_without_a_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"list.txt: no row for '7.jpg'"):
        listing(tmp_path, "1\nx y\n1.jpg 3 4\n").numbers(["1.jpg", "7.jpg"], POINTS)


def test_name_list_may_lack_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(b"2.jpg\r\n1.jpg")
    assert read_names(tmp_path / "names.txt") == ["2.jpg", "1.jpg"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>", "HTML page"),
        (b"\xff\xfe", "not a text file"),
        (b"1.jpg\n2.jpg\n1.jpg\n", r"names.txt line 3: '1.jpg' is there twice"),
    ],
    ids=["page", "bytes", "twice"],
)
def test_malformed_name_list_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "names.txt").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_names(tmp_path / "names.txt")
