from pathlib import Path

import numpy as np
import pytest
from official_trees_c import make_ffhq_tree, ramp
from trees import encoded, write_files, write_zip

from harness.errors import DataError
from harness_datasets.ffhq.dataset import FFHQ
from harness_datasets.ffhq.options import FFHQOptions

SMALL = "thumbnails128x128"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_ffhq_tree(tmp_path, folder=SMALL)


def opened(root: Path, images: str = SMALL, **options: object) -> FFHQ:
    return FFHQ(root, FFHQOptions(images=images, **options))


def test_splits_are_the_release_s_categories(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.ids("train") == ["00000", "00001", "00002", "00003"]
    assert dataset.ids("val") == ["60000", "60001"]
    assert dataset.ids("all") == [*dataset.ids("train"), *dataset.ids("val")]
    assert opened(tree).splits() == ["all", "train", "val"]


def test_thousandth_image_is_found_in_the_next_folder(tree: Path) -> None:
    write_files(tree / SMALL, {"01000/01000.png": encoded(ramp(128, 128, 5))})
    dataset = opened(tree)
    assert dataset.ids("train")[-2:] == ["00003", "01000"]
    assert dataset.read("train", [4], 8).images[0, 2].mean() == 200


def test_both_editions_show_the_same_part(tmp_path: Path) -> None:
    """The colours of a ramp tell which part of it is seen, whatever its size."""
    make_ffhq_tree(tmp_path, train=2, val=1, folder=SMALL)
    make_ffhq_tree(tmp_path, train=2, val=1)
    small, large = opened(tmp_path), FFHQ(tmp_path, FFHQOptions())
    assert large.options.images == "images1024x1024"
    assert small.ids("all") == large.ids("all")
    pair = [dataset.read("all", range(3), 32).images.astype(int) for dataset in (small, large)]
    assert np.abs(pair[0] - pair[1]).max() <= 2
    assert large.read("all", [0], 256).images.shape == (1, 3, 256, 256)


def test_a_part_of_every_face_is_kept(tree: Path) -> None:
    images = opened(tree).read("all", range(6), 64).images.astype(float)
    spans = (images[:, 0, 32, -1] - images[:, 0, 32, 0]) / 255 * 64 / 63
    assert ((spans > 0.69) & (spans < 1)).all()
    assert len(set(spans.round(3))) == 6
    whole = opened(tree, smallest_crop=1.0).read("all", [0], 128).images[0]
    np.testing.assert_array_equal(whole, np.asarray(ramp(128, 128, 0)).transpose(2, 0, 1))


def test_images_may_stay_in_a_zip(tree: Path) -> None:
    before = opened(tree).read("all", range(6), 16)
    folder = tree / SMALL
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in folder.rglob("*.png")}
    write_zip(tree / f"{SMALL}.zip", files)
    folder.rename(tree / "elsewhere")
    after = opened(tree).read("all", range(6), 16)
    assert after.ids == before.ids
    np.testing.assert_array_equal(after.images, before.images)


def test_photo_of_another_size_is_refused(tree: Path) -> None:
    write_files(tree / SMALL, {"00000/00000.png": encoded(ramp(128, 100, 0))})
    with pytest.raises(DataError, match=r"00000.png: 128 x 100 px, expected 128 x 128 px"):
        opened(tree).read("all", [0], 16)
    (tree / SMALL).rename(tree / "images1024x1024")
    with pytest.raises(DataError, match=r"00001.png: 128 x 128 px, expected 1024 x 1024 px"):
        opened(tree, "images1024x1024").read("all", [1], 16)


def test_thumbnails_are_not_enlarged_in_silence(tree: Path) -> None:
    with pytest.raises(DataError, match=r"128 x 128 px, fewer than the 256 px asked for"):
        opened(tree).read("all", [0], 256)


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[2] == ("val", False, "2 images, expected 10,000")
    monkeypatch.setattr(FFHQ, "expected", {"all": 6, "train": 4, "val": 2})
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True, True]


def test_source_changes_with_options_and_photos(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, smallest_crop=0.8).source() != before
    (tree / SMALL / "60000/60001.png").unlink()
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there are all, train, val"):
        opened(tree).ids("test")
    with pytest.raises(DataError, match="'images1024x1024/' is missing") as error:
        opened(tree, "images1024x1024")
    assert "NVlabs/ffhq-dataset" in str(error.value)
    write_files(tree / SMALL, {"readme.png": encoded(ramp(128, 128, 0))})
    with pytest.raises(DataError, match=r"readme.png: expected a name that ends in a number"):
        opened(tree)
    (tree / "images1024x1024").mkdir()
    with pytest.raises(DataError, match="images1024x1024 has no image"):
        opened(tree, "images1024x1024")
