"""Masks and frames of Human3.6M in all forms that are read."""

import sys
from pathlib import Path

import numpy as np
import pytest
from official_trees_b import (
    CAMERAS,
    PERSON,
    make_human36m_tree,
    mark_as_matlab,
    person_frame,
    write_cells,
)
from PIL import Image
from scipy.io import savemat
from trees import write_files

from harness.errors import AssetMissing, DataError
from harness_datasets.human36m.dataset import Human36m
from harness_datasets.human36m.frames import VideoFrames
from harness_datasets.human36m.masks import read_mask
from harness_datasets.human36m.options import Human36mOptions
from harness_datasets.human36m.poses import read_poses

h5py = pytest.importorskip("h5py", reason="h5py is an extra")

DRAWN = np.random.default_rng(0).random((3, 6, 4)) > 0.5


def as_cells(path: Path) -> None:
    cells = np.empty((1, 3), dtype=object)
    for place, mask in enumerate(DRAWN):
        cells[0, place] = mask
    savemat(path, {"Masks": cells})


def as_pages(path: Path) -> None:
    savemat(path, {"bs": DRAWN.transpose(1, 2, 0).astype(np.uint8) * 255})


def as_hdf5_cells(path: Path) -> None:
    write_cells(path, list(DRAWN))


def as_hdf5_pages(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["Masks"] = DRAWN.transpose(0, 2, 1)
        file["Other"] = np.zeros(3)
    mark_as_matlab(path)


@pytest.mark.parametrize("write", [as_cells, as_pages, as_hdf5_cells, as_hdf5_pages])
def test_masks_are_read_in_every_form(tmp_path: Path, write) -> None:
    path = tmp_path / "masks.mat"
    write(path)
    for frame, expected in enumerate(DRAWN, start=1):
        got = read_mask(path, frame)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, expected)
    with pytest.raises(DataError, match=r"masks.mat: no mask of frame 4, there are 3"):
        read_mask(path, 4)


def test_only_mask_of_a_file_is_the_first_frame(tmp_path: Path) -> None:
    savemat(tmp_path / "old.mat", {"Masks": DRAWN[0]})
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:
        file["Masks"] = DRAWN[0].T
    mark_as_matlab(tmp_path / "new.mat")
    for name in ("old.mat", "new.mat"):
        np.testing.assert_array_equal(read_mask(tmp_path / name, 1), DRAWN[0])
        with pytest.raises(DataError, match="no mask of frame 2, there are 1"):
            read_mask(tmp_path / name, 2)


def test_file_of_other_arrays_is_told(tmp_path: Path) -> None:
    savemat(tmp_path / "two.mat", {"a": DRAWN[0], "b": DRAWN[1]})
    with pytest.raises(DataError, match="no array 'Masks' with one mask a frame, there is a, b"):
        read_mask(tmp_path / "two.mat", 1)
    cells = np.empty((1, 2), dtype=object)
    cells[:] = [["first", "second"]]
    savemat(tmp_path / "words.mat", {"Masks": cells})
    with pytest.raises(DataError, match=r"the mask of frame 1 is <U5 , expected H x W"):
        read_mask(tmp_path / "words.mat", 1)


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.mat: the file cannot be read"):
        read_mask(tmp_path / "none.mat", 1)
    with pytest.raises(DataError, match=r"none.cdf: the file cannot be read"):
        read_poses(tmp_path / "none.cdf")


def colours(count: int) -> list[tuple[int, int, int]]:
    """Colours far enough apart to survive a video's compression."""
    return [(20 * place, 250 - 20 * place, 128) for place in range(count)]


