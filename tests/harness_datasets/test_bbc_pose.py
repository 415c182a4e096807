import shutil
from pathlib import Path

import numpy as np
import pytest
from official_trees_b import (
    BBC_ROLES,
    SIGNER,
    bbc_entry,
    make_bbc_pose_tree,
    signer,
    signer_frame,
    write_bbc_mat,
)
from PIL import Image
from trees import dotted_photo, encoded, write_files

from harness.errors import DataError
from harness_datasets.bbc_pose.dataset import BbcPose
from harness_datasets.bbc_pose.options import BbcPoseOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_bbc_pose_tree(tmp_path)


def opened(root: Path, **options: object) -> BbcPose:
    return BbcPose(root, BbcPoseOptions(**options))


def one_video(root: Path, joints: list[np.ndarray], **changes: object) -> Path:
    """A tree whose file holds a single video of the role `train`."""
    write_bbc_mat(root / "bbcpose.mat", [{**bbc_entry(1, "train", joints, hand=0), **changes}])
    return root


def test_splits_follow_the_roles_of_the_videos(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.splits() == ("train", "train_labelled", "val", "test")
    assert dataset.ids("train") == [f"{v}/{f}.jpg" for v in range(1, 11) for f in range(1, 7)]
    assert dataset.ids("val") == [f"{v}/{f}.jpg" for v in range(11, 16) for f in (5, 6)]
    assert dataset.ids("test") == [f"{v}/{f}.jpg" for v in range(16, 21) for f in (5, 6)]


def test_clip_is_the_video_and_frames_stand_in_temporal_order(tmp_path: Path) -> None:
    tree = make_bbc_pose_tree(tmp_path, frames=11)
    dataset = opened(tree)
    names = dataset.ids("train")
    assert names[:11] == [f"1/{frame}.jpg" for frame in range(1, 12)]
    samples = dataset.read("train", [0, 10, 11, len(names) - 1], 16)
    assert samples.clips.tolist() == [1, 1, 2, 10]
    assert dataset.read("test", range(10), 16).clips.tolist() == [
        v for v in range(16, 21) for _ in "ab"
    ]


def test_labelled_frames_are_the_middles_of_equal_stretches(tmp_path: Path) -> None:
    tree = make_bbc_pose_tree(tmp_path, frames=10)
    assert opened(tree, labelled=20).ids("train_labelled")[:2] == ["1/3.jpg", "1/8.jpg"]
    assert opened(tree, labelled=10).ids("train_labelled") == [f"{v}/6.jpg" for v in range(1, 11)]
    # 25 frames of ten videos: two and three by turns.
    by_video = [name.split("/")[0] for name in opened(tree, labelled=25).ids("train_labelled")]
    assert [by_video.count(str(video)) for video in range(1, 11)] == [2, 3] * 5
    assert len(opened(tree).ids("train_labelled")) == 100


def test_frame_step_thins_the_unlabelled_frames_alone(tree: Path) -> None:
    dataset = opened(tree, frame_step=4)
    assert dataset.ids("train")[:3] == ["1/1.jpg", "1/5.jpg", "2/1.jpg"]
    assert len(dataset.ids("test")) == 10
    assert len(dataset.ids("train_labelled")) == 60


def test_landmarks_follow_the_square_of_the_video(tree: Path) -> None:
    """Joints of six frames span x 31..76 and y 20..60: 45 px, with a quarter at each side 67.5."""
    samples = opened(tree).read("train", [0], 64)
    centre = np.array([(31 + 76) / 2, (20 + 60) / 2]) - 0.5
    corner = centre - 67.5 / 2
    # The rare outermost joints are cut by the 1 % rule, which moves an edge by half a pixel.
    expected = (signer(1) - 0.5 - corner) / 67.5
    np.testing.assert_allclose(samples.landmarks[0], expected, atol=0.012)
    assert samples.visible.all()
    assert samples.landmarks.dtype == np.float32


def test_dots_of_the_picture_lie_at_the_landmarks(tree: Path) -> None:
    dataset = opened(tree)
    for split in dataset.splits():
        samples = dataset.read(split, [0, len(dataset.ids(split)) - 1], 64)
        for image, points in zip(samples.images, samples.landmarks, strict=True):
            columns, rows = np.floor(points * 64).astype(int).T
            assert (image[:, rows, columns] > 200).all()
            assert np.median(image) < 100


def test_square_of_identical_frames_is_the_hand_computed_one(tmp_path: Path) -> None:
    one_video(tmp_path, [SIGNER] * 4)
    write_files(tmp_path, {"1/1.jpg": signer_frame(1)})
    samples = opened(tmp_path, margin=0.1).read("train", [0], 48)
    # Joints span x 29.5..69.5 and y 19.5..59.5; the side is 1.2 x 40 = 48, from (25.5, 15.5).
    np.testing.assert_allclose(samples.landmarks[0], (SIGNER - (26, 16)) / 48, atol=1e-6)
    with Image.open(tmp_path / "1/1.jpg") as image:
        cut = image.resize((48, 48), Image.Resampling.BILINEAR, box=(25.5, 15.5, 73.5, 63.5))
    np.testing.assert_array_equal(samples.images[0], np.asarray(cut).transpose(2, 0, 1))


def test_square_is_moved_into_the_frame_and_cut_to_it(tmp_path: Path) -> None:
    one_video(tmp_path, [signer(35)] * 4)
    write_files(tmp_path, {"1/1.jpg": encoded(dotted_photo((110, 80)), "JPEG")})
    # Joints span x 64.5..104.5: a side of 60 would end at 114.5 and is moved to 50..110.
    samples = opened(tmp_path).read("train", [0], 16)
    expected = (signer(35) - 0.5 - (50, 9.5)) / 60
    np.testing.assert_allclose(samples.landmarks[0], expected, atol=1e-6)
    # A side of 120 is cut to the frame's height of 80, and ends at the right edge.
    samples = opened(tmp_path, margin=1).read("train", [0], 16)
    expected = (signer(35) - 0.5 - (30, 0)) / 80
    np.testing.assert_allclose(samples.landmarks[0], expected, atol=1e-6)


def test_frame_without_joints_has_no_visible_landmark(tree: Path) -> None:
    write_files(tree, {"1/0007.jpg": signer_frame(1)})
    dataset = opened(tree)
    assert dataset.ids("train")[6] == "1/0007.jpg"
    assert "1/0007.jpg" not in dataset.ids("train_labelled")
    samples = dataset.read("train", [5, 6], 16)
    assert samples.visible.tolist() == [[True] * 7, [False] * 7]
    assert np.isnan(samples.landmarks[1]).all()


def test_joint_without_a_place_is_not_visible(tmp_path: Path) -> None:
    joints = [SIGNER.copy() for _ in range(4)]
    joints[0][1], joints[0][2] = (0, 0), (np.nan, 3)
    one_video(tmp_path, joints)
    write_files(tmp_path, {"1/1.jpg": signer_frame(1)})
    samples = opened(tmp_path).read("train_labelled", [0], 16)
    assert samples.visible[0].tolist() == [True, False, False, True, True, True, True]
    assert np.isnan(samples.landmarks[0, 1:3]).all()


def test_video_of_a_single_frame_is_read(tmp_path: Path) -> None:
    one_video(tmp_path, [SIGNER])
    write_files(tmp_path, {"1/1.jpg": signer_frame(1)})
    assert opened(tmp_path).read("train_labelled", [0], 16).visible.all()


def test_root_may_be_the_folder_or_its_parent(tree: Path) -> None:
    assert opened(tree).ids("train") == opened(tree.parent).ids("train")
    (tree.parent / "data").mkdir()
    shutil.move(tree, tree.parent / "data/bbc_pose")
    assert len(opened(tree.parent / "data").ids("train")) == 60


def test_missing_files_are_named_with_their_home_and_the_tree(tree: Path) -> None:
    (tree / "bbcpose.mat").rename(tree / "joints.mat")
    with pytest.raises(DataError, match=r"bbc_pose: 'bbcpose.mat' is missing .*vgg/data/pose") as e:
        opened(tree)
    assert "<video number>/<frame number>.jpg" in str(e.value)
    (tree / "joints.mat").rename(tree / "bbcpose.mat")
    for number in range(1, 21):
        shutil.rmtree(tree / str(number))
    with pytest.raises(DataError, match=r"'1/1.jpg' is missing"):
        opened(tree)
    with pytest.raises(DataError, match="pass it with --data"):
        BbcPose(None, BbcPoseOptions())


def test_page_in_place_of_a_file_is_called_so(tree: Path) -> None:
    page = "<!DOCTYPE html><html>moved</html>"
    write_files(tree, {"1/1.jpg": page})
    with pytest.raises(DataError, match=r"1/1.jpg: the file is an HTML page"):
        opened(tree).read("train", [0], 16)
    write_files(tree, {"bbcpose.mat": page})
    with pytest.raises(DataError, match=r"bbcpose.mat: the file is an HTML page"):
        opened(tree)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.95])
