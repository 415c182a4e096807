from pathlib import Path

import numpy as np
import pytest
from official_trees_a import CAR, assert_on_dots, car_object, make_pascal3d_tree, write_record
from scipy.io import savemat
from trees import dotted_photo, encoded, write_files, write_zip

from harness.errors import DataError
from harness_datasets.pascal3d_car.annotations import ANCHORS, profile_of
from harness_datasets.pascal3d_car.dataset import Pascal3DCar
from harness_datasets.pascal3d_car.options import Pascal3DCarOptions

FINE = {"azimuth": 90.0, "distance": 3.0}
POINTS = 20 + CAR * (100, 40)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_pascal3d_tree(tmp_path)


def opened(root: Path, **options: object) -> Pascal3DCar:
    return Pascal3DCar(root, Pascal3DCarOptions(**options))


def every(dataset: Pascal3DCar) -> list[str]:
    return sorted([*dataset.ids("train"), *dataset.ids("test")])


def profile(folder: Path, *objects: object, tolerance: float = 15.0) -> object:
    write_record(folder / "a.mat", "a.jpg", objects)
    return profile_of((folder / "a.mat").read_bytes(), "a.mat", tolerance)


def test_profile_views_of_both_sources_are_split_by_name(tree: Path) -> None:
    dataset = opened(tree.parent)
    names = every(dataset)
    assert len(names) == 2 * 10
    assert "car_imagenet/imagenet_00000.JPEG" in names
    assert not {"car_pascal/pascal_00005.jpg", "car_imagenet/imagenet_00011.JPEG"} & set(names)
    assert (len(dataset.ids("train")), len(dataset.ids("test"))) == (18, 2)
    assert opened(tree, sources=("pascal",)).ids("train")[0].startswith("car_pascal/")


def test_landmarks_lie_on_their_dots(tree: Path) -> None:
    samples = opened(tree).read("train", range(18), 64)
    assert samples.landmarks.shape == (18, 6, 2)
    assert samples.visible.all()
    assert_on_dots(samples.images, samples.landmarks)


def test_all_cars_face_left_unless_left_as_photographed(tree: Path) -> None:
    turned = opened(tree).read("train", range(18), 64).landmarks
    front, back = turned[:, 0, 0], turned[:, 1, 0]
    assert (front < back).all()
    plain = opened(tree, facing="as_photographed").read("train", range(18), 64)
    assert_on_dots(plain.images, plain.landmarks)
    leftward = plain.landmarks[:, 0, 0] < plain.landmarks[:, 1, 0]
    assert 0 < leftward.sum() < 18


def test_box_of_the_landmarks_has_its_margin(tree: Path) -> None:
    points = opened(tree, margin=0.25).read("train", range(4), 64).landmarks
    np.testing.assert_allclose(points.min(axis=1), 0.25 / 1.5, atol=1e-6)
    np.testing.assert_allclose(points.max(axis=1), 1.25 / 1.5, atol=1e-6)


def test_matlab_s_first_pixel_has_its_centre_at_a_half(tmp_path: Path) -> None:
    found = profile(tmp_path, car_object(POINTS, "left", FINE))
    np.testing.assert_allclose(found.points, POINTS - 0.5)
    assert found.photo == "a.jpg"
    assert found.faces_left


@pytest.mark.parametrize(
    ("azimuth", "kept"),
    [(90, True), (75, True), (105, True), (270, True), (-90, True), (74, False), (0, False)],
)
def test_azimuth_decides_within_the_tolerance(tmp_path: Path, azimuth: float, kept: bool) -> None:
    view = {"azimuth": float(azimuth), "distance": 3.0}
    assert (profile(tmp_path, car_object(POINTS, "left", view)) is not None) == kept


def test_coarse_azimuth_counts_where_no_pose_was_fitted(tmp_path: Path) -> None:
    coarse = {"azimuth": 0.0, "azimuth_coarse": 90.0, "distance": 0.0}
    assert profile(tmp_path, car_object(POINTS, "left", coarse)) is not None
    fine = {"azimuth": 0.0, "azimuth_coarse": 90.0, "distance": 2.0}
    assert profile(tmp_path, car_object(POINTS, "left", fine)) is None
    assert profile(tmp_path, car_object(POINTS, "left", {"elevation": 0.0})) is None


def test_car_with_a_hidden_landmark_is_no_profile(tmp_path: Path) -> None:
    assert profile(tmp_path, car_object(POINTS, "right", FINE)) is not None
    for place in range(len(ANCHORS)):
        assert profile(tmp_path, car_object(POINTS, "right", FINE, hidden=[place])) is None


@pytest.mark.parametrize("field", ["viewpoint", "anchors"])
def test_car_without_pose_or_landmarks_is_no_profile(tmp_path: Path, field: str) -> None:
    car = car_object(POINTS, "left", FINE) | {field: np.empty((0, 0))}
    assert profile(tmp_path, car) is None


