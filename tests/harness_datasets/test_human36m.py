import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from official_trees_b import (
    CAMERAS,
    PERSON,
    make_human36m_tree,
    person_frame,
    write_cdf,
    write_cells,
)
from PIL import Image
from trees import write_files

from harness.errors import AssetMissing, DataError
from harness_datasets.human36m.dataset import Human36m
from harness_datasets.human36m.options import Human36mOptions
from harness_metrics.params import Human36mParams

pytest.importorskip("cdflib", reason="cdflib is an extra")
pytest.importorskip("h5py", reason="h5py is an extra")

FIRST = f"Directions.{CAMERAS[0]}"
POSES, MASKS = "MyPoseFeatures/D2_Positions", "MySegmentsMat/ground_truth_bs"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_human36m_tree(tmp_path)


def opened(root: Path, **options: object) -> Human36m:
    return Human36m(root, Human36mOptions(**options))


def test_splits_are_people_and_clips_stand_in_temporal_order(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.splits() == ["train", "test"]
    assert dataset.ids("train")[:4] == [
        f"S1/{FIRST}/000001",
        f"S1/{FIRST}/000002",
        f"S1/{FIRST}/000003",
        f"S1/Directions.{CAMERAS[1]}/000001",
    ]
    assert {name.split("/")[0] for name in dataset.ids("train")} == {"S1", "S9"}
    assert {name.split("/")[0] for name in dataset.ids("test")} == {"S11"}
    clips = dataset.read("train", range(24), 8).clips
    assert clips.tolist() == sorted([*range(8)] * 3)
    assert dataset.read("test", [0, 11], 8).clips.tolist() == [8, 11]


def test_both_takes_of_the_named_actions_are_used_and_no_other(tmp_path: Path) -> None:
    actions = ("Walking", "Walking 1", "WalkingDog", "WalkTogether 1", "Eating")
    tree = make_human36m_tree(tmp_path, subjects=("S1",), actions=actions, frames=1)
    names = {name.split("/")[1].split(".")[0] for name in opened(tree).ids("train")}
    assert names == {"Walking", "Walking 1"}
    dataset = opened(tree, actions=["Eating", "WalkTogether"])
    names = {name.split("/")[1].split(".")[0] for name in dataset.ids("train")}
    assert names == {"Eating", "WalkTogether 1"}


def test_square_stands_on_the_feet(tree: Path) -> None:
    """The person is 60 px high and the reach from the ankles' middle is 17: 60 / 0.8 = 75."""
    samples = opened(tree).read("train", [1], 64)
    corner = np.array([52 - 75 / 2, 80 + 7.5 - 75])
    expected = (PERSON + np.array([2, 0]) - corner) / 75
    np.testing.assert_allclose(samples.landmarks[0], expected, atol=1e-5)
    ankles = samples.landmarks[0, [3, 8]].mean(axis=0)
    assert ankles[0] == pytest.approx(0.5, abs=1e-6)
    assert samples.landmarks[0, :, 1].max() == pytest.approx(0.9, abs=1e-6)
    assert samples.landmarks[0, :, 1].min() == pytest.approx(0.1, abs=1e-6)
    assert samples.visible.all()


def test_square_grows_where_arms_reach_further_than_the_body_is_high(tmp_path: Path) -> None:
    tree = make_human36m_tree(tmp_path, subjects=("S1",), actions=("Posing",), frames=1)
    pose = PERSON.copy()
    pose[27] = (98, 30)
    write_cdf(tree / f"S1/{POSES}/Posing.{CAMERAS[0]}.cdf", pose[None])
    points = opened(tree).read("train", [0], 32).landmarks[0]
    # 48 to the right of the ankles' middle: a side of 96 / 0.8 = 120.
    assert points[27, 0] == pytest.approx(0.9, abs=1e-6)
    assert points[:, 1].max() == pytest.approx(0.9, abs=1e-6)
    assert points[15, 1] == pytest.approx(0.9 - 60 / 120, abs=1e-6)


def test_joints_lie_on_the_dots_of_the_picture(tree: Path) -> None:
    samples = opened(tree).read("test", [2], 96)
    columns, rows = np.floor(samples.landmarks[0] * 96).astype(int).T
    assert (samples.images[0][:, rows, columns] > 190).all()


def test_names_pair_left_and_right_as_the_metric_does() -> None:
    names = Human36m.landmark_names
    assert len(names) == len(set(names)) == 32
    for left, right in Human36mParams().pairs:
        assert names[left].replace("left", "right") == names[right]
        assert names[left].startswith("left")


def test_background_is_grey_where_the_mask_says_so(tree: Path) -> None:
    painted = opened(tree).read("train", [0], 75).images[0]
    kept = opened(tree, background="kept").read("train", [0], 75).images[0]
    # The square begins at (51 - 37.5, 12.5); the mask is x 26..76 and y 12..88 of the frame.
    person = slice(26 + 1 - 13 + 2, 75 - 13 - 3)
    np.testing.assert_array_equal(painted[:, 2:-2, person], kept[:, 2:-2, person])
    assert (painted[:, :, :10] == 128).all()
    assert (painted[:, :, -9:] == 128).all()
    assert (kept[:, :, :10] < 70).all()


def test_clip_without_masks_is_an_error_unless_its_background_is_kept(tree: Path) -> None:
    path = tree / f"S9/{MASKS}/{FIRST}.mat"
    path.unlink()
    with pytest.raises(
        DataError, match=rf"S9/{FIRST} has no masks .* 'grey_where_masked' or 'kept'"
    ):
        opened(tree)
    dataset = opened(tree, background="grey_where_masked")
    place = dataset.ids("train").index(f"S9/{FIRST}/000001")
    samples = dataset.read("train", [0, place], 32)
    assert (samples.images[0, :, :, 0] == 128).all()
    assert (samples.images[1, :, :, 0] < 70).all()
    checked = {what: (ok, text) for what, ok, text in dataset.check()}
    assert checked["train masks"] == (False, "7 of 8 clips")
    assert dataset.source()["masked"] == 11
    assert "train masks" not in {what for what, _, _ in opened(tree, background="kept").check()}


def test_mask_of_another_size_is_stretched_over_the_frame(tree: Path) -> None:
    left = np.zeros((10, 10), bool)
    left[:, :5] = True
    write_cells(tree / f"S1/{MASKS}/{FIRST}.mat", [left] * 3)
    image = opened(tree).read("train", [0], 75).images[0]
    # The square begins at 13.5: frame column 50 is its column 36.5.
    assert (image[:, :, 39:] == 128).all()
    assert (image[:, 5, :30] < 70).all()


def test_frames_beyond_the_poses_are_left_out_and_told(tree: Path) -> None:
    write_files(tree / f"S1/{FIRST}", {"4.jpg": person_frame(0, 4)})
    dataset = opened(tree)
    assert dataset.ids("train")[3] == f"S1/Directions.{CAMERAS[1]}/000001"
    assert ("train clips", False, "7 of 8 clips have a frame for each pose") in dataset.check()


def test_frame_step_keeps_every_so_many_frames_of_a_clip(tree: Path) -> None:
    names = opened(tree, frame_step=2).ids("train")
    assert [name[-6:] for name in names[:4]] == ["000001", "000003", "000001", "000003"]
    assert opened(tree, frame_step=2).read("train", [1], 16).clips.tolist() == [0]


def test_check_counts_people_and_frames(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = {what: (ok, text) for what, ok, text in opened(tree).check()}
    assert checked["test people"] == (True, "S11, expected S11")
    assert checked["train people"] == (False, "S1, S9, expected S1, S5, S6, S7, S8, S9")
    assert checked["train"] == (False, "24 images, expected 796,648")
    assert checked["train clips"] == (True, "8 of 8 clips have a frame for each pose")
    assert "train" not in {what for what, _, _ in opened(tree, frame_step=2).check()}
    monkeypatch.setattr("harness_datasets.human36m.dataset.EXPECTED", {"test": 12})
    assert ("test", True, "12 images, expected 12") in opened(tree).check()


def test_poses_are_read_again_after_many_other_clips(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness_datasets.human36m.dataset.KEPT", 1)
    dataset = opened(tree)
    whole = dataset.read("train", range(24), 8).landmarks
    mixed = dataset.read("train", [23, 0, 12], 8).landmarks
    np.testing.assert_array_equal(mixed, whole[[23, 0, 12]])
    assert len(dataset._poses) == 1


def test_root_may_be_the_folder_or_its_parent(tree: Path) -> None:
    assert opened(tree).ids("test") == opened(tree.parent).ids("test")


def test_missing_files_are_named_with_their_home_and_the_tree(tree: Path) -> None:
    shutil.rmtree(tree / f"S1/{FIRST}")
    with pytest.raises(DataError, match=rf"'S1/{FIRST}/000001.jpg' is missing") as error:
        opened(tree)
    assert "vision.imar.ro" in str(error.value)
    assert "ffmpeg -i" in str(error.value)
    for subject in ("S1", "S9", "S11"):
        shutil.rmtree(tree / subject / "MyPoseFeatures")
    with pytest.raises(DataError, match=r"D2_Positions/Directions.54138969.cdf' is missing"):
        opened(tree)


@pytest.mark.parametrize(
    ("name", "message"),
    [("first.jpg", "first.jpg: expected a frame's number"), ("0.jpg", "expected a frame's number")],
)
def test_frame_without_a_number_is_told(tree: Path, name: str, message: str) -> None:
    write_files(
        tree / f"S1/{FIRST}", {name: person_frame(0, 1), ".hidden.jpg": "", "notes.txt": ""}
    )
    with pytest.raises(DataError, match=message):
        opened(tree)


def test_frame_that_is_there_twice_is_told(tree: Path) -> None:
    write_files(tree / f"S1/{FIRST}", {"2.jpg": person_frame(0, 2)})
    with pytest.raises(DataError, match="are the same frame"):
        opened(tree)


@pytest.mark.parametrize(
    "name", [f"S1/{FIRST}/000001.jpg", f"S1/{POSES}/{FIRST}.cdf", f"S1/{MASKS}/{FIRST}.mat"]
)
def test_page_in_place_of_a_file_is_called_so(tree: Path, name: str) -> None:
    write_files(tree, {name: "<!DOCTYPE html><html>log in</html>"})
    with pytest.raises(DataError, match=rf"{Path(name).name}: the file is an HTML page"):
        opened(tree).read("train", [0], 16)


@pytest.mark.parametrize(
    "name", [f"S1/{FIRST}/000001.jpg", f"S1/{POSES}/{FIRST}.cdf", f"S1/{MASKS}/{FIRST}.mat"]
)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_cut_off_file_is_named(tree: Path, name: str, share: float) -> None:
    path = tree / name
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DataError, match=Path(name).name):
        opened(tree).read("train", [0], 16)


def test_pose_file_of_another_array_is_told(tree: Path) -> None:
    path = tree / f"S1/{POSES}/{FIRST}.cdf"
    write_cdf(path, np.zeros((3, 32, 2)), name="Angles")
    with pytest.raises(DataError, match=r"no array 'Pose' \(1 x F x 64\), there is Angles"):
        opened(tree).ids("train")
    write_cdf(path, np.zeros((3, 17, 2)))
    with pytest.raises(DataError, match=r"array 'Pose' is float32 1 x 3 x 34, expected 1 x F x 64"):
        opened(tree).ids("train")


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "pose 1: a joint is not finite"), (7.0, "pose 1: all joints lie on one spot")],
)
def test_pose_that_gives_no_square_is_told(tree: Path, value: float, message: str) -> None:
    poses = np.stack([PERSON] * 3)
    poses[0] = value
    write_cdf(tree / f"S1/{POSES}/{FIRST}.cdf", poses)
    with pytest.raises(DataError, match=rf"{FIRST}.cdf: {message}"):
        opened(tree).read("train", [0], 16)


