from pathlib import Path

import numpy as np
import pytest
from official_trees_a import assert_on_dots, make_aflw_tree, write_list
from scipy.io import loadmat, savemat
from trees import write_files, write_zip

from harness.errors import DataError
from harness_datasets.aflw.dataset import AFLW
from harness_datasets.aflw.options import AFLWOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_aflw_tree(tmp_path)


def opened(root: Path) -> AFLW:
    return AFLW(root, AFLWOptions())


def change(tree: Path, split: str, **arrays: object) -> None:
    path = tree / f"aflw_{split}_keypoints.mat"
    kept = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    savemat(path, kept | arrays)


def test_splits_keep_the_order_of_the_lists(tree: Path) -> None:
    dataset = opened(tree.parent)
    assert dataset.splits() == ["train", "test"]
    assert len(dataset.ids("train")) == 12
    assert dataset.ids("test")[:3] == ["0/test-000.jpg", "1/test-001.jpg", "2/test-002.jpg"]


def test_landmarks_lie_on_their_dots(tree: Path) -> None:
    samples = opened(tree).read("train", [0, 1, 7, 11], 64)
    assert samples.landmarks.shape == (4, 5, 2)
    assert samples.visible.all()
    assert_on_dots(samples.images, samples.landmarks)


def test_points_are_y_x_pixels_divided_by_height_and_width(tree: Path) -> None:
    change(tree, "test", gt=np.tile([[7.0, 12.0]], (5, 5, 1)), hw=np.tile([70, 60], (5, 1)))
    points = opened(tree).read("test", [0], 16).landmarks[0]
    np.testing.assert_allclose(points, np.tile([0.2, 0.1], (5, 1)), rtol=1e-6)


def test_image_without_annotation_has_no_landmark(tree: Path) -> None:
    points = loadmat(tree / "aflw_test_keypoints.mat")["gt"]
    points[1] = 0
    change(tree, "test", gt=points)
    samples = opened(tree).read("test", [0, 1], 16)
    assert samples.visible.all(axis=1).tolist() == [True, False]
    assert np.isnan(samples.landmarks[1]).all()


def test_lists_and_images_may_lie_as_in_the_other_release(tree: Path) -> None:
    before = opened(tree).read("train", range(12), 24)
    files = {path.relative_to(tree / "output").as_posix(): path for path in tree.rglob("*.jpg")}
    write_zip(tree / "aflw_images.zip", {name: path.read_bytes() for name, path in files.items()})
    (tree / "output").rename(tree.parent / "elsewhere")
    (tree / "aflw_data").mkdir()
    for path in tree.glob("aflw_t*"):
        path.rename(tree / "aflw_data" / path.name)
    after = opened(tree).read("train", range(12), 24)
    np.testing.assert_array_equal(after.images, before.images)
    np.testing.assert_array_equal(after.landmarks, before.landmarks)


def test_image_that_is_not_on_disk_is_left_out_with_its_landmarks(tree: Path) -> None:
    whole = opened(tree)
    expected, source = whole.read("train", [1], 16).landmarks, whole.source()
    (tree / "output/0/train-000.jpg").unlink()
    dataset = opened(tree)
    assert len(dataset.ids("train")) == 11
    np.testing.assert_array_equal(dataset.read("train", [0], 16).landmarks, expected)
    assert dataset.source()["share"] == {"found": 16, "official": 13_113}
    assert dataset.source() != source


def test_counts_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[1] == ("test", False, "5 images, expected 2,991")
    monkeypatch.setattr("harness_datasets.aflw.dataset.EXPECTED", {"train": 12, "test": 5})
    assert [fine for _, fine, _ in opened(tree).check()] == [True, True]


def test_list_and_landmarks_of_different_length_are_told(tree: Path) -> None:
    write_files(tree, {"aflw_test_images.txt": "0/test-000.jpg\n1/test-001.jpg\n"})
    message = r"gt has 5 rows and hw 5, but the list aflw_test_images.txt has 2 lines"
    with pytest.raises(DataError, match=message):
        opened(tree).ids("test")


def test_wrong_arrays_are_told(tree: Path) -> None:
    change(tree, "test", gt=np.ones((5, 21, 2)))
    with pytest.raises(DataError, match=r"'gt' is float64 5 x 21 x 2, expected N x 5 x 2 numbers"):
        opened(tree).ids("test")
    change(tree, "test", gt=np.ones((5, 5, 2)), hw=np.zeros((5, 2)))
    with pytest.raises(DataError, match=r"array 'hw', row 0: height and width must be above 0"):
        opened(tree).ids("test")
    savemat(tree / "aflw_test_keypoints.mat", {"points": np.ones((5, 5, 2))})
    with pytest.raises(DataError, match=r"no array 'gt' \(N x 5 x 2\), there is points"):
        opened(tree).ids("test")


@pytest.mark.parametrize(
    "name", ["aflw_train_images.txt", "aflw_train_keypoints.mat", "output/0/train-000.jpg"]
)
def test_page_in_place_of_a_file_is_called_so(tree: Path, name: str) -> None:
    write_files(tree, {name: "<html>sign in</html>"})
    with pytest.raises(DataError, match=rf"{Path(name).name}: the file is an HTML page"):
        opened(tree).read("train", [0], 16)


def test_truncated_files_are_told(tree: Path) -> None:
    photo = tree / "output/1/test-001.jpg"
    photo.write_bytes(photo.read_bytes()[:300])
    with pytest.raises(DataError, match=r"1/test-001.jpg: the image is broken or cut off"):
        opened(tree).read("test", [1], 16)
    arrays = tree / "aflw_test_keypoints.mat"
    arrays.write_bytes(arrays.read_bytes()[:400])
    with pytest.raises(DataError, match=r"aflw_test_keypoints.mat: not a whole MATLAB file"):
        opened(tree).ids("test")


def test_missing_files_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / "aflw_test_images.txt").unlink()
    with pytest.raises(DataError, match=r"'aflw_test_images.txt' is missing") as error:
        opened(tree).ids("test")
    assert "tugraz" in str(error.value)
    (tree / "output").rename(tree / "photos")
    with pytest.raises(DataError, match="'output/' is missing"):
        opened(tree)
    with pytest.raises(DataError, match="pass it with --data"):
        AFLW(None, AFLWOptions())
    with pytest.raises(DataError, match="there is no folder"):
        opened(tree / "nowhere")


def test_release_of_one_image_is_read(tree: Path) -> None:
    write_list(tree, "aflw", "test", ["0/test-000.jpg"], [np.full((5, 2), 20.0)], [(40, 80)])
    points = opened(tree).read("test", [0], 16).landmarks
    np.testing.assert_allclose(points[0, 0], [0.25, 0.5])
