from pathlib import Path

import numpy as np
import pytest
from official_trees_d import make_flowers_tree
from trees import write_zip

from harness.errors import DataError
from harness_datasets.flowers_102.dataset import Flowers102
from harness_datasets.flowers_102.options import Flowers102Options

SIZES = {"train": 5, "val": 4, "test": 9}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_flowers_tree(tmp_path)


def opened(root: Path) -> Flowers102:
    return Flowers102(root, Flowers102Options(shape="squeeze", masks=True, captions=False))


def test_splits_are_the_official_ones_in_the_order_of_numbers(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert {split: len(dataset.ids(split)) for split in dataset.splits()} == SIZES
    everything = [name for split in SIZES for name in dataset.ids(split)]
    assert sorted(everything) == [f"image_{number:05d}" for number in range(1, 19)]
    assert all(list(dataset.ids(split)) == sorted(dataset.ids(split)) for split in SIZES)


def test_foreground_is_what_is_notpainted(tree: Path) -> None:
    samples = opened(tree).read("train", range(5), 32)
    assert samples.landmarks is None
    assert samples.foreground[:, :15].all()
    assert not samples.foreground[:, 17:].any()
    assert (samples.images[:, 0, :15] > 180).all()


def test_rule_looks_at_every_channel_of_the_resized_pixels() -> None:
    from harness_datasets.flowers_102.masks import painted

    pixels = np.array([[0, 9, 9, 9, 1], [9, 0, 9, 9, 1], [9, 9, 254, 255, 253]], np.uint8)
    assert painted(pixels[:, None]).tolist() == [[True, True, True, False, False]]


def test_images_may_stay_in_zips(tree: Path) -> None:
    before = opened(tree).read("val", range(4), 16)
    for name in ("jpg", "segmim"):
        folder = tree / name
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        write_zip(tree / f"{name}.zip", files)
        folder.rename(tree / f"{name}_away")
    after = opened(tree).read("val", range(4), 16)
    np.testing.assert_array_equal(after.images, before.images)
    np.testing.assert_array_equal(after.foreground, before.foreground)


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[2] == ("test", False, "9 images, expected 6,149")
    monkeypatch.setattr(Flowers102, "expected", SIZES)
    assert all(fine for _, fine, _ in opened(tree).check())
    name = opened(tree).ids("val")[0]
    (tree / "segmim" / f"{name.replace('image', 'segmim')}.jpg").unlink()
    assert opened(tree).check()[-1] == ("masks", False, f"1 photos have none; the first: {name}")
    with pytest.raises(DataError, match=r"segmim: .* cannot be read"):
        opened(tree).read("val", [0], 16)


def test_photos_that_are_not_on_disk_are_left_out(tree: Path) -> None:
    name = opened(tree).ids("test")[0]
    (tree / "jpg" / f"{name}.jpg").unlink()
    assert name not in opened(tree).ids("test")
    assert len(opened(tree).ids("test")) == 8


def test_cut_mask_is_told(tree: Path) -> None:
    name = opened(tree).ids("train")[0].replace("image", "segmim") + ".jpg"
    path = tree / "segmim" / name
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=f"{name}: the image is broken or cut off"):
        opened(tree).read("train", [0], 16)


def test_source_changes_with_the_files(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    next((tree / "segmim").iterdir()).unlink()
    assert opened(tree).source() != before


@pytest.mark.parametrize("name", ["setid.mat", "jpg", "segmim"])
def test_missing_files_and_splits_are_named(tree: Path, name: str) -> None:
    with pytest.raises(DataError, match="no split 'all', there are train, val, test"):
        opened(tree).ids("all")
    (tree / name).rename(tree / "away")
    with pytest.raises(DataError, match=f"'{name}/?' is missing") as error:
        opened(tree)
    assert "vgg/data/flowers/102" in str(error.value)
