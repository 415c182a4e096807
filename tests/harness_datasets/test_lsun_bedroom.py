import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from official_trees_c import bedrooms, make_lsun_tree, ramp, write_database
from trees import encoded, write_files, write_zip

from harness.errors import AssetMissing, DataError
from harness_datasets.lsun_bedroom.dataset import LsunBedroom
from harness_datasets.lsun_bedroom.options import LsunBedroomOptions

TRAIN, VAL = bedrooms(8), bedrooms(3, first=100)
#: The photos' numbers in the order of their keys.
ORDER = [list(TRAIN).index(key) for key in sorted(TRAIN)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_lsun_tree(tmp_path)


def opened(root: Path, **options: object) -> LsunBedroom:
    return LsunBedroom(root, LsunBedroomOptions(**options))


def exported(key: str) -> str:
    """The path that LSUN's script gives a photo."""
    return f"{'/'.join(key[:6])}/{key}.webp"


def as_folder(root: Path) -> None:
    write_files(root / "bedroom_train", {exported(key): data for key, data in TRAIN.items()})
    write_files(root / "bedroom_val", {f"{key}.jpg": data for key, data in VAL.items()})


def as_zip(root: Path) -> None:
    files = {f"bedroom_train/{exported(key)}": data for key, data in TRAIN.items()}
    write_zip(root / "bedroom_train.zip", {**files, "bedroom_train/notes.txt": "no photo"})
    write_zip(root / "bedroom_val.zip", {f"{key}.JPG": data for key, data in VAL.items()})


def test_keys_are_the_ids_in_their_order(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.splits() == ["train", "val"]
    assert dataset.ids("train") == sorted(TRAIN)
    assert dataset.ids("val") == sorted(VAL)
    blue = opened(tree).read("train", range(8), 16).images[:, 2].mean(axis=(1, 2))
    assert np.abs(blue - [40 * number % 251 for number in ORDER]).max() < 6


@pytest.mark.parametrize("write", [as_folder, as_zip])
def test_exported_photos_are_the_database_s(
    tree: Path, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "exported")
    database, photos = opened(tree), opened(tmp_path / "exported")
    for split, count in (("train", 8), ("val", 3)):
        assert photos.ids(split) == database.ids(split)
        got, expected = (d.read(split, range(count), 32).images for d in (photos, database))
        np.testing.assert_array_equal(got, expected)


def test_a_split_may_be_a_database_and_the_other_a_folder(tree: Path) -> None:
    for file in (tree / "bedroom_val_lmdb").iterdir():
        file.unlink()
    (tree / "bedroom_val_lmdb").rmdir()
    as_folder(tree)
    assert opened(tree).ids("val") == sorted(VAL)


def test_middle_square_or_the_whole_becomes_the_square(tree: Path) -> None:
    row = ORDER.index(5)  # 320 x 256 px
    centre = opened(tree).read("train", [row], 64).images[0] / 255
    assert centre[0, 32, [0, -1]] == pytest.approx([0.1 + 0.4 / 64, 0.9 - 0.4 / 64], abs=0.02)
    assert centre[1, [0, -1], 32] == pytest.approx([0.5 / 64, 1 - 0.5 / 64], abs=0.02)
    whole = opened(tree, shape="squeeze").read("train", [row], 64).images[0] / 255
    assert whole[0, 32, [0, -1]] == pytest.approx([0.5 / 64, 1 - 0.5 / 64], abs=0.02)


def test_square_is_cropped_at_random_where_asked(tree: Path) -> None:
    cropped = opened(tree, smallest_crop=0.7).read("train", range(8), 64).images / 255
    spans = (cropped[:, 1, -1, 32] - cropped[:, 1, 0, 32]) * 64 / 63
    tall = np.array([256 / (256 + 16 * (n % 4)) if n % 2 == 0 else 1.0 for n in ORDER])
    shares = spans / tall
    assert ((shares > 0.68) & (shares < 1)).all()
    assert np.ptp(shares) > 0.1


def test_first_photos_of_the_training_split_may_do(tree: Path) -> None:
    dataset = opened(tree, images=3)
    assert dataset.ids("train") == sorted(TRAIN)[:3]
    assert len(dataset.ids("val")) == 3
    assert dataset.source() != opened(tree).source()


def test_threads_and_readers_share_one_database(tree: Path) -> None:
    datasets = [opened(tree), opened(tree)]
    expected = [datasets[0].read("train", [row], 16).images for row in range(8)]

    def read(turn: int) -> np.ndarray:
        return datasets[turn % 2].read("train", [turn % 8], 16).images

    with ThreadPoolExecutor(4) as pool:
        for turn, images in enumerate(pool.map(read, range(64))):
            np.testing.assert_array_equal(images, expected[turn % 8])


def test_database_can_be_opened_again_after_all_readers_are_gone(tree: Path) -> None:
    before = opened(tree).ids("train")
    write_database(tree / "bedroom_train_lmdb", bedrooms(1, first=50))
    assert len(opened(tree).ids("train")) == len(before) + 1


def test_nothing_is_written_beside_the_database(tree: Path) -> None:
    opened(tree).read("train", [0], 16)
    assert [path.name for path in (tree / "bedroom_train_lmdb").iterdir()] == ["data.mdb"]


def test_missing_lmdb_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(AssetMissing, match=r"needs lmdb .*pip install 'harness\[lsun\]'"):
        opened(tree)


def test_folders_are_read_without_lmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    as_folder(tmp_path)
    assert opened(tmp_path).read("val", [0, 1], 16).images.shape == (2, 3, 16, 16)


def test_database_that_was_cut_off_is_told(tree: Path) -> None:
    file = tree / "bedroom_train_lmdb/data.mdb"
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(DataError, match=r"data.mdb: the file was cut off: it has .* fetch it"):
        opened(tree)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>gone</html>", "the file is an HTML page"),
        (b"no database" * 1000, "not a whole LMDB database: .*MDB_INVALID"),
        (b"", "not a whole LMDB database"),
    ],
    ids=["page", "other", "empty"],
)
def test_file_that_is_no_database_is_told(tree: Path, content: bytes, message: str) -> None:
    (tree / "bedroom_train_lmdb/data.mdb").write_bytes(content)
    with pytest.raises(DataError, match=rf"data\.mdb: {message}"):
        opened(tree)