def write_video(path: Path, count: int) -> None:
    """A video whose frames have one colour each, with most frames coded as differences."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV is an extra")
    path.parent.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 50, (64, 48))
    if not video.isOpened():
        pytest.skip("this OpenCV cannot write mp4 files")
    for red, green, blue in colours(count):
        video.write(np.full((48, 64, 3), (blue, green, red), np.uint8))
    video.release()


def colour_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image).reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize("order", [range(1, 13), [12, 1, 7, 8, 3], [5, 5]])
def test_frames_of_a_video_are_exact_in_any_order(tmp_path: Path, order) -> None:
    write_video(tmp_path / "clip.mp4", 12)
    frames = VideoFrames(tmp_path / "clip.mp4")
    assert frames.numbers() == list(range(1, 13))
    for number in order:
        image = frames.read(number)
        assert image.size == (64, 48)
        np.testing.assert_allclose(colour_of(image), colours(12)[number - 1], atol=6)


def test_two_videos_read_by_turns_stay_apart(tmp_path: Path) -> None:
    write_video(tmp_path / "long.mp4", 12)
    write_video(tmp_path / "short.mp4", 3)
    long, short = (VideoFrames(tmp_path / f"{name}.mp4") for name in ("long", "short"))
    for number in (1, 2, 3):
        for frames in (long, short):
            np.testing.assert_allclose(
                colour_of(frames.read(number)), colours(12)[number - 1], atol=6
            )
    assert short.numbers() == [1, 2, 3]


def test_frame_beyond_the_end_of_a_video_is_told(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", 3)
    frames = VideoFrames(tmp_path / "clip.mp4")
    for number in (4, 9):
        with pytest.raises(
            DataError, match=rf"clip.mp4: the video ends before frame {number} of 3"
        ):
            frames.read(number)
    np.testing.assert_allclose(colour_of(frames.read(2)), colours(3)[1], atol=6)


def test_broken_video_is_told(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", 12)
    path = tmp_path / "clip.mp4"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"clip.mp4: not a whole video file"):
        VideoFrames(path).numbers()
    path.write_bytes(b"<html>log in</html>")
    with pytest.raises(DataError, match=r"clip.mp4: the file is an HTML page"):
        VideoFrames(path).read(1)


def test_missing_opencv_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"clip.mp4": b"\0"})
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(AssetMissing, match=r"pip install 'harness\[video\]'; or extract"):
        VideoFrames(tmp_path / "clip.mp4").numbers()


def test_videos_and_extracted_frames_have_the_same_names(tmp_path: Path) -> None:
    pytest.importorskip("cdflib", reason="cdflib is an extra")
    tree = make_human36m_tree(tmp_path, subjects=("S1",), actions=("Posing",), masks=False)
    options = Human36mOptions(background="kept")
    names = Human36m(tree, options).ids("train")
    for camera in CAMERAS:
        clip = f"Posing.{camera}"
        for path in (tree / "S1" / clip).iterdir():
            path.unlink()
        (tree / "S1" / clip).rmdir()
        write_video(tree / f"S1/Videos/{clip}.mp4", 3)
    dataset = Human36m(tree, options)
    assert dataset.ids("train") == names
    samples = dataset.read("train", [0, 5], 16)
    # A small picture under a large pose: the crop repeats the outermost pixels.
    np.testing.assert_allclose(
        samples.images.mean(axis=(2, 3)), [colours(3)[0], colours(3)[2]], atol=6
    )
    assert samples.landmarks.shape == (2, len(PERSON), 2)
    assert dataset.source()["files"]["count"] == 4


def test_extracted_frames_go_before_the_video(tmp_path: Path) -> None:
    pytest.importorskip("cdflib", reason="cdflib is an extra")
    tree = make_human36m_tree(tmp_path, subjects=("S1",), actions=("Posing",), masks=False)
    dataset = Human36m(tree, Human36mOptions(background="kept"))
    before = dataset.read("train", [0], 16).images
    write_files(tree, {f"S1/Videos/Posing.{CAMERAS[0]}.mp4": b"broken"})
    assert person_frame(0, 1) == (tree / f"S1/Posing.{CAMERAS[0]}/000001.jpg").read_bytes()
    after = Human36m(tree, Human36mOptions(background="kept")).read("train", [0], 16).images
    np.testing.assert_array_equal(after, before)
