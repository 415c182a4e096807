from pathlib import Path

import numpy as np
import pytest
from official_trees_a import assert_on_dots, make_prepared_cats, make_published_cats
from PIL import Image
from scipy.io import loadmat, savemat
from trees import write_files, write_zip

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.cat_head.dataset import CatHead
from harness_datasets.cat_head.options import CatHeadOptions

PAGE = "<!DOCTYPE html><html>moved</html>"


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    return make_prepared_cats(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_published_cats(tmp_path)


def opened(root: Path, **options: object) -> CatHead:
    return CatHead(root, CatHeadOptions(**options))


def test_prepared_lists_are_the_splits(crops: Path) -> None:
    dataset = opened(crops.parent)
    assert dataset.splits() == ["train", "test"]
    assert len(dataset.ids("train")) == 12
    assert dataset.ids("test")[0] == "test_000.jpg"


def test_prepared_landmarks_lie_on_their_dots(crops: Path) -> None:
    samples = opened(crops).read("train", [0, 4, 9], 80)
    assert samples.landmarks.shape == (3, 7, 2)
    assert samples.visible.all()
    assert_on_dots(samples.images, samples.landmarks)


def test_prepared_crop_is_the_centre_80_of_100(crops: Path) -> None:
    samples = opened(crops).read("test", [0], 80)
    with Image.open(crops / "cat_images/test_000.jpg") as photo:
        expected = np.asarray(photo.crop((10, 10, 90, 90))).transpose(2, 0, 1)
    np.testing.assert_array_equal(samples.images[0], expected)
    y, x = loadmat(crops / "cat_data/cat_test_keypoints.mat")["gt"][0, 1]
    np.testing.assert_allclose(samples.landmarks[0, 1], [(x - 10) / 80, (y - 10) / 80], rtol=1e-6)


def test_landmarks_are_chosen_by_an_option(crops: Path) -> None:
    usual, every = opened(crops), opened(crops, points=tuple(range(9)))
    assert usual.landmark_names[:3] == ("left eye", "right eye", "mouth")
    assert not {"left ear 2", "right ear 2"} & set(usual.landmark_names)
    assert len(every.landmark_names) == 9
    got = every.read("test", [0], 16).landmarks[:, [0, 1, 2, 3, 5, 6, 8]]
    np.testing.assert_array_equal(got, usual.read("test", [0], 16).landmarks)


def test_landmark_cannot_be_chosen_twice() -> None:
    with pytest.raises(ConfigError, match="a landmark is named twice"):
        validate(CatHeadOptions, {"points": [1, 1]}, "suite")


def test_published_photos_have_splits_of_their_own_name(photos: Path) -> None:
    dataset = opened(photos.parent)
    assert dataset.splits() == ["hash_train", "hash_test"]
    train, test = (dataset.ids(split) for split in dataset.splits())
    assert (len(train), len(test)) == (17, 3)
    assert not set(train) & set(test)
    assert train[0].startswith("CAT_00/")
    with pytest.raises(DataError, match="no split 'train', there are hash_train, hash_test"):
        dataset.ids("train")


def test_published_landmarks_lie_on_their_dots(photos: Path) -> None:
    dataset = opened(photos)
    samples = dataset.read("hash_train", range(17), 80)
    assert samples.landmarks.shape == (17, 7, 2)
    assert_on_dots(samples.images, samples.landmarks)


def test_square_around_the_landmarks_keeps_a_tenth_beside_them(photos: Path) -> None:
    every = tuple(range(9))
    points = opened(photos, points=every).read("hash_test", range(3), 16).landmarks
    # The tree's head is as wide as it is high: 1.2 times its side is cut out, 1.5 x 0.8.
    np.testing.assert_allclose(points.min(axis=1), 0.1 / 1.2, atol=0.01)
    np.testing.assert_allclose(points.max(axis=1), 1.1 / 1.2, atol=0.01)
    near = opened(photos, points=every, margin=0.125).read("hash_test", range(3), 16).landmarks
    np.testing.assert_allclose(near.max(axis=1) - near.min(axis=1), 1, atol=0.02)


def test_square_beyond_the_photo_repeats_the_edge(photos: Path) -> None:
    name = "CAT_01/00000001_000.jpg"
    write_files(photos, {f"{name}.cat": "9 0 0 40 0 20 30 0 0 0 0 5 0 35 0 40 0 40 10 "})
    dataset = opened(photos)
    split = "hash_train" if name in dataset.ids("hash_train") else "hash_test"
    samples = dataset.read(split, [list(dataset.ids(split)).index(name)], 40)
    assert samples.images[0, :, 0, 0].max() < 100


def test_lists_beside_published_photos_give_the_splits(photos: Path) -> None:
    lists = {
        "cat_data/cat_train_images.txt": "00000003_000.jpg\nCAT_01/00000001_000.jpg\nx.jpg",
        "cat_data/cat_test_images.txt": "CAT_02/00000002_000.jpg",
    }
    dataset = opened(write_files(photos, lists))
    assert dataset.ids("train") == ["CAT_03/00000003_000.jpg", "CAT_01/00000001_000.jpg"]
    assert dataset.ids("test") == ["CAT_02/00000002_000.jpg"]
    write_files(photos, {"cat_data/cat_test_images.txt": "other.jpg"})
    with pytest.raises(DataError, match=r"no photo of cat_test_images.txt is below .*'other.jpg'"):
        opened(photos).ids("test")


def test_prepared_images_may_stay_in_a_zip(crops: Path) -> None:
    loose = opened(crops).read("train", range(12), 16)
    folder = crops / "cat_images"
    files = {f"cat_images/{path.name}": path.read_bytes() for path in folder.iterdir()}
    write_zip(crops / "cat_images.zip", files)
    folder.rename(crops / "elsewhere")
    zipped = opened(crops).read("train", range(12), 16)
    np.testing.assert_array_equal(zipped.images, loose.images)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("9 1 2 3 4", r"00000002_000.jpg.cat: 5 numbers, expected 19: '9 x1 y1 ... x9 y9'"),
        ("8 " + "1 " * 18, r"00000002_000.jpg.cat: 19 numbers, expected 19"),
        ("9 " + "a " * 18, r"00000002_000.jpg.cat: expected whole numbers"),
        ("9 " + "7 " * 18, r"00000002_000.jpg.cat: all points are the same"),
        (PAGE, r"00000002_000.jpg.cat: the file is an HTML page"),
    ],
)
def test_malformed_annotation_is_told(photos: Path, content: str, message: str) -> None:
    name = "CAT_02/00000002_000.jpg"
    write_files(photos, {f"{name}.cat": content})
    dataset = opened(photos)
    split = "hash_train" if name in dataset.ids("hash_train") else "hash_test"
    with pytest.raises(DataError, match=message):
        dataset.read(split, [list(dataset.ids(split)).index(name)], 16)


