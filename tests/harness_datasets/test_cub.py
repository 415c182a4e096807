from pathlib import Path

import numpy as np
import pytest
from official_trees_a import assert_on_dots
from official_trees_d import BIRD, make_cub_tree
from PIL import Image
from trees import encoded, write_files

from harness.errors import DataError
from harness_datasets.cub.dataset import CUB
from harness_datasets.cub.options import CUBOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_cub_tree(tmp_path)


def opened(root: Path, **options: object) -> CUB:
    return CUB(root, CUBOptions(**options))


def test_both_lists_give_their_splits(tree: Path) -> None:
    dataset = opened(tree.parent)
    sizes = {split: len(dataset.ids(split)) for split in dataset.splits()}
    assert sizes == {"train": 10, "test": 10, "redo_train": 14, "redo_val": 2, "redo_test": 4}
    assert dataset.ids("train")[:2] == [
        "002.Laysan_Albatross/Bird_0001.jpg",
        "002.Laysan_Albatross/Bird_0003.jpg",
    ]
    assert [name[-8:-4] for name in dataset.ids("redo_val")] == ["0008", "0018"]
    assert not set(dataset.ids("redo_train")) & set(dataset.ids("redo_test"))


def test_landmarks_lie_on_their_dots_and_hidden_ones_are_nan(tree: Path) -> None:
    dataset = opened(tree)
    samples = dataset.read("redo_train", range(14), 128)
    assert samples.landmarks.dtype == np.float32
    hidden = ~samples.visible
    assert [dataset.ids("redo_train")[row][-8:-4] for row in (3, 8, 12)] == [
        "0004",
        "0012",
        "0016",
    ]
    assert np.argwhere(hidden).tolist() == [[3, 3], [8, 3], [12, 3]]
    assert np.isnan(samples.landmarks[hidden]).all()
    np.testing.assert_allclose(samples.landmarks[0], BIRD, atol=1e-3)
    shown = [row for row in range(14) if row not in (3, 8, 12)]
    assert_on_dots(samples.images[shown], samples.landmarks[shown])


def test_mask_is_squeezed_with_its_photo_and_cut_at_its_level(tree: Path) -> None:
    usual = opened(tree).read("train", [0], 64).foreground[0]
    assert usual[:, :31].all()
    assert not usual[:, 33:].any()
    lower = opened(tree, mask_level=0.3).read("train", [0], 64).foreground[0]
    assert lower[:, :47].all()
    assert not lower[:, 49:].any()


def test_first_channel_of_a_coloured_mask_counts(tree: Path) -> None:
    name = opened(tree).ids("train")[0]
    mask = Image.new("RGB", (50, 50), (200, 0, 0))
    write_files(tree.parent, {f"segmentations/{name[:-4]}.png": encoded(mask)})
    assert opened(tree).read("train", [0], 16).foreground.all()


def test_grey_photos_have_three_channels(tree: Path) -> None:
    name = opened(tree).ids("train")[0]
    grey = encoded(Image.new("L", (50, 50), 77), "JPEG", quality=95)
    write_files(tree, {f"images/{name}": grey})
    images = opened(tree).read("train", [0], 16).images
    assert images.shape == (1, 3, 16, 16)
    assert (images == 77).all()


def test_masks_may_lie_inside_the_folder(tree: Path) -> None:
    before = opened(tree).read("test", range(10), 32).foreground
    (tree.parent / "segmentations").rename(tree / "segmentations")
    np.testing.assert_array_equal(opened(tree).read("test", range(10), 32).foreground, before)


def test_photos_that_are_not_on_disk_are_left_out_and_counted(tree: Path) -> None:
    name = opened(tree).ids("redo_test")[0]
    (tree / "images" / name).unlink()
    dataset = opened(tree)
    assert name not in dataset.ids("redo_test")
    assert dataset.check()[4] == ("redo_test", False, "3 images, expected 1,000")


