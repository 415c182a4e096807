import pickle  # noqa: TID251 - what a hostile file is made of
from pathlib import Path

import numpy as np
import pytest
from official_trees_a import assert_on_dots
from official_trees_d import PERSON, make_taichi_tree, pickled_table
from trees import encoded, shared_data, write_files

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.taichi.dataset import Taichi
from harness_datasets.taichi.options import TaichiOptions
from harness_datasets.taichi.pickled import read_joints


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_taichi_tree(tmp_path)


def opened(root: Path, **options: object) -> Taichi:
    return Taichi(root, TaichiOptions(**options))


def test_splits_are_the_clips_and_the_two_files(tree: Path) -> None:
    dataset = opened(tree.parent)
    sizes = {split: len(dataset.ids(split)) for split in dataset.splits()}
    assert sizes == {"train": 15, "landmarks_train": 6, "landmarks_test": 4}
    assert dataset.ids("landmarks_test") == [f"test/{n:05d}.png" for n in (0, 3, 2, 1)]
    everything = [name for split in dataset.splits() for name in dataset.ids(split)]
    assert len(set(everything)) == len(everything)


def test_frames_of_a_clip_stand_in_temporal_order(tree: Path) -> None:
    dataset = opened(tree)
    names = [name.rpartition("/")[2] for name in dataset.ids("train")]
    assert names == 3 * ["8.png", "9.png", "10.png", "11.png", "12.png"]
    samples = dataset.read("train", range(15), 32)
    assert samples.clips.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert samples.clips.dtype == np.int64
    assert samples.landmarks is None
    assert samples.foreground is None


@pytest.mark.parametrize(
    ("frames", "expected"), [(1, ["10"]), (2, ["9", "11"]), (3, ["8", "10", "12"])]
)
def test_frames_are_spread_evenly_over_a_clip(tree: Path, frames: int, expected: list[str]) -> None:
    names = opened(tree, frames_per_clip=frames).ids("train")
    assert [Path(name).stem for name in names] == 3 * expected


def test_without_clips_the_labelled_images_are_learnt_from(tree: Path) -> None:
    before = opened(tree)
    (tree / "train").rename(tree / "away")
    with pytest.raises(DataError, match="'train/' is missing"):
        opened(tree)
    dataset = opened(tree, frames_per_clip=0)
    assert dataset.ids("train") == before.ids("landmarks_train")
    samples = dataset.read("train", [2], 32)
    np.testing.assert_array_equal(samples.images, before.read("landmarks_train", [2], 32).images)
    assert "clips" not in [name for name, _, _ in dataset.check()]


def test_joints_lie_on_their_dots_and_missing_ones_are_nan(tree: Path) -> None:
    samples = opened(tree).read("landmarks_train", range(6), 256)
    assert samples.landmarks.dtype == np.float32
    assert np.argwhere(~samples.visible).tolist() == [[1, 4], [4, 4]]
    assert np.isnan(samples.landmarks[~samples.visible]).all()
    np.testing.assert_allclose(samples.landmarks[3], (PERSON + np.array([3, 0])) / 256)
    shown = [0, 2, 3, 5]
    assert_on_dots(samples.images[shown], samples.landmarks[shown])