def test_truncated_files_are_told(crops: Path) -> None:
    photo = crops / "cat_images/test_001.jpg"
    photo.write_bytes(photo.read_bytes()[:200])
    with pytest.raises(DataError, match=r"test_001.jpg: the image is broken or cut off"):
        opened(crops).read("test", [1], 16)
    savemat(crops / "cat_data/cat_test_keypoints.mat", {"gt": np.ones((5, 7, 2))})
    with pytest.raises(DataError, match=r"'gt' is float64 5 x 7 x 2, expected N x 9 x 2 numbers"):
        opened(crops).ids("test")


def test_counts_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crops, photos = make_prepared_cats(tmp_path / "a"), make_published_cats(tmp_path / "b")
    assert opened(crops).check()[0] == ("train", False, "12 images, expected 7,747")
    assert opened(photos).check() == [("photos", False, "20 images, expected 9,997")]
    monkeypatch.setattr("harness_datasets.cat_head.dataset.EXPECTED", {"train": 12, "test": 5})
    assert [fine for _, fine, _ in opened(crops).check()] == [True, True]


def test_source_changes_with_options_and_annotations(photos: Path) -> None:
    before = opened(photos).source()
    assert opened(photos).source() == before
    assert opened(photos, margin=0.5).source() != before
    write_files(photos, {"CAT_02/00000002_000.jpg.cat": "9 1 2"})
    assert opened(photos).source() != before


def test_missing_edition_is_told_with_both_trees(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'cat_images/ or CAT_00/' is missing") as error:
        opened(tmp_path)
    assert "cat_train_keypoints.mat" in str(error.value)
    (tmp_path / "CAT_00").mkdir()
    with pytest.raises(DataError, match=r"no photo in CAT_00 ... CAT_06 has its annotation"):
        opened(tmp_path)
