import hashlib
from pathlib import Path

import numpy as np
import pytest
from official_trees_c import make_celeba_hq_tree, ramp
from PIL import Image
from trees import encoded, write_files, write_zip

from harness.errors import DataError
from harness_datasets.celeba_hq.dataset import CelebAHQ
from harness_datasets.celeba_hq.options import CelebAHQOptions
from harness_datasets.crops import squeeze
from harness_datasets.random_crop import random_part

IMAGES = "CelebA-HQ-img"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_celeba_hq_tree(tmp_path)


def opened(root: Path, **options: object) -> CelebAHQ:
    return CelebAHQ(root, CelebAHQOptions(**options))


def test_ids_are_numbers_in_their_order(tree: Path) -> None:
    assert opened(tree.parent).ids("all") == [f"{number:05d}" for number in range(12)]
    blue = opened(tree).read("all", range(12), 8).images[:, 2].mean(axis=(1, 2))
    assert np.abs(blue - 40 * np.arange(12) % 251).max() < 4


def test_test_is_a_thirtieth_by_hash(tmp_path: Path) -> None:
    photo = encoded(ramp(8, 8, 0))
    write_files(tmp_path, {f"{number:05d}.png": photo for number in range(60)})
    dataset = opened(tmp_path)
    ids = dataset.ids("all")
    test = sorted(ids, key=lambda name: hashlib.sha256(name.encode()).digest())[:2]
    assert dataset.ids("test") == sorted(test)
    assert dataset.ids("train") == [name for name in ids if name not in test]
    assert dataset.splits() == ["all", "train", "test"]


def test_editions_have_the_same_ids_splits_and_pixels(tree: Path, tmp_path: Path) -> None:
    before = opened(tree).read("train", range(11), 16)
    photos = {path.name: path.read_bytes() for path in (tree / IMAGES).iterdir()}
    plain = write_files(tmp_path / "plain", photos)
    padded = {f"hq{int(Path(name).stem):05d}.jpg": data for name, data in photos.items()}
    write_files(tmp_path / "padded", padded)
    for edition in (plain, tmp_path / "padded"):
        after = opened(edition).read("train", range(11), 16)
        assert after.ids == before.ids
        np.testing.assert_array_equal(after.images, before.images)
    for start in ("", f"{IMAGES}/"):
        zipped = tmp_path / f"zipped{len(start)}"
        write_zip(zipped / f"{IMAGES}.zip", {start + name: data for name, data in photos.items()})
        after = opened(zipped).read("train", range(11), 16)
        assert after.ids == before.ids
        np.testing.assert_array_equal(after.images, before.images)


def test_photo_is_cropped_by_its_id(tree: Path) -> None:
    """The colours of a ramp tell which part of it is seen."""
    dataset = opened(tree)
    images = dataset.read("all", range(12), 32).images / 255
    for name, image in zip(dataset.ids("all"), images, strict=True):
        left, top, right, bottom = random_part((0, 0, 1, 1), name, CelebAHQOptions())
        inset = 1.5 * (right - left) / 32
        across, down = image[0, 5, [1, -2]], image[1, [1, -2], 5]
        np.testing.assert_allclose(across, [left + inset, right - inset], atol=0.02)
        np.testing.assert_allclose(down, [top + inset, bottom - inset], atol=0.02)


def test_whole_photo_is_squeezed_where_nothing_is_cropped(tree: Path) -> None:
    image = opened(tree, smallest_crop=1.0).read("all", [3], 32).images[0]
    with Image.open(tree / IMAGES / "3.jpg") as photo:
        np.testing.assert_array_equal(image, squeeze(photo, (0, 0, 64, 64), 32))


def test_crop_is_the_same_in_every_split_and_for_every_reader(tree: Path) -> None:
    dataset, again = opened(tree), opened(tree)
    for split in ("train", "test"):
        for row, name in enumerate(dataset.ids(split)):
            own = dataset.read(split, [row], 16).images
            np.testing.assert_array_equal(own, again.read("all", [int(name)], 16).images)
    other = opened(tree, crop_seed=1).read("all", [0], 16).images
    assert (other != dataset.read("all", [0], 16).images).any()


def test_photos_have_no_labels(tree: Path) -> None:
    samples = opened(tree).read("test", [0], 64)
    assert samples.images.shape == (1, 3, 64, 64)
    assert samples.landmarks is samples.attributes is samples.foreground is None


def test_photo_that_is_no_square_is_refused(tree: Path) -> None:
    write_files(tree / IMAGES, {"0.jpg": encoded(ramp(64, 60, 0), "JPEG")})
    with pytest.raises(DataError, match=r"0\.jpg: 64 x 60 px, expected a square"):
        opened(tree).read("all", [0], 16)


def test_photo_is_not_enlarged_in_silence(tree: Path) -> None:
    with pytest.raises(DataError, match=r"64 x 64 px, fewer than the 65 px.*image_size=64"):
        opened(tree).read("all", [0], 65)


def test_names_need_a_number_of_their_own(tree: Path) -> None:
    write_files(tree / IMAGES, {"00003.png": encoded(ramp(64, 64, 0))})
    with pytest.raises(DataError, match=r"'.*00003.png' and '.*3.jpg' have the same number"):
        opened(tree)
    (tree / IMAGES / "00003.png").unlink()
    write_files(tree / IMAGES, {"face.png": encoded(ramp(64, 64, 0))})
    with pytest.raises(DataError, match=r"face.png: expected a name that ends in a number"):
        opened(tree)


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[1] == ("train", False, "11 images, expected 29,000")
    monkeypatch.setattr(CelebAHQ, "expected", {"all": 12, "train": 11, "test": 1})
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True, True]


def test_broken_photos_are_told(tree: Path) -> None:
    photo = tree / IMAGES / "0.jpg"
    photo.write_bytes(photo.read_bytes()[:400])
    with pytest.raises(DataError, match=r"0\.jpg: the image is broken or cut off"):
        opened(tree).read("all", [0], 16)
    photo.write_text("<html>quota exceeded</html>")
    with pytest.raises(DataError, match=r"0\.jpg: the file is an HTML page"):
        opened(tree).read("all", [0], 16)


def test_source_changes_with_options_and_photos(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, crop_seed=1).source() != before
    (tree / IMAGES / "3.jpg").unlink()
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are all, train, test"):
        opened(tree).ids("val")
    with pytest.raises(DataError, match="pass it with --data"):
        CelebAHQ(None, CelebAHQOptions())
    with pytest.raises(DataError, match="there is no folder"):
        opened(tmp_path / "nowhere")
    (tree / IMAGES).rename(tree / "away")
    with pytest.raises(DataError, match="'CelebA-HQ-img/' is missing") as error:
        opened(tree)
    assert "CelebAMask-HQ" in str(error.value)
    (tree / IMAGES).mkdir()
    with pytest.raises(DataError, match="CelebA-HQ-img has no image"):
        opened(tree)