def test_counts_are_checked_and_missing_masks_named(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {"train": 10, "test": 10, "redo_train": 14, "redo_val": 2, "redo_test": 4}
    monkeypatch.setattr("harness_datasets.cub.dataset.EXPECTED", expected)
    assert all(fine for _, fine, _ in opened(tree).check())
    name = opened(tree).ids("train")[0]
    (tree.parent / "segmentations" / f"{name[:-4]}.png").unlink()
    assert opened(tree).check()[-1] == ("masks", False, f"1 photos have none; the first: {name}")
    with pytest.raises(DataError, match=r"segmentations: '.*png' cannot be read"):
        opened(tree).read("train", [0], 16)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("images.txt", "1 a/b.jpg\n3 a/c.jpg\n", "images.txt line 2: expected '2 CLASS/NAME.jpg'"),
        ("images.txt", "1 a/b.jpg\n2 a/b.jpg\n", "images.txt line 2: 'a/b.jpg' is there twice"),
        ("images.txt", "", "images.txt: the file has no line"),
        ("train_test_split.txt", "1 0\n2 1\n", "2 rows, expected 20 for the photos of images.txt"),
        ("train_test_split.txt", "<html>404</html>", "split.txt: the file is an HTML page"),
        ("train_val_test_split.txt", "1 0\nx 1\n", "line 2: expected 2 numbers: photo split"),
        ("train_val_test_split.txt", "1 0 7\n2 1\n", "line 1: expected 2 numbers: photo split"),
        ("train_val_test_split.txt", "1 0\n2 nan\n", "line 2: expected 2 numbers"),
    ],
)
def test_malformed_lists_are_told(tree: Path, name: str, text: str, message: str) -> None:
    (tree / name).write_text(text)
    with pytest.raises(DataError, match=message):
        opened(tree).ids("train")


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("train_val_test_split.txt", "3 0\n", "3 4\n", "line 3: split 4, expected 0, 1, 2"),
        ("train_test_split.txt", "3 1\n", "4 1\n", "line 3: number 4, expected 3"),
        ("parts/part_locs.txt", "2 3 ", "2 4 ", "line 18: number 4, expected 3"),
        ("parts/part_locs.txt", "\n2 1 ", "\n2 1 x", "line 16: expected 5 numbers: photo part"),
        ("parts/part_locs.txt", "0.0 0.0 0", "0.0 0.0 2", "line 49: visible is 2, expected 0 or 1"),
    ],
)
def test_wrong_numbers_are_told(tree: Path, name: str, old: str, new: str, message: str) -> None:
    rewrite(tree / name, old, new)
    with pytest.raises(DataError, match=message):
        opened(tree).read("train", [0], 16)


def test_list_that_is_cut_off_is_told(tree: Path) -> None:
    path = tree / "parts/part_locs.txt"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataError, match=r"part_locs.txt(:| line) .*(rows, expected 300|5 numbers)"):
        opened(tree).read("train", [0], 16)


def test_broken_photos_are_told(tree: Path) -> None:
    photo = tree / "images" / opened(tree).ids("train")[0]
    photo.write_bytes(photo.read_bytes()[:200])
    with pytest.raises(DataError, match=r"Bird_0001\.jpg: the image is broken or cut off"):
        opened(tree).read("train", [0], 16)


def test_source_changes_with_options_lists_and_masks(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, mask_level=0.4).source() != before
    rewrite(tree / "train_val_test_split.txt", "3 0\n", "3 1\n")
    lists = opened(tree).source()
    assert lists != before
    next((tree.parent / "segmentations").rglob("*.png")).unlink()
    assert opened(tree).source() != lists


@pytest.mark.parametrize("name", ["train_val_test_split.txt", "parts/part_locs.txt", "images"])
def test_missing_files_are_named_with_their_home(tree: Path, name: str) -> None:
    (tree / name).rename(tree / "away")
    with pytest.raises(DataError, match=f"'{name}/?' is missing") as error:
        opened(tree)
    assert "caltech.edu" in str(error.value)
    assert "github.com/mickaelChen/ReDO" in str(error.value)


def test_unknown_split_is_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test, redo_train"):
        opened(tree).ids("val")
