import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from official_trees_a import NORB, make_smallnorb_tree, matrix

from harness.errors import DataError
from harness_datasets.smallnorb.dataset import SmallNORB
from harness_datasets.smallnorb.matrix import read_header, read_matrix
from harness_datasets.smallnorb.options import SmallNORBOptions

BYTES, INTEGERS = 0x1E3D4C55, 0x1E3D4C54
#: Views of a clip in the tree, and clips of a category.
VIEWS, CLIPS = 6, 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_smallnorb_tree(tmp_path)


def opened(root: Path, **options: object) -> SmallNORB:
    return SmallNORB(root, SmallNORBOptions(**options))


def test_views_follow_each_other_within_clips(tree: Path) -> None:
    dataset = opened(tree.parent)
    ids = dataset.ids("train")
    assert len(ids) == 5 * CLIPS * VIEWS
    assert ids[:4] == [
        "animal/4/lighting0/elevation30/azimuth000",
        "animal/4/lighting0/elevation30/azimuth020",
        "animal/4/lighting0/elevation30/azimuth340",
        "animal/4/lighting0/elevation70/azimuth000",
    ]
    assert ids[VIEWS] == "animal/4/lighting3/elevation30/azimuth000"
    assert ids[-1] == "car/6/lighting3/elevation70/azimuth340"


def test_images_of_a_clip_differ_in_viewpoint_only(tree: Path) -> None:
    dataset = opened(tree)
    samples = dataset.read("train", range(120), 96)
    assert samples.clips.dtype == np.int64
    objects = [name.rpartition("/elevation")[0] for name in samples.ids]
    pairs = set(zip(objects, samples.clips.tolist(), strict=True))
    assert len(pairs) == len(set(objects)) == len(set(samples.clips.tolist())) == 5 * CLIPS
    assert (np.diff(samples.clips) >= 0).all()


@pytest.mark.parametrize("zipped", [False, True])
def test_every_image_stands_beside_its_own_labels(tmp_path: Path, zipped: bool) -> None:
    dataset = opened(make_smallnorb_tree(tmp_path, zipped=zipped))
    samples = dataset.read("test", range(120), 96)
    np.testing.assert_array_equal(samples.images[:, 0, 40, 40], np.arange(1, 121))
    same = samples.images == samples.images[:, :1, :1, :1]
    assert same[:, :, :90].all()
    np.testing.assert_array_equal(dataset.read("test", [70, 5], 96).images[:, 2, 0, 0], [71, 6])


def test_category_and_camera_are_chosen_by_options(tree: Path) -> None:
    dataset = opened(tree, category="plane", camera="right")
    ids = dataset.ids("test")
    assert len(ids) == CLIPS * VIEWS
    assert all(name.startswith("plane/") for name in ids)
    samples = dataset.read("test", range(3), 48)
    assert samples.images.shape == (3, 3, 48, 48)
    np.testing.assert_array_equal(samples.images[:, 0, 0, 0], [131 + 48, 131 + 49, 131 + 50])
    np.testing.assert_array_equal(samples.attributes, [[0, 0, 1, 0, 0]] * 3)


def test_instances_of_train_and_test_are_the_official(tree: Path) -> None:
    dataset = opened(tree)
    instances = {s: {name.split("/")[1] for name in dataset.ids(s)} for s in dataset.splits()}
    assert instances == {"train": {"4", "6"}, "test": {"0", "1"}}


def test_one_dimension_still_has_three_sizes_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(struct.pack("<5I", INTEGERS, 1, 2, 1, 1) + struct.pack("<2i", 7, -3))
    assert read_header(path).start == 20
    np.testing.assert_array_equal(read_matrix(path), [7, -3])


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x55\x4c\x3d\x1e", "4 bytes, cut off in the header"),
        (struct.pack(">5I", BYTES, 1, 2, 1, 1) + b"ab", "magic number 0x554C3D1E, expected one of"),
        (struct.pack("<5I", BYTES, 99, 2, 1, 1) + b"ab", "the header states 99 dimensions"),
        (matrix(np.zeros((3, 2, 2), np.uint8), BYTES)[:-1], "(need 32 bytes|row 2 of 3 is not wh)"),
        (
            matrix(np.zeros((3, 2, 2), np.uint8), BYTES) + b"x",
            "(need 32 bytes|more than 3 x 2 x 2)",
        ),
        (b"<!DOCTYPE html><title>404</title>", "the file is an HTML page"),
    ],
)
def test_malformed_matrix_is_told(tmp_path: Path, ending: str, data: bytes, message: str) -> None:
    path = tmp_path / f"a.mat{ending}"
    path.write_bytes(gzip.compress(data) if ending else data)
    with pytest.raises(DataError, match=f"a.mat{ending}: .*{message}"):
        read_matrix(path)


def test_broken_gzip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mat.gz"
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 30)).astype(np.uint8)
    path.write_bytes(gzip.compress(matrix(noise, BYTES))[:-3000])
    with pytest.raises(DataError, match=r"a.mat.gz: broken or cut off"):
        read_matrix(path)
    path.write_text("<html>403</html>")
    with pytest.raises(DataError, match=r"a.mat.gz: the file is an HTML page"):
        read_matrix(path)
    path.write_bytes(b"just text")
    with pytest.raises(DataError, match=r"a.mat.gz: broken or cut off \(Not a gzipped file"):
        read_matrix(path)


@pytest.mark.parametrize(
    ("kind", "array", "message"),
    [
        ("cat", np.zeros(119, "<i4"), "119 numbers of type int32, expected 120 of type int32"),
        ("info", np.zeros((120, 5), "<i4"), "120 x 5 numbers of type int32, expected 120 x 4"),
        ("cat", np.full(120, 5, "<i4"), "row 0: category is 5, expected 0 to 4"),
        ("info", np.full((120, 4), 7, "<i4"), "row 0: lighting is 7, expected 0 to 5"),
        ("dat", np.zeros((2, 2, 8, 8), np.uint8), "2 x 2 x 8 x 8 numbers .* expected N x 2 x 96"),
    ],
)
def test_arrays_that_do_not_fit_are_told(
    tree: Path, kind: str, array: np.ndarray, message: str
) -> None:
    path = tree / f"{NORB['test']}-{kind}.mat"
    path.write_bytes(matrix(array, BYTES if array.dtype == np.uint8 else INTEGERS))
    with pytest.raises(DataError, match=f"{path.name}: {message}"):
        opened(tree).ids("test")


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree, category="car").check()[0] == (
        "train",
        False,
        "120 images, expected 24,300",
    )
    expected = {"train": 120, "test": 120}
    monkeypatch.setattr("harness_datasets.smallnorb.dataset.EXPECTED", expected)
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_source_changes_with_options_and_files(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, camera="right").source() != before
    path = tree / f"{NORB['test']}-cat.mat"
    path.write_bytes(path.read_bytes() + b"x")
    assert opened(tree).source() != before


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / f"{NORB['test']}-info.mat").unlink()
    with pytest.raises(DataError, match=rf"'{NORB['test']}-info.mat' is missing") as error:
        opened(tree)
    assert "24,300 stereo pairs" in str(error.value)