def test_source_changes_with_every_kind_of_file(tree: Path) -> None:
    before = opened(tree).source()
    assert before == opened(tree).source()
    assert opened(tree, margin=0.2).source() != before
    assert before["files"]["count"] == 12 * 5
    for name in (f"S1/{POSES}/{FIRST}.cdf", f"S1/{MASKS}/{FIRST}.mat", f"S1/{FIRST}/000001.jpg"):
        path = tree / name
        path.write_bytes(path.read_bytes() + b"\0")
        after = opened(tree).source()
        assert after != before
        before = after


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("cdflib", r"cdflib to read the joints.*pip install 'harness\[human36m\]'"),
        ("h5py", r"h5py to read the masks.*background to 'kept'"),
    ],
)
def test_missing_package_is_named_with_its_extra(
    tree: Path, monkeypatch: pytest.MonkeyPatch, package: str, message: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(AssetMissing, match=message):
        opened(tree).read("train", [0], 16)


def test_unknown_split_lists_the_splits(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'fit', there are train, test"):
        opened(tree).ids("fit")


def test_picture_is_cut_and_resized_once(tree: Path) -> None:
    image = opened(tree, background="kept").read("train", [1], 40).images[0]
    with Image.open(tree / f"S1/{FIRST}/000002.jpg") as photo:
        cut = photo.resize((40, 40), Image.Resampling.BILINEAR, box=(14.5, 12.5, 89.5, 87.5))
    np.testing.assert_array_equal(image, np.asarray(cut).transpose(2, 0, 1))
