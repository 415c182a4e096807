from pathlib import Path

import numpy as np
import pytest
from official_trees_d import make_svhn_tree, svhn_arrays
from scipy.io import savemat

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.svhn.dataset import SVHN
from harness_datasets.svhn.options import SVHNOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_svhn_tree(tmp_path)


def opened(root: Path, **options: object) -> SVHN:
    return SVHN(root, SVHNOptions(**options))


def test_files_are_the_splits(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.splits() == ["train", "test"]
    assert len(dataset.ids("train")) == 25
    assert dataset.ids("test")[:2] == ["test/000000", "test/000001"]


def test_extra_is_a_split_where_its_file_is(tmp_path: Path) -> None:
    dataset = opened(make_svhn_tree(tmp_path, extra=7))
    assert dataset.splits() == ["train", "test", "extra"]
    assert len(dataset.ids("extra")) == 7


def test_pixels_are_the_file_s_at_their_own_size(tree: Path) -> None:
    image = opened(tree).read("train", [3], 32).images[0]
    expected = np.zeros((3, 32, 32), np.uint8)
    expected[0, 4:28, 14] = 255
    expected[2] = 8
    np.testing.assert_array_equal(image, expected)
    assert opened(tree).read("train", [3], 16).images.shape == (1, 3, 16, 16)


def test_label_ten_is_the_digit_nought(tree: Path) -> None:
    samples = opened(tree).read("train", [0, 8, 9, 10], 32)
    assert samples.attributes.dtype == np.float32
    np.testing.assert_array_equal(samples.attributes, np.eye(10)[[1, 9, 0, 1]])


def test_one_digit_alone_may_be_asked_for(tree: Path) -> None:
    dataset = opened(tree, digit=0)
    assert dataset.ids("train") == ["train/000009", "train/000019"]
    assert (dataset.read("train", [0, 1], 32).images[:, 2, 0, 0] == [14, 24]).all()
    with pytest.raises(ConfigError, match="digit"):
        validate(SVHNOptions, {"digit": 10}, "suite")


def test_single_image_is_read(tmp_path: Path) -> None:
    dataset = opened(make_svhn_tree(tmp_path, train=1))
    assert dataset.read("train", [0], 32).images[0, 0, 5, 11] == 255


def test_names_need_no_pixels(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness_datasets.svhn import dataset as module

    read = []
    load = module.load_mat

    def spied(path: Path, *, only: tuple[str, ...]) -> dict:
        read.append((path.name, *only))
        return load(path, only=only)

    monkeypatch.setattr(module, "load_mat", spied)
    dataset = opened(tree)
    dataset.ids("train")
    assert read == [("train_32x32.mat", "y")]
    dataset.read("train", [0], 32)
    dataset.read("train", [1], 32)
    assert read[1:] == [("train_32x32.mat", "X")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.full((25, 1), 11)}, "label 0 is 11, expected 1 to 10"),
        ({"y": np.full((25, 2), 1)}, "array 'y' is int64 of 2 dimensions"),
        ({"y": np.full((24, 1), 1)}, "uint8 32 x 32 x 3 x 25, expected uint8 32 x 32 x 3 x 24"),
        ({"X": np.zeros((32, 32, 3, 25))}, "array 'X' is float64 32 x 32 x 3 x 25, expected uint8"),
        ({"X": np.zeros((25, 32, 32, 3), np.uint8)}, "array 'X' is uint8 25 x 32 x 32 x 3"),
        ({"y": None}, "no array 'y' of labels"),
        ({"X": None}, "no array 'X' of pixels"),
    ],
)
def test_malformed_arrays_are_told(tree: Path, change: dict, message: str) -> None:
    arrays = {k: v for k, v in {**svhn_arrays(25), **change}.items() if v is not None}
    savemat(tree / "train_32x32.mat", arrays)
    with pytest.raises(DataError, match=f"train_32x32.mat: .*{message}"):
        opened(tree).read("train", [0], 32)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>404</html>", "is an HTML page"),
        (b"MATLAB 7.3 MAT-file".ljust(600), "saved by MATLAB 7.3"),
        (None, "no array 'y' of labels, or it is cut off before it"),
    ],
    ids=["page", "newer", "cut off"],
)
def test_broken_files_are_told(tree: Path, data: bytes | None, message: str) -> None:
    path = tree / "train_32x32.mat"
    path.write_bytes(path.read_bytes()[:400] if data is None else data)
    with pytest.raises(DataError, match=message):
        opened(tree).ids("train")


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree, digit=3).check() == [
        ("train", False, "25 images, expected 73,257"),
        ("test", False, "12 images, expected 26,032"),
    ]
    expected = {"train": 25, "test": 12, "extra": 0}
    monkeypatch.setattr("harness_datasets.svhn.dataset.EXPECTED", expected)
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_source_changes_with_options_and_files(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, digit=1).source() != before
    savemat(tree / "test_32x32.mat", svhn_arrays(3))
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'extra', there are train, test"):
        opened(tree).ids("extra")
    (tree / "test_32x32.mat").unlink()
    with pytest.raises(DataError, match=r"'test_32x32\.mat' is missing") as error:
        opened(tree)
    assert "ufldl.stanford.edu" in str(error.value)
