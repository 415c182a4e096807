"""Oxford flowers: splits, shapes, captions, and files that are not as they should be."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from official_trees_c import flower_sentences, make_flowers_tree
from PIL import Image
from scipy.io import loadmat, savemat
from trees import write_files, write_zip

from harness.errors import DataError
from harness_datasets.crops import squeeze
from harness_datasets.flowers_102.dataset import Flowers102
from harness_datasets.flowers_102.options import Flowers102Options

VARIABLES = {"train": "trnid", "val": "valid", "test": "tstid"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_flowers_tree(tmp_path)


def opened(root: Path, **options: object) -> Flowers102:
    return Flowers102(root, Flowers102Options(**options))


def caption_of(tree: Path, number: int) -> Path:
    return tree / f"text_c10/class_{1 + number % 3:05d}/image_{number:05d}.txt"


def splits_of(tree: Path) -> dict[str, np.ndarray]:
    found = loadmat(tree / "setid.mat")
    return {name: found[name] for name in VARIABLES.values()}


def test_splits_are_the_official_ones_by_number(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.splits() == ["train", "val", "test"]
    for split, variable in VARIABLES.items():
        numbers = sorted(splits_of(tree)[variable].ravel().tolist())
        assert dataset.ids(split) == [f"image_{number:05d}" for number in numbers]
    assert sum(len(dataset.ids(split)) for split in VARIABLES) == 16


def test_every_photo_has_the_caption_asked_for(tree: Path) -> None:
    for which in (0, 9):
        samples = opened(tree, caption=which).read("test", [4, 0], 32)
        numbers = [int(name[-5:]) for name in samples.ids]
        assert samples.captions == [flower_sentences(number)[which] for number in numbers]
    assert opened(tree, captions=False).read("test", [0], 32).captions is None


@pytest.mark.parametrize(("shape", "inset"), [("centre", 1), ("squeeze", 0)])
def test_photo_becomes_the_square_asked_for(tree: Path, shape: str, inset: int) -> None:
    dataset = opened(tree, shape=shape)
    for row, name in enumerate(dataset.ids("test")):
        with Image.open(tree / f"jpg/{name}.jpg") as photo:
            across, down = ((side - 50) / 2 * inset for side in photo.size)
            box = (across, down, photo.width - across, photo.height - down)
            expected = squeeze(photo.convert("RGB"), box, 24)
        np.testing.assert_array_equal(dataset.read("test", [row], 24).images[0], expected)


def test_release_in_its_own_folders_and_zips_is_the_same(tree: Path, tmp_path: Path) -> None:
    before = opened(tree).read("val", range(3), 24)
    other = tmp_path / "other/102flowers"
    photos = {f"jpg/{path.name}": path.read_bytes() for path in (tree / "jpg").iterdir()}
    write_zip(other / "jpg.zip", photos)
    write_files(other, {"setid.mat": (tree / "setid.mat").read_bytes()})
    for path in sorted((tree / "text_c10").rglob("*.txt")):
        name = path.relative_to(tree).as_posix()
        write_files(other / "cvpr2016_flowers", {name: path.read_bytes(), f"{name[:-3]}h5": b"x"})
    after = opened(other.parent).read("val", range(3), 24)
    assert (after.ids, after.captions) == (before.ids, before.captions)
    np.testing.assert_array_equal(after.images, before.images)
    packed = tmp_path / "packed"
    (packed / "flowers_102").mkdir(parents=True)
    with zipfile.ZipFile(packed / "flowers_102/text_c10.zip", "w") as archive:
        for path in (tree / "text_c10").rglob("*.txt"):
            archive.write(path, path.relative_to(tree).as_posix())
    write_files(packed / "flowers_102", {**photos, "setid.mat": (tree / "setid.mat").read_bytes()})
    assert opened(packed).read("val", range(3), 24).captions == before.captions


def test_captions_are_read_when_they_are_needed(tree: Path) -> None:
    dataset = opened(tree)
    number = int(dataset.ids("test")[0][-5:])
    caption_of(tree, number).write_text("new one.\n" * 10)
    assert dataset.read("test", [0], 24).captions == ["new one."]


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = opened(tree).check()
    assert found[2] == ("test", False, "9 images, expected 6,149")
    assert found[3] == ("captions", False, "16 photos have them, expected 8,189")
    monkeypatch.setattr(Flowers102, "expected", {"train": 4, "val": 3, "test": 9})
    monkeypatch.setattr("harness_datasets.flowers_102.dataset.PHOTOS", 16)
    assert all(fine for _, fine, _ in opened(tree).check())
    (tree / "jpg" / f"{opened(tree).ids('test')[0]}.jpg").unlink()
    assert opened(tree).check()[2] == ("test", False, "8 images, expected 9")


def test_source_changes_with_what_is_read(tree: Path) -> None:
    sources = [opened(tree).source(), opened(tree).source(), opened(tree, caption=1).source()]
    caption_of(tree, 5).write_text("longer than before.\n" * 10)
    sources.append(opened(tree).source())
    changed = splits_of(tree)
    savemat(tree / "setid.mat", {**changed, "trnid": changed["valid"], "valid": changed["trnid"]})
    sources.append(opened(tree).source())
    first, again, *others = map(str, sources)
    assert first == again
    assert len({first, *others}) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one.\ntwo.\nthr", r"image_00005.txt: 3 captions, expected 10.*cut off"),
        ("", "0 captions, expected 10"),
        ("a.\n" * 11, "11 captions, expected 10"),
        ("<html><body>no</body></html>", "the file is an HTML page"),
        (b"\xff\xfe caption", "image_00005.txt: not a text file"),
    ],
)
def test_malformed_captions_are_told(tree: Path, content: str | bytes, message: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    caption_of(tree, 5).write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_photo(opened(tree), 5)


def read_photo(dataset: Flowers102, number: int) -> None:
    for split in dataset.splits():
        ids = list(dataset.ids(split))
        if f"image_{number:05d}" in ids:
            dataset.read(split, [ids.index(f"image_{number:05d}")], 24)


def test_photo_without_or_with_two_files_of_captions_is_told(tree: Path) -> None:
    caption_of(tree, 5).unlink()
    with pytest.raises(DataError, match=r"no captions of 'image_00005', expected image_00005.txt"):
        read_photo(opened(tree), 5)
    write_files(
        tree, {f"text_c10/class_{name}/image_00005.txt": "x" for name in ("00007", "00008")}
    )
    with pytest.raises(DataError, match="are captions of one photo"):
        opened(tree)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trnid": np.array([[0, 3]])}, "'trnid' holds what is no photo's number"),
        ({"trnid": np.array([[2.5, 3]])}, "'trnid' holds what is no photo's number"),
        ({"valid": np.array([[3, 3]])}, "'valid' repeats a photo's number"),
        ({"trnid": np.array([[1]]), "tstid": np.array([[1]])}, "'tstid' repeats a photo's number"),
        ({"tstid": np.zeros((2, 2))}, "array 'tstid' is float64 2 x 2, expected N numbers"),
    ],
)
def test_malformed_splits_are_told(tree: Path, change: dict[str, np.ndarray], message: str) -> None:
    plain = {"trnid": np.array([[1]]), "valid": np.array([[2]]), "tstid": np.array([[4]])}
    savemat(tree / "setid.mat", {**plain, **change})
    with pytest.raises(DataError, match=message):
        opened(tree)


def test_broken_splits_are_told(tree: Path) -> None:
    path = tree / "setid.mat"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"setid.mat: not a whole MATLAB file"):
        opened(tree)
    savemat(path, {"trnid": np.array([[1]])})
    with pytest.raises(DataError, match="no array 'valid'"):
        opened(tree)


def test_broken_photo_is_told(tree: Path) -> None:
    photo = tree / "jpg/image_00005.jpg"
    photo.write_bytes(photo.read_bytes()[:300])
    with pytest.raises(DataError, match=r"image_00005.jpg: the image is broken or cut off"):
        read_photo(opened(tree), 5)


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'fit', there are train, val, test"):
        opened(tree).ids("fit")
    for name, what in (("text_c10", "'text_c10/'"), ("jpg", "'jpg/'")):
        (tree / name).rename(tree / "away")
        with pytest.raises(DataError, match=f"{what} is missing.*robots.ox.ac.uk"):
            opened(tree)
        (tree / "away").rename(tree / name)
    (tree / "setid.mat").unlink()
    with pytest.raises(DataError, match=r"'setid.mat' is missing"):
        opened(tree)
    assert (tree / "text_c10").is_dir()