def test_database_without_a_photo_or_with_other_keys_is_told(tmp_path: Path) -> None:
    root = make_lsun_tree(tmp_path / "a")
    for file in (root / "bedroom_val_lmdb").iterdir():
        file.unlink()
    write_database(root / "bedroom_val_lmdb", {})
    with pytest.raises(DataError, match="bedroom_val_lmdb has no image"):
        opened(root)
    other = make_lsun_tree(tmp_path / "b")
    write_database(other / "bedroom_val_lmdb", {b"\xff\xfe": b"x"})
    with pytest.raises(DataError, match=r"data\.mdb: a key is no text"):
        opened(other)


def test_value_that_is_no_photo_is_named_by_its_key(tree: Path) -> None:
    write_database(tree / "bedroom_val_lmdb", {"0000": b"nothing"})
    with pytest.raises(DataError, match="bedroom_val_lmdb: 0000: the file is not an image"):
        opened(tree).read("val", [0], 16)


def test_photo_is_not_enlarged_in_silence(tree: Path) -> None:
    with pytest.raises(DataError, match=r"fewer than the 512 px asked for"):
        opened(tree).read("train", [0], 512)


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[0] == ("train", False, "8 images, expected 3,033,042")
    monkeypatch.setattr(LsunBedroom, "expected", {"train": 8, "val": 3})
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_source_changes_with_options_and_photos(tree: Path, tmp_path: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, shape="squeeze").source() != before
    write_database(tree / "bedroom_train_lmdb", {"ffff": b"new"})
    assert opened(tree).source()["images"]["train"] != before["images"]["train"]
    as_folder(tmp_path / "folder")
    folder = opened(tmp_path / "folder").source()
    photo = tmp_path / "folder/bedroom_train" / exported(next(iter(TRAIN)))
    photo.write_bytes(encoded(ramp(256, 256, 7)))
    assert opened(tmp_path / "folder").source() != folder


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there are train, val"):
        opened(tree).ids("test")
    database = tree / "bedroom_val_lmdb"
    database.rename(tree / "away")
    with pytest.raises(DataError, match="'bedroom_val_lmdb/' is missing") as error:
        opened(tree)
    assert "fyu/lsun" in str(error.value)
    (tree / "bedroom_val_lmdb.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"bedroom_val_lmdb.zip: .*unzip it"):
        opened(tree)
    (tree / "bedroom_val").mkdir()
    with pytest.raises(DataError, match="bedroom_val has no image"):
        opened(tree)
    write_files(tree / "bedroom_val", {"a/x.jpg": b"", "b/x.webp": b""})
    with pytest.raises(DataError, match="two photos have the same name"):
        opened(tree)
    database.mkdir()
    with pytest.raises(DataError, match=r"data\.mdb: not a whole LMDB database: .*No such file"):
        opened(tree)