def test_cut_off_joints_are_told(tree: Path, share: float) -> None:
    path = tree / "bbcpose.mat"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DataError, match=r"bbcpose.mat"):
        opened(tree)


def test_cut_off_frame_is_told(tree: Path) -> None:
    path = tree / "16/5.jpg"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=r"16/5.jpg: the image is broken or cut off"):
        opened(tree).read("test", [0], 16)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "dev"}, r"bbcpose\(1\).type is 'dev', expected train, val or test"),
        ({"train_frames": [1, 2]}, r"train_joints is 2 x 7 x 4, expected 2 x 7 x 2"),
        ({"train_frames": [1, 2, 3, 3]}, "train_frames holds a frame twice"),
        ({"train_frames": [1, 2, 3, 4.5]}, "train_frames must hold whole numbers from 1"),
        ({"train_frames": [0, 2, 3, 4]}, "train_frames must hold whole numbers from 1"),
        ({"train_joints": "none"}, "train_joints is <U4, expected numbers"),
        ({"train_joints": np.zeros((7, 2, 4))}, "train_joints is 7 x 2 x 4, expected 2 x 7 x 4"),
    ],
)
def test_malformed_entry_is_named(tmp_path: Path, changes: dict, message: str) -> None:
    one_video(tmp_path, [SIGNER] * 4, **changes)
    with pytest.raises(DataError, match=message):
        opened(tmp_path)


