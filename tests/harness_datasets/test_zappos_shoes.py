from pathlib import Path

import numpy as np
import pytest
from official_trees_a import make_zappos_tree
from PIL import Image
from trees import encoded, write_files, write_zip

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.zappos_shoes.dataset import ZapposShoes
from harness_datasets.zappos_shoes.options import ZapposShoesOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_zappos_tree(tmp_path)


def opened(root: Path, **options: object) -> ZapposShoes:
    return ZapposShoes(root, ZapposShoesOptions(**options))


def plain_tree(root: Path, grey: int) -> Path:
    photo = encoded(Image.new("RGB", (136, 102), (grey,) * 3), "PNG")
    return write_files(root, {"ut-zap50k-images/Shoes/Flats/Brand/1.png": photo})


def test_split_follows_the_names(tree: Path) -> None:
    dataset = opened(tree.parent)
    train, test = dataset.ids("train"), dataset.ids("test")
    assert (len(train), len(test)) == (29, 1)
    assert train == sorted(train)
    assert train[0].startswith("Boots/Ankle/Brand ")
    assert opened(tree).ids("test") == test


def test_photo_is_squeezed_into_a_white_border(tmp_path: Path) -> None:
    image = opened(plain_tree(tmp_path, 0)).read("train", [0], 80).images[0]
    white, black = round(0.9 * 255), round(0.1 * 255 + 0.001)
    inside = np.zeros((80, 80), bool)
    inside[8:72, 8:72] = True
    assert (image[:, ~inside] == white).all()
    assert (image[:, inside] == black).all()


def test_shape_is_kept_where_asked(tmp_path: Path) -> None:
    image = opened(plain_tree(tmp_path, 0), shape="keep").read("train", [0], 80).images[0]
    dark = image[0] < 100
    assert np.flatnonzero(dark.any(axis=0)).tolist() == list(range(8, 72))
    assert dark.any(axis=1).sum() == 48


def test_range_of_values_is_an_option(tmp_path: Path) -> None:
    root = plain_tree(tmp_path, 51)
    whole = opened(root, low=0.0, high=1.0, inner=1.0).read("train", [0], 16).images
    assert (whole == 51).all()
    squeezed = opened(root, inner=1.0).read("train", [0], 16).images
    # 0.1 x 255 + 0.8 x 51 = 66.3.
    assert (squeezed == 66).all()


def test_range_upside_down_is_refused() -> None:
    with pytest.raises(ConfigError, match="low must be below high"):
        validate(ZapposShoesOptions, {"low": 0.95}, "suite")


def test_photos_have_no_labels(tree: Path) -> None:
    samples = opened(tree).read("train", [0, 1], 64)
    assert samples.images.shape == (2, 3, 64, 64)
    assert samples.landmarks is None
    assert samples.attributes is None


def test_images_may_stay_in_the_official_zip(tree: Path) -> None:
    before = opened(tree).read("train", range(29), 16)
    folder = tree / "ut-zap50k-images"
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in folder.rglob("*.jpg")}
    write_zip(tree / "ut-zap50k-images.zip", files)
    folder.rename(tree / "elsewhere")
    after = opened(tree).read("train", range(29), 16)
    assert after.ids == before.ids
    np.testing.assert_array_equal(after.images, before.images)


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[0] == ("train", False, "29 images, expected 49,525")
    expected = {"train": 29, "test": 1}
    monkeypatch.setattr("harness_datasets.zappos_shoes.dataset.EXPECTED", expected)
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_broken_photos_are_told(tree: Path) -> None:
    dataset = opened(tree)
    photo = tree / "ut-zap50k-images" / dataset.ids("train")[0]
    photo.write_bytes(photo.read_bytes()[:150])
    with pytest.raises(DataError, match=r"\.jpg: the image is broken or cut off"):
        dataset.read("train", [0], 16)
    photo.write_text("<html>expired</html>")
    with pytest.raises(DataError, match=r"\.jpg: the file is an HTML page"):
        dataset.read("train", [0], 16)


def test_source_changes_with_options_and_photos(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree, inner=0.5).source() != before
    (tree / "ut-zap50k-images" / opened(tree).ids("train")[0]).unlink()
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / "ut-zap50k-images").rename(tree / "away")
    with pytest.raises(DataError, match="'ut-zap50k-images/' is missing") as error:
        opened(tree)
    assert "utzap50k" in str(error.value)
