"""CelebA's attributes of CelebA-HQ, from its own list or by the mapping."""

from pathlib import Path

import numpy as np
import pytest
from official_trees_c import (
    hq_signs,
    make_celeba_hq_tree,
    write_hq_attributes,
    write_hq_mapping,
)

from harness.errors import DataError
from harness_datasets.celeba_hq.dataset import CelebAHQ
from harness_datasets.celeba_hq.options import CelebAHQOptions

NAMES = ("Bald", "Black_Hair", "Male", "Smiling")
EXPECTED = (np.array([hq_signs(number) for number in range(12)]) + 1) / 2


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_celeba_hq_tree(tmp_path)


def opened(root: Path) -> CelebAHQ:
    return CelebAHQ(root, CelebAHQOptions(attributes=True))


def mapped(tree: Path, place: str = ".") -> Path:
    return write_hq_mapping(tree, tree / place)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_own_list_gives_every_image_its_row(tree: Path) -> None:
    write_hq_attributes(tree)
    dataset = opened(tree)
    assert dataset.attribute_names == NAMES
    samples = dataset.read("all", [3, 0, 11], 16)
    assert samples.attributes.dtype == np.float32
    np.testing.assert_array_equal(samples.attributes, EXPECTED[[3, 0, 11]])
    test = dataset.read("test", [0], 16)
    np.testing.assert_array_equal(test.attributes[0], EXPECTED[int(test.ids[0])])


@pytest.mark.parametrize("place", [".", "../celeba"])
def test_mapping_finds_the_rows_of_celeba(tree: Path, place: str) -> None:
    mapped(tree, place)
    dataset = opened(tree.parent)
    assert dataset.attribute_names == NAMES
    np.testing.assert_array_equal(dataset.read("all", range(12), 16).attributes, EXPECTED)


def test_own_list_goes_before_the_mapping(tree: Path) -> None:
    mapped(tree)
    write_hq_attributes(tree, 3)
    assert opened(tree).check()[-1] == ("attributes", False, "3 rows, expected 30,000")


def test_attributes_are_read_only_where_asked_for(tree: Path) -> None:
    write_hq_attributes(tree)
    plain = CelebAHQ(tree, CelebAHQOptions())
    assert plain.attribute_names == ()
    assert plain.read("all", [0], 16).attributes is None
    assert "lists" not in plain.source()
    assert [name for name, _, _ in plain.check()] == ["all", "train", "test"]


def test_rows_are_counted(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped(tree)
    monkeypatch.setattr(CelebAHQ, "expected", {"all": 12, "train": 11, "test": 1})
    assert opened(tree).check()[-1] == ("attributes", True, "12 rows, expected 12")


def test_source_changes_with_the_lists(tree: Path) -> None:
    path = mapped(tree)
    before = opened(tree).source()
    replaced(tree / "Anno/list_attr_celeba.txt", "-1 -1 -1 -1", " 1 -1 -1 -1")
    middle = opened(tree).source()
    path.write_text(path.read_text() + "\n")
    assert len({str(found) for found in (before, middle, opened(tree).source())}) == 3


def test_missing_lists_are_named_with_the_tree(tree: Path) -> None:
    with pytest.raises(DataError, match=r"'CelebAMask-HQ-attribute-anno.txt' is missing") as error:
        opened(tree)
    assert "CelebA-HQ-to-CelebA-mapping.txt" in str(error.value)
    mapped(tree)
    (tree / "Anno/list_attr_celeba.txt").unlink()
    with pytest.raises(DataError, match=r"'list_attr_celeba.txt' is missing"):
        opened(tree)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("orig_file", "file", r"line 1: expected the columns idx orig_idx orig_file"),
        ("000107.jpg", "", r"line 7: expected two whole numbers and a file name"),
        ("000107.jpg", "0001", r"line 7: '0001' is not CelebA's image 106, .*: the line was cut"),
        ("106 ", "x106", r"line 7: expected two whole numbers"),
        ("\n5  ", "\n4  ", r"line 7: image 4 is there twice"),
    ],
)
def test_malformed_mapping_is_told_with_its_line(
    tree: Path, old: str, new: str, message: str
) -> None:
    replaced(mapped(tree), old, new)
    with pytest.raises(DataError, match=message):
        opened(tree)


def test_mapping_cut_off_lacks_images(tree: Path) -> None:
    path = mapped(tree)
    path.write_text("\n".join(path.read_text().splitlines()[:6]))
    dataset = opened(tree)
    assert dataset.read("all", [4], 16).attributes is not None
    with pytest.raises(DataError, match=r"mapping.txt: no row for image 5; get it from https"):
        dataset.read("all", [5], 16)


def test_pages_and_bytes_are_refused(tree: Path) -> None:
    path = mapped(tree)
    path.write_text("<!DOCTYPE html><html>quota</html>")
    with pytest.raises(DataError, match=r"mapping.txt: the file is an HTML page"):
        opened(tree)
    path.write_bytes(b"idx \xff")
    with pytest.raises(DataError, match=r"mapping.txt: not a text file"):
        opened(tree)
    own = write_hq_attributes(tree)
    own.write_text("<html>quota</html>")
    with pytest.raises(DataError, match=r"HTML page.*again from https://github.com/switchable"):
        opened(tree)


def test_list_cut_off_or_changed_is_told(tree: Path) -> None:
    own = write_hq_attributes(tree)
    whole = own.read_text()
    own.write_text("\n".join(whole.splitlines()[:-2]))
    with pytest.raises(DataError, match=r"states 12 rows, the file has 10: it was cut off"):
        opened(tree).read("all", [0], 16)
    own.write_text(whole.replace("3.jpg  1", "3.jpg  2"))
    with pytest.raises(DataError, match=r"row of '3.jpg' has a value other than -1 and 1"):
        opened(tree).read("all", [3], 16)
    own.write_text("\n".join(["2", *whole.splitlines()[2:4]]))
    with pytest.raises(DataError, match="no line names the attributes"):
        opened(tree)