def test_file_of_other_arrays_is_told(tmp_path: Path) -> None:
    from scipy.io import savemat

    savemat(tmp_path / "bbcpose.mat", {"bbcpose": np.zeros(3)})
    with pytest.raises(DataError, match="no struct array 'bbcpose'"):
        opened(tmp_path)
    savemat(tmp_path / "bbcpose.mat", {"bbcpose": {"videoName": "1", "type": "train"}})
    with pytest.raises(DataError, match=r"bbcpose\(1\) has no field 'source'"):
        opened(tmp_path)


def test_video_without_any_joint_is_told(tmp_path: Path) -> None:
    one_video(tmp_path, [np.full((7, 2), -1.0)] * 2)
    write_files(tmp_path, {"1/1.jpg": signer_frame(1)})
    with pytest.raises(DataError, match="video 1 has no joint"):
        opened(tmp_path).read("train", [0], 16)


def test_frames_of_the_extension_and_other_photos_are_passed_over(tree: Path) -> None:
    before = opened(tree).ids("train")
    photo = signer_frame(1)
    write_files(
        tree, {"21/1.jpg": photo, "notes/1.jpg": photo, "1/cover.jpg": photo, "1.jpg": photo}
    )
    assert opened(tree).ids("train") == before


def test_frame_that_is_there_twice_is_told(tree: Path) -> None:
    shutil.copy(tree / "1/1.jpg", tree / "1/01.jpg")
    with pytest.raises(DataError, match=r"'1/01.jpg' and '1/1.jpg' are the same frame"):
        opened(tree)


def test_check_counts_videos_and_labelled_frames(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = {what: (ok, text) for what, ok, text in opened(tree).check()}
    assert checked["train videos"] == (True, "10 videos with frames, expected 10")
    assert checked["source of the videos"] == (True, "buehler11 expected and found")
    assert checked["test"] == (False, "10 images, expected 1,000")
    shutil.rmtree(tree / "20")
    assert ("test videos", False, "4 videos with frames, expected 5") in opened(tree).check()
    expected = {"train_labelled": 60, "val": 10}
    monkeypatch.setattr("harness_datasets.bbc_pose.dataset.EXPECTED", expected)
    assert ("val", True, "10 images, expected 10") in opened(tree).check()


def test_check_names_another_source(tmp_path: Path) -> None:
    one_video(tmp_path, [SIGNER] * 2, source="charles13")
    write_files(tmp_path, {"1/1.jpg": signer_frame(1)})
    row = ("source of the videos", False, "buehler11 expected, also charles13")
    assert row in opened(tmp_path).check()


def test_source_changes_with_options_joints_and_frames(tree: Path) -> None:
    before = opened(tree).source()
    assert before == opened(tree).source()
    assert opened(tree, margin=0.5).source() != before
    (tree / "3/2.jpg").unlink()
    after = opened(tree).source()
    assert after["images"]["files"] == before["images"]["files"] - 1 == 6 * len(BBC_ROLES) - 1
    make_bbc_pose_tree(tree.parent, marked=3)
    assert opened(tree).source()["joints"] != before["joints"]


def test_unknown_split_lists_the_splits(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'fit', there are train, train_labelled, val"):
        opened(tree).ids("fit")
