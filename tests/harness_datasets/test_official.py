from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from trees import dotted_photo, encoded, write_files, write_zip

from harness.errors import DataError
from harness_datasets.crops import squeeze, to_box, whole
from harness_datasets.matlab import load_mat, numbers, parse_mat
from harness_datasets.official import OfficialTree, count_checks, hashed_split, read_list

PAGE = "<!DOCTYPE html><html>quota exceeded</html>"


def opened(root: Path, *folders: str) -> OfficialTree:
    return OfficialTree("set", root, home="https://home", layout="set/\n  a.txt", folders=folders)


def test_own_folder_is_entered_where_it_exists(tmp_path: Path) -> None:
    write_files(tmp_path, {"set/a.txt": "one", "a.txt": "two"})
    assert opened(tmp_path, "set").file("a.txt").read_text() == "one"
    assert opened(tmp_path, "other").file("a.txt").read_text() == "two"


def test_missing_file_comes_with_home_and_layout(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"set: 'a.txt' is missing below .*https://home") as error:
        opened(tmp_path).file("a.txt", "b.txt")
    assert str(error.value).endswith("set/\n  a.txt")
    with pytest.raises(DataError, match="'photos/' is missing"):
        opened(tmp_path).images("photos")


def test_zip_may_hold_the_folder_or_its_content(tmp_path: Path) -> None:
    photo = encoded(dotted_photo((8, 8)))
    write_zip(tmp_path / "with.zip", {"with/x.png": photo, "with/y/z.png": photo})
    write_zip(tmp_path / "without.zip", {"x.png": photo})
    tree = opened(tmp_path)
    assert tree.images("with")[1] == "with/"
    assert tree.images("none", "without")[1] == ""


def test_list_keeps_its_order_and_takes_windows_lines(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "b/2.jpg\r\na\\1 x.jpg\r\n\r\nc.jpg"})
    assert read_list(tmp_path / "a.txt") == ["b/2.jpg", "a/1 x.jpg", "c.jpg"]


def test_empty_image_folder_and_unreadable_list_are_told(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match=r"set: .*photos has no image"):
        opened(tmp_path).images("photos")
    with pytest.raises(DataError, match=r"photos: the file cannot be read"):
        read_list(tmp_path / "photos")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x.jpg\ny.jpg\nx.jpg\n", "a.txt line 3: 'x.jpg' is there twice"),
        ("\n\n", "a.txt: the list has no line"),
        (PAGE, "a.txt: the file is an HTML page"),
        (b"\xff\xfe\x00", "a.txt: not a text file"),
    ],
)
def test_malformed_list_is_told(tmp_path: Path, content: str | bytes, message: str) -> None:
    write_files(tmp_path, {"a.txt": content})
    with pytest.raises(DataError, match=message):
        read_list(tmp_path / "a.txt")


def test_hashed_split_depends_on_names_alone() -> None:
    names = [f"{number}.jpg" for number in range(100)]
    split = hashed_split(names, 0.1)
    assert (len(split["train"]), len(split["test"])) == (90, 10)
    assert sorted([*split["train"], *split["test"]]) == sorted(names)
    assert set(hashed_split(names[::-1], 0.1)["test"]) == set(split["test"])
    assert split["test"] == [name for name in names if name in split["test"]]


def test_hashed_split_of_few_names_fills_both() -> None:
    assert {len(names) for names in hashed_split(["a", "b"], 0.01).values()} == {1}
    assert {len(names) for names in hashed_split(["a", "b"], 0.99).values()} == {1}
    assert hashed_split(["a"], 0.5, split_names=("x", "y")) == {"x": ["a"], "y": []}


def test_counts_are_compared() -> None:
    got = count_checks({"train": 1_000}, {"train": 1_000, "test": 2_000})
    assert got == [
        ("train", True, "1,000 images, expected 1,000"),
        ("test", False, "0 images, expected 2,000"),
    ]


def test_matlab_arrays_are_read_by_name_and_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"gt": np.arange(12).reshape(1, 6, 2), "text": "word"})
    arrays = load_mat(path)
    np.testing.assert_array_equal(numbers(arrays, "gt", (None, 6, 2), path)[0, 5], [10, 11])
    with pytest.raises(DataError, match=r"no array 'hw' \(N x 2\), there is gt, text"):
        numbers(arrays, "hw", (None, 2), path)
    with pytest.raises(DataError, match=r"'gt' is int64 1 x 6 x 2, expected N x 5 x 2 numbers"):
        numbers(arrays, "gt", (None, 5, 2), path)
    with pytest.raises(DataError, match=r"'text' is <U4 1, expected N numbers"):
        numbers(arrays, "text", (None,), path)


def test_value_that_is_not_finite_is_located(tmp_path: Path) -> None:
    values = np.ones((4, 2))
    values[2, 1] = np.nan
    with pytest.raises(DataError, match="array 'hw', row 2: a value is not finite"):
        numbers({"hw": values}, "hw", (None, 2), tmp_path / "a.mat")


@pytest.mark.parametrize("kept", [0, 60, 150, 300])
def test_cut_off_matlab_file_is_told(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"gt": np.random.default_rng(0).random((20, 5, 2))}, do_compression=True)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"a.mat: (not a whole MATLAB file|no array)"):
        numbers(load_mat(path), "gt", (None, 5, 2), path)


def test_other_files_are_no_matlab_files() -> None:
    with pytest.raises(DataError, match=r"a.mat: saved by MATLAB 7.3 \(HDF5\); save it again"):
        parse_mat(b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(600), "a.mat")
    with pytest.raises(DataError, match=r"a.mat: the file is an HTML page"):
        parse_mat(PAGE.encode(), "a.mat")
    with pytest.raises(DataError, match="not a whole MATLAB file"):
        parse_mat(b"just some text " * 40, "a.mat")


def test_box_is_cut_and_squeezed_with_its_points() -> None:
    picture = dotted_photo((100, 60), [(40, 30)])
    box = (20.0, 15.0, 60.0, 45.0)
    assert squeeze(picture, box, 16).shape == (3, 16, 16)
    np.testing.assert_allclose(
        to_box(np.array([[40.0, 30.0], [20, 45]]), box), [[0.5, 0.5], [0, 1]]
    )
    assert whole(picture, 0.1) == (10.0, 6.0, 90.0, 54.0)


def test_box_beyond_the_photo_repeats_its_edge() -> None:
    picture = dotted_photo((20, 20), seed=3)
    pixels = np.array(picture)
    pixels[:, 0] = 200
    got = squeeze(Image.fromarray(pixels), (-20.0, 0.0, 20.0, 20.0), 40)
    assert (got[:, :, :18] == 200).all()
    assert (got[:, :, 30:] < 80).all()