def test_only_the_test_has_masks_and_white_alone_counts(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.read("landmarks_train", [0], 64).foreground is None
    white = dataset.read("landmarks_test", range(4), 64).foreground
    half = opened(tree, mask="half").read("landmarks_test", range(4), 64).foreground
    assert white[:, :, :31].all()
    assert not white[:, :, 32:].any()
    assert half[:, :, :47].all()
    assert not half[:, :, 49:].any()
    with pytest.raises(ConfigError, match="mask"):
        validate(TaichiOptions, {"mask": "grey"}, "suite")


def test_counts_are_checked_and_missing_files_named(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened(tree).check()[0] == ("landmarks_train", False, "6 images, expected 5,000")
    assert opened(tree).check()[-1] == ("clips", False, "3 clips, expected 3,049")
    expected = {"landmarks_train": 6, "landmarks_test": 4}
    monkeypatch.setattr("harness_datasets.taichi.dataset.EXPECTED", expected)
    monkeypatch.setattr("harness_datasets.taichi.dataset.EXPECTED_CLIPS", 3)
    assert all(fine for _, fine, _ in opened(tree).check())
    (tree / "taichi-test-masks/00003.png").unlink()
    assert opened(tree).check()[4] == ("masks", False, "1 have no file; the first: 00003.png")
    with pytest.raises(DataError, match=r"'00003\.png' cannot be read"):
        opened(tree).read("landmarks_test", [1], 32)


def test_official_file_is_read_as_it_is() -> None:
    """The untouched file against the same numbers in another format."""
    folder = shared_data("replay")
    joints = read_joints(folder / "taichi_test_gt.pkl")
    with np.load(folder / "taichi_gt.npz") as arrays:
        names, points = arrays["test_file"], arrays["test_gt"]
    order = np.argsort(joints.names)
    assert [joints.names[row] for row in order] == names.tolist()
    np.testing.assert_array_equal(np.nan_to_num(joints.pixels[order], nan=-1), points)
    assert np.isnan(joints.pixels[..., 0]).sum() == 377


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "among the values"])
def test_pickle_that_would_run_something_is_refused(tmp_path: Path, inside: bool) -> None:
    bomb, target = Bomb(tmp_path / "harm"), tmp_path / "bad.pkl"
    if inside:
        data = pickled_table(["a.png"], [[[0, 0]] * 18])
        harm = pickle.dumps(bomb, protocol=4)
        # Behind the header of its frame the bomb's code replaces the value's.
        data = data[:2] + harm[2:-1] + data[2:]
    else:
        data = pickle.dumps(bomb, protocol=4)
    target.write_bytes(data)
    with pytest.raises(DataError, match=r"bad\.pkl: the pickle names \S*io\.open, which a table"):
        read_joints(target)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "names",
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("numpy", "load"),
        ("pandas", "read_pickle"),
        ("pandas.core.frame", "DataFrame.to_csv"),
    ],
    ids=".".join,
)
def test_only_what_the_table_is_made_of_is_admitted(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "bad.pkl"
    module, name = (word.encode() for word in names)
    path.write_bytes(b"\x80\x04c" + module + b"\n" + name + b"\n.")
    with pytest.raises(DataError, match=f"the pickle names {'.'.join(names)}, which"):
        read_joints(path)


GOOD = np.tile([3, 4], (18, 1))


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        (["a.png"], [GOOD[:17]], "row 0: int64 17 x 2, expected 18 x 2 numbers"),
        (["a.png"], ["joints"], "row 0: .* one value, expected 18 x 2 numbers"),
        (["a.png", "a.png"], [GOOD, GOOD], "row 1: 'a.png' is there twice"),
        (["../a.png"], [GOOD], r"row 0: '\.\./a\.png' is no file name"),
        ([7], [GOOD], "row 0: 7 is no file name"),
        (
            ["a.png"],
            [np.where(np.arange(18)[:, None] == 5, [-1, 9], GOOD)],
            r"row 0, joint 5: \[-1.0, 9.0\] is neither a place nor -1, -1",
        ),
        (["a.png"], [np.where(GOOD == 3, np.nan, GOOD)], "row 0, joint 0: .nan, 4.0. is neither"),
    ],
    ids=["shape", "text", "twice", "path", "number", "half missing", "not finite"],
)
def test_rows_that_are_no_joints_are_told(
    tmp_path: Path, names: list, values: list, message: str
) -> None:
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickled_table(names, values))
    with pytest.raises(DataError, match=message):
        read_joints(path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pickle.dumps({"file_name": ["a.png"]}), "it holds a dict"),
        (pickle.dumps(GOOD.tolist()), "it holds a list"),
        (b"\x80\x04", "EOFError"),
        (b"no pickle", "UnpicklingError"),
    ],
    ids=["dictionary", "list", "header alone", "text"],
)
def test_other_pickles_are_told(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "bad.pkl"
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"bad.pkl: not a whole pickle of a table.*{reason}"):
        read_joints(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_file_that_is_cut_off_is_told(tree: Path, share: float) -> None:
    path = tree / "landmarks/taichi_test_gt.pkl"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DataError, match=r"taichi_test_gt\.pkl: not a whole pickle"):
        opened(tree).ids("landmarks_test")


def test_page_instead_of_a_pickle_is_told(tree: Path) -> None:
    (tree / "landmarks/taichi_train_gt.pkl").write_text("<!DOCTYPE html><p>quota exceeded")
    with pytest.raises(DataError, match="the file is an HTML page"):
        opened(tree).ids("landmarks_train")


def test_image_that_is_no_square_is_told(tree: Path) -> None:
    from trees import dotted_photo

    write_files(tree / "taichi-test-masks", {"00000.png": encoded(dotted_photo((32, 20)))})
    with pytest.raises(DataError, match=r"00000\.png: 32 x 20 px, expected a square"):
        opened(tree).read("landmarks_test", [0], 16)


@pytest.mark.parametrize(
    ("name", "message"),
    [("7.png", "expected in the folder of a clip"), ("clip/x.png", "name with the frame's number")],
)
def test_frames_at_odd_places_are_told(tree: Path, name: str, message: str) -> None:
    photo = next((tree / "train").rglob("8.png")).read_bytes()
    write_files(tree / "train", {name: photo})
    with pytest.raises(DataError, match=message):
        opened(tree).ids("train")


def test_source_changes_with_options_joints_and_masks(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, mask="half").source() != before
    (tree / "taichi-test-masks/00001.png").unlink()
    masks = opened(tree).source()
    assert masks != before
    (tree / "landmarks/taichi_test_gt.pkl").write_bytes(pickled_table(["a.png"], [GOOD]))
    assert opened(tree).source() != masks


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there are train, landmarks_train"):
        opened(tree).ids("test")
    (tree / "landmarks").rename(tree / "landmark")
    assert len(opened(tree).ids("landmarks_test")) == 4
    (tree / "landmark/taichi_train_gt.pkl").unlink()
    with pytest.raises(DataError, match=r"'landmarks/taichi_train_gt\.pkl' is missing") as error:
        opened(tree)
    assert "motion-cosegmentation" in str(error.value)
