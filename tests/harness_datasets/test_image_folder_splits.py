import hashlib

import pytest

from harness.errors import DataError
from harness_datasets.image_folder.splits import own_splits, splits_from_table, with_derived
from harness_datasets.image_folder.tables import read_table

PHOTOS = [f"p/{number}.jpg" for number in range(50)]


def test_a_fifth_with_the_smallest_hashes_is_test() -> None:
    splits = own_splits(PHOTOS)
    assert len(splits["test"]) == 10
    assert sorted(splits["test"] + splits["train"]) == sorted(PHOTOS)

    def digest(photo: str) -> str:
        return hashlib.sha256(photo.encode()).hexdigest()

    assert max(map(digest, splits["test"])) < min(map(digest, splits["train"]))


def test_own_split_depends_on_names_alone() -> None:
    forward, backward = own_splits(PHOTOS), own_splits(PHOTOS[::-1])
    assert forward["test"] == [photo for photo in PHOTOS if photo in forward["test"]]
    assert set(forward["test"]) == set(backward["test"])


@pytest.mark.parametrize(("count", "tested"), [(1, 0), (2, 1), (3, 1), (7, 1), (8, 2), (50, 10)])
def test_small_sets_have_a_test_photo_where_they_can(count: int, tested: int) -> None:
    splits = own_splits(PHOTOS[:count])
    assert len(splits["test"]) == tested
    assert len(splits["train"]) == count - tested


@pytest.mark.parametrize("name", ["all", "some_labelled"])
def test_reserved_split_names_are_refused(name: str) -> None:
    table = read_table(f"file,split\na.jpg,{name}\n".encode(), "x.csv", "file")
    with pytest.raises(DataError, match=f"x.csv: the split '{name}' .*option split_map"):
        splits_from_table(["a.jpg"], table, "split", names={}, unassigned="train")


def test_unassigned_photos_go_where_they_are_told() -> None:
    table = read_table(b"file,split\na.jpg,test\nb.jpg,\n", "x.csv", "file")
    splits = splits_from_table(
        ["a.jpg", "b.jpg", "c.jpg"], table, "split", names={}, unassigned="rest"
    )
    assert splits == {"rest": ["b.jpg", "c.jpg"], "test": ["a.jpg"]}


def test_every_split_has_its_labelled_part() -> None:
    splits = with_derived({"one": ["a", "b"], "two": ["c"]}, ["a", "b", "c"], "ac".__contains__)
    assert splits == {
        "all": ["a", "b", "c"],
        "one": ["a", "b"],
        "two": ["c"],
        "all_labelled": ["a", "c"],
        "one_labelled": ["a"],
        "two_labelled": ["c"],
    }
