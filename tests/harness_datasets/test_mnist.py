import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from official_trees_a import idx, make_mnist_tree

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.mnist.dataset import MNIST
from harness_datasets.mnist.idx import IMAGES, LABELS, read_idx
from harness_datasets.mnist.options import MNISTOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_mnist_tree(tmp_path)


def opened(root: Path, **options: object) -> MNIST:
    return MNIST(root, MNISTOptions(**options))


def test_official_files_are_the_splits(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.splits() == ["train", "test"]
    assert len(dataset.ids("train")) == 40
    assert dataset.ids("test")[:2] == ["test/00000", "test/00001"]


def test_pixels_are_the_file_s_at_their_own_size(tree: Path) -> None:
    samples = opened(tree).read("train", [3], 28)
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 10:12] = 255
    np.testing.assert_array_equal(samples.images[0], [expected] * 3)
    assert samples.landmarks is None


def test_attributes_tell_the_digit(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.attribute_names[7] == "is_7"
    attributes = dataset.read("train", [0, 7, 19], 28).attributes
    assert attributes.dtype == np.float32
    np.testing.assert_array_equal(attributes, np.eye(10)[[0, 7, 9]])


def test_one_digit_alone_may_be_asked_for(tree: Path) -> None:
    dataset = opened(tree, digit=3)
    assert dataset.ids("train") == ["train/00003", "train/00013", "train/00023", "train/00033"]
    samples = dataset.read("train", [1, 3], 28)
    assert samples.ids == ["train/00013", "train/00033"]
    assert (samples.attributes.argmax(axis=1) == 3).all()
    with pytest.raises(ConfigError, match="digit"):
        validate(MNISTOptions, {"digit": 10}, "suite")


def test_padding_comes_before_the_resize(tree: Path) -> None:
    padded = opened(tree, padding=14).read("train", [0], 56).images[0]
    np.testing.assert_array_equal(
        padded[:, 14:42, 14:42], opened(tree).read("train", [0], 28).images[0]
    )
    assert padded.sum() == padded[:, 14:42, 14:42].sum()
    assert opened(tree).read("train", [0], 32).images.shape == (1, 3, 32, 32)


def test_gzipped_files_and_other_names_give_the_same(tree: Path) -> None:
    before = opened(tree).read("test", range(20), 28)
    inner = tree / "raw"
    inner.mkdir()
    for path in tree.glob("*-ubyte"):
        dotted = path.name.replace("-idx", ".idx")
        (inner / f"{dotted}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    after = opened(tree).read("test", range(20), 28)
    np.testing.assert_array_equal(after.images, before.images)
    np.testing.assert_array_equal(after.attributes, before.attributes)


def test_idx_is_read_big_endian(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    np.testing.assert_array_equal(read_idx(path, IMAGES), [[[1, 2, 3], [4, 5, 6]]])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\0\0\x08", "3 bytes, cut off in the header of 8 bytes"),
        (struct.pack("<II", LABELS, 1) + b"\1", "magic number 0x01080000, expected 0x00000801"),
        (
            idx(np.zeros((2, 2, 2), np.uint8), IMAGES),
            "magic number 0x00000803, expected 0x00000801",
        ),
        (idx(np.zeros(9, np.uint8), LABELS)[:-1], "states 9 bytes, so 17 in all, but .* has 16"),
        (idx(np.zeros(9, np.uint8), LABELS) + b"x", "so 17 in all, but the file has 18"),
        (gzip.compress(idx(np.zeros(9, np.uint8), LABELS))[:-6], "gzip file is broken or cut off"),
        (b"\x1f\x8b" + b"nonsense", "gzip file is broken or cut off"),
        (b"<!DOCTYPE html><p>403", "the file is an HTML page"),
        (gzip.compress(b"<html>403</html>"), "the file is an HTML page"),
    ],
    ids=[
        "cut header",
        "little-endian",
        "images for labels",
        "too short",
        "too long",
        "cut gzip",
        "no gzip",
        "page",
        "gzipped page",
    ],
)
def test_malformed_idx_is_told(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"labels: .*{message}"):
        read_idx(path, LABELS)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("t10k-labels-idx1-ubyte", np.zeros(19, np.uint8), "19 labels for 20 images"),
        ("t10k-labels-idx1-ubyte", np.full(20, 12, np.uint8), "label 0 is 12, expected 0 to 9"),
        ("t10k-images-idx3-ubyte", np.zeros((20, 8, 9), np.uint8), "images of 9 x 8 px, expected"),
    ],
)
def test_files_that_do_not_fit_are_told(
    tree: Path, name: str, array: np.ndarray, message: str
) -> None:
    (tree / name).write_bytes(idx(array, LABELS if array.ndim == 1 else IMAGES))
    with pytest.raises(DataError, match=f"{name}: {message}"):
        opened(tree).ids("test")


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree, digit=3).check() == [
        ("train", False, "40 images, expected 60,000"),
        ("test", False, "20 images, expected 10,000"),
    ]
    monkeypatch.setattr("harness_datasets.mnist.dataset.EXPECTED", {"train": 40, "test": 20})
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_source_changes_with_options_and_files(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, digit=1).source() != before
    (tree / "t10k-labels-idx1-ubyte").write_bytes(b"")
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="'t10k-labels-idx1-ubyte' is missing") as error:
        opened(tree)
    assert "60,000 images" in str(error.value)