def test_largest_profile_of_a_photo_counts(tmp_path: Path) -> None:
    small = car_object(POINTS / 2, "left", FINE)
    large = car_object(POINTS, "left", FINE)
    bus = {**car_object(POINTS * 3, "left", FINE), "class": "bus"}
    found = profile(tmp_path, small, large, bus)
    np.testing.assert_allclose(found.points, POINTS - 0.5)
    assert profile(tmp_path, bus) is None


def test_photo_that_is_not_on_disk_is_left_out(tree: Path) -> None:
    (tree / "Images/car_pascal/pascal_00000.jpg").unlink()
    assert "car_pascal/pascal_00000.jpg" not in every(opened(tree))


def test_release_may_stay_in_its_zip(tree: Path) -> None:
    loose = opened(tree).read("train", range(18), 32)
    files = {p.relative_to(tree.parent).as_posix(): p for p in tree.rglob("*") if p.is_file()}
    archive = tree.parent / "zipped/PASCAL3D+_release1.1.zip"
    write_zip(archive, {name: path.read_bytes() for name, path in files.items()})
    zipped = opened(archive.parent).read("train", range(18), 32)
    assert zipped.ids == loose.ids
    np.testing.assert_array_equal(zipped.images, loose.images)
    np.testing.assert_array_equal(zipped.landmarks, loose.landmarks)


def test_counts_stand_beside_the_paper_s(tree: Path) -> None:
    assert opened(tree).check() == [
        ("train", True, "18 images; the paper's unpublished list has 567"),
        ("test", True, "2 images; the paper's unpublished list has 63"),
    ]


def test_source_changes_with_options_and_annotations(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree).source() == before
    assert opened(tree, azimuth_tolerance=60.0).source() != before
    car = car_object(POINTS, "left", FINE, hidden=[1])
    write_record(tree / "Annotations/car_pascal/pascal_00000.mat", "pascal_00000.jpg", [car])
    assert opened(tree).source() != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>404</html>", "pascal_00003.mat: the file is an HTML page"),
        (b"text", "pascal_00003.mat: not a whole MATLAB file"),
        ({"other": 1}, "pascal_00003.mat: no structure 'record'"),
        ({"record": {"filename": "a.jpg", "objects": 3}}, "record.objects holds no structures"),
        (
            {
                "record": {
                    "filename": "a",
                    "objects": car_object(POINTS, "left", FINE) | {"bbox": 1},
                }
            },
            "bbox of a car is not four numbers",
        ),
    ],
)
def test_malformed_annotation_is_told(tree: Path, content: bytes | dict, message: str) -> None:
    path = tree / "Annotations/car_pascal/pascal_00003.mat"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        savemat(path, content)
    with pytest.raises(DataError, match=message):
        opened(tree).ids("train")


def test_truncated_files_are_told(tree: Path) -> None:
    path = tree / "Annotations/car_pascal/pascal_00003.mat"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"pascal_00003.mat: not a whole MATLAB file"):
        opened(tree).ids("train")
    path.write_bytes(whole)
    dataset = opened(tree)
    for name in dataset.ids("test"):
        photo = tree / "Images" / name
        photo.write_bytes(photo.read_bytes()[:100])
    with pytest.raises(DataError, match=r"Images/car_.*: the (image is broken|file is not)"):
        dataset.read("test", [0], 16)


def test_landmarks_on_one_line_span_no_box(tree: Path) -> None:
    flat = POINTS * (1, 0) + (0, 10)
    name = "car_pascal/pascal_00000.jpg"
    car = car_object(flat, "left", FINE)
    write_record(tree / "Annotations/car_pascal/pascal_00000.mat", "pascal_00000.jpg", [car])
    dataset = opened(tree)
    split = "train" if name in dataset.ids("train") else "test"
    with pytest.raises(DataError, match=r"pascal_00000.jpg: the landmarks span no box"):
        dataset.read(split, [dataset.ids(split).index(name)], 16)


def test_missing_folder_is_told(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / "Annotations/car_pascal").rename(tmp_path / "away")
    with pytest.raises(DataError, match=r"'Annotations/car_pascal/\*.mat' is missing") as error:
        opened(tree)
    assert "cvgl.stanford.edu" in str(error.value)
    assert len(every(opened(tree, sources=("imagenet",)))) == 10


def test_photo_outside_the_landmarks_repeats_its_edge(tree: Path) -> None:
    photo = encoded(dotted_photo((100, 60), seed=1), "JPEG", quality=95)
    write_files(tree, {"Images/car_pascal/pascal_00000.jpg": photo})
    dataset = opened(tree)
    name = "car_pascal/pascal_00000.jpg"
    split = "train" if name in dataset.ids("train") else "test"
    samples = dataset.read(split, [dataset.ids(split).index(name)], 16)
    assert samples.images.max() < 100
