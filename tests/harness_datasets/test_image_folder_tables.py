import numpy as np
import pytest

from harness.errors import DataError
from harness_datasets.image_folder.attributes import attributes_from_table
from harness_datasets.image_folder.tables import check_photos, read_table


def test_rows_are_read_by_photo_with_their_lines() -> None:
    table = read_table(b"\xef\xbb\xbfx0, file\r\n1, a.jpg\r\n\r\n2,b.jpg", "t.csv", "file")
    assert table.columns == ("x0",)
    assert table.rows["a.jpg"].cells == {"x0": "1"}
    assert table.places == {"a.jpg": "t.csv line 2", "b.jpg": "t.csv line 4"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"t.csv line 1: no column 'file' in the header, got ''"),
        (b"name;x0\na;1", r"line 1: no column 'file' in the header, got 'name;x0'"),
        (b"file,x0,x0\na,1,2", r"line 1: the column 'x0' is there twice"),
        (b"file,x0\na,1\nb,1,2", r"t.csv line 3: 3 columns, the header has 2"),
        (b"file,x0\na,1\nb", r"t.csv line 3: 1 columns, the header has 2"),
        (b"file,x0\na,1\nb,2\na,3", r"t.csv line 4: 'a' is there twice, first in t.csv line 2"),
        (b"file,x0\n\xff,1", r"t.csv: not a CSV file in UTF-8"),
    ],
    ids=["empty", "semicolons", "column twice", "too many", "too few", "row twice", "bytes"],
)
def test_malformed_tables_are_named_with_line(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(data, "t.csv", "file")


def test_row_without_a_photo_is_named() -> None:
    with pytest.raises(DataError, match=r"t.csv line 3: there is no photo 'b' among the 1 found"):
        check_photos({"a": "t.csv line 2", "b": "t.csv line 3"}, {"a"})


def test_attributes_are_zero_one_or_unknown() -> None:
    table = read_table(b"file,A,B,note\na,1,0,hi\nb,,0,\nc,-1,1,x", "t.csv", "file")
    attributes = attributes_from_table(table, {"note", "split"})
    assert attributes.names == ("A", "B")
    got = np.array([attributes.of(photo) for photo in "abcd"])
    np.testing.assert_array_equal(got, [[1, 0], [np.nan, 0], [0, 1], [np.nan, np.nan]])


def test_cell_that_is_no_attribute_is_named() -> None:
    table = read_table(b"file,A,name\na,1,Ann", "t.csv", "file")
    with pytest.raises(DataError, match=r"t.csv line 2: 'Ann' in column 'name'.*ignore_columns"):
        attributes_from_table(table, set())


def test_column_with_two_words_for_no_is_refused() -> None:
    table = read_table(b"file,A\na,0\nb,-1", "t.csv", "file")
    with pytest.raises(DataError, match="column 'A' has both 0 and -1"):
        attributes_from_table(table, set())
