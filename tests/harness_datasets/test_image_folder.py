import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trees import dotted_photo, encoded, make_photo_folder, write_files, write_zip

from harness.errors import DataError
from harness_datasets.image_folder.dataset import ImageFolder
from harness_datasets.image_folder.options import ImageFolderOptions

Open = Callable[..., ImageFolder]


def test_photos_are_found_in_sub_folders_and_sorted(tmp_path: Path, open_folder: Open) -> None:
    photo = encoded(dotted_photo((20, 20)), "JPEG")
    write_files(tmp_path, {"b/x.JPG": photo, "a.jpeg": photo, "b/notes.txt": b""})
    assert open_folder().ids("all") == ["a.jpeg", "b/x.JPG"]


def test_photos_in_a_zip_equal_loose_ones(tmp_path: Path) -> None:
    make_photo_folder(tmp_path / "loose", 6)
    files = {path.name: path.read_bytes() for path in (tmp_path / "loose").glob("*.png")}
    write_zip(tmp_path / "zipped" / "images.zip", files)
    marks = (tmp_path / "loose" / "landmarks.csv").read_bytes()
    write_files(tmp_path / "zipped", {"landmarks.csv": marks})
    loose, zipped = (
        ImageFolder(tmp_path / name, ImageFolderOptions()).read("all", range(6), 32)
        for name in ("loose", "zipped")
    )
    assert loose.ids == zipped.ids
    np.testing.assert_array_equal(loose.images, zipped.images)
    np.testing.assert_array_equal(loose.landmarks, zipped.landmarks)


def test_only_zip_of_a_folder_is_taken_whatever_its_name(tmp_path: Path, open_folder: Open) -> None:
    write_zip(tmp_path / "holiday.zip", {"a.png": encoded(dotted_photo((20, 20)))})
    assert open_folder().ids("all") == ["a.png"]


def test_labels_may_lie_inside_the_zip(tmp_path: Path, open_folder: Open) -> None:
    files = {"a.png": encoded(dotted_photo((20, 20))), "landmarks.csv": "file,x0,y0\na.png,5,10\n"}
    write_zip(tmp_path / "images.zip", files)
    samples = open_folder().read("all", [0], 20)
    np.testing.assert_allclose(samples.landmarks, [[[0.25, 0.5]]])


def test_several_zips_are_not_guessed_at(tmp_path: Path, open_folder: Open) -> None:
    for name in ("a.zip", "b.zip"):
        write_zip(tmp_path / name, {f"{name}.png": encoded(dotted_photo((20, 20)))})
    with pytest.raises(DataError, match=r"2 zips .*option archive"):
        open_folder()
    assert open_folder(archive="b.zip").ids("all") == ["b.zip.png"]


def test_loose_photos_beside_images_zip_are_not_guessed_at(
    tmp_path: Path, open_folder: Open
) -> None:
    make_photo_folder(tmp_path, 1)
    write_zip(tmp_path / "images.zip", {"a.png": encoded(dotted_photo((20, 20)))})
    with pytest.raises(DataError, match=r"both loose photos .* and images.zip"):
        open_folder()


def test_folder_without_photos_is_refused(tmp_path: Path, open_folder: Open) -> None:
    write_files(tmp_path, {"readme.txt": "nothing"})
    with pytest.raises(DataError, match=r"there is no photo \(\*\.jpg, \*\.jpeg, \*\.png\)"):
        open_folder()


def test_missing_root_is_refused() -> None:
    with pytest.raises(DataError, match="pass it with --data"):
        ImageFolder(None, ImageFolderOptions())


@pytest.mark.parametrize("resize", ["letterbox", "squeeze"])
@pytest.mark.parametrize("size", [(120, 60), (60, 120), (90, 90)], ids=str)
def test_landmark_lies_on_its_dot(
    tmp_path: Path, open_folder: Open, size: tuple[int, int], resize: str
) -> None:
    x, y = 0.75 * size[0], 0.25 * size[1]
    write_files(
        tmp_path,
        {
            "a.png": encoded(dotted_photo(size, [(x, y)])),
            "landmarks.csv": f"file,x0,y0\na.png,{x},{y}\n",
        },
    )
    samples = open_folder(resize=resize).read("all", [0], 48)
    brightest = np.maximum(samples.images[0, 0].astype(float) - 100, 0)
    side = np.arange(48) + 0.5
    centre = np.array([brightest.sum(0) @ side, brightest.sum(1) @ side]) / brightest.sum() / 48
    np.testing.assert_allclose(samples.landmarks[0, 0], centre, atol=0.1 / 48)


def test_squeezing_gives_other_points_than_letterboxing(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "a.png": encoded(dotted_photo((80, 40))),
            "landmarks.csv": "file,x0,y0\na.png,20,10\n",
        },
    )
    got = {
        resize: ImageFolder(tmp_path, ImageFolderOptions(resize=resize)).read("all", [0], 32)
        for resize in ("letterbox", "squeeze")
    }
    np.testing.assert_allclose(got["squeeze"].landmarks, [[[0.25, 0.25]]])
    np.testing.assert_allclose(got["letterbox"].landmarks, [[[0.25, 0.375]]])
    assert got["squeeze"].ignored is None
    assert got["letterbox"].ignored is not None
    assert got["letterbox"].ignored[0, :8].all()
    assert not got["letterbox"].ignored[0, 8:24].any()


def test_resize_is_antialiased_lanczos(tmp_path: Path, open_folder: Open) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    photo = Image.fromarray(noise)
    write_files(tmp_path, {"a.png": encoded(photo)})
    expected = np.asarray(photo.resize((16, 16), Image.Resampling.LANCZOS)).transpose(2, 0, 1)
    for resize in ("letterbox", "squeeze"):
        np.testing.assert_array_equal(
            open_folder(resize=resize).read("all", [0], 16).images[0], expected
        )


def test_images_are_rgb_channels_first(tmp_path: Path, open_folder: Open) -> None:
    write_files(tmp_path, {"a.png": encoded(Image.new("RGB", (9, 9), (1, 2, 3)))})
    images = open_folder().read("all", [0, 0], 8).images
    assert images.dtype == np.uint8
    assert images.shape == (2, 3, 8, 8)
    assert (images == np.array([1, 2, 3]).reshape(1, 3, 1, 1)).all()


def test_landmarks_refer_to_the_upright_photo(tmp_path: Path, open_folder: Open) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = dotted_photo((40, 80), [(30, 20)])
    stored = upright.rotate(90, expand=True)
    write_files(
        tmp_path,
        {
            "a.png": encoded(stored, exif=exif),
            "landmarks.csv": "file,x0,y0\na.png,30,20\n",
        },
    )
    samples = open_folder(resize="squeeze").read("all", [0], 40)
    np.testing.assert_allclose(samples.landmarks, [[[0.75, 0.25]]])
    assert samples.images[0, 0, 10, 30] == 255


def test_broken_photo_is_named_and_can_be_left_out(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 10)
    whole = (tmp_path / "photo-003.png").read_bytes()
    write_files(tmp_path, {"photo-003.png": whole[:60], "photo-005.png": "not an image"})
    strict = open_folder()
    with pytest.raises(DataError, match=r"photo-003.png: .* leave such files out with --skip-brok"):
        strict.read("all", range(10), 16)
    name, in_order, text = strict.check()[0]
    assert (name, in_order) == ("photos", False)
    assert text.startswith("8 of 10 photos")
    lenient = open_folder(skip_broken=True)
    kept = lenient.ids("all")
    assert len(kept) == 8
    assert not {"photo-003.png", "photo-005.png"} & set(kept)
    assert sorted([*lenient.ids("train"), *lenient.ids("test")]) == kept
    assert len(lenient.read("all", range(8), 16)) == 8
    assert lenient.source()["broken"] == 2
    assert ("broken", True, "2 photos are left out") in lenient.check()


def test_set_of_broken_photos_only_is_refused(tmp_path: Path, open_folder: Open) -> None:
    write_files(tmp_path, {"a.jpg": "x"})
    with pytest.raises(DataError, match="every photo is broken"):
        open_folder(skip_broken=True).splits()


def test_unknown_split_lists_the_splits(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 3)
    with pytest.raises(DataError, match="no split 'val', there are all, train, test"):
        open_folder().ids("val")


def test_one_photo_can_be_read(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 1)
    dataset = open_folder()
    assert [len(dataset.ids(split)) for split in ("all", "train", "test")] == [1, 1, 0]
    assert len(dataset.read("test", [], 16)) == 0
    assert dataset.read("train", [0], 16).landmarks.shape == (1, 2, 2)


def test_rows_follow_the_asked_order(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 5)
    dataset = open_folder()
    whole, some = dataset.read("all", range(5), 16), dataset.read("all", [3, 1], 16)
    assert some.ids == ["photo-003.png", "photo-001.png"]
    np.testing.assert_array_equal(some.images, whole.images[[3, 1]])
    np.testing.assert_array_equal(some.landmarks, whole.landmarks[[3, 1]])


def test_unlabelled_set_has_no_labels(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 4, labelled=False)
    dataset = open_folder()
    samples = dataset.read("all", range(4), 16)
    fields = (samples.landmarks, samples.visible, samples.foreground, samples.attributes)
    assert fields == (None,) * 4
    assert dataset.landmark_names == dataset.attribute_names == ()
    assert dataset.ids("train_labelled") == []


def test_attributes_are_read_with_unknown_ones(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 3, labelled=False)
    rows = ["file,person,Hat,Smile", "photo-000.png,A,1,-1", "photo-002.png,B,,1"]
    write_files(tmp_path, {"labels.csv": "\n".join(rows)})
    dataset = open_folder(ignore_columns=("person",))
    assert dataset.attribute_names == ("Hat", "Smile")
    got = dataset.read("all", range(3), 16).attributes
    np.testing.assert_array_equal(got, [[1, 0], [np.nan, np.nan], [np.nan, 1]])
    assert got.dtype == np.float32


def test_landmark_names_can_be_given(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 1)
    assert open_folder(landmark_names=("nose", "chin")).landmark_names == ("nose", "chin")
    with pytest.raises(DataError, match="has 2 landmarks, the option landmark_names names 1"):
        open_folder(landmark_names=("nose",))


def test_source_changes_with_options_labels_and_photos(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 3)
    first = open_folder().source()
    assert first == open_folder().source()
    marks = (tmp_path / "landmarks.csv").read_bytes()
    assert first["labels"] == {"landmarks.csv": hashlib.sha256(marks).hexdigest()}
    assert open_folder(resize="squeeze").source() != first
    write_files(tmp_path, {"landmarks.csv": marks + b"\n"})
    second = open_folder().source()
    assert second["labels"] != first["labels"]
    write_files(tmp_path, {"photo-000.png": encoded(dotted_photo((50, 50)))})
    assert open_folder().source()["files"] != second["files"]


def test_check_finds_a_landmark_outside(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 2)
    assert all(in_order for _, in_order, _ in open_folder().check())
    write_files(tmp_path, {"landmarks.csv": "file,x0,y0\nphoto-001.png,900,3\n"})
    name, in_order, text = open_folder().check()[0]
    assert (name, in_order) == ("photos", False)
    assert "1 of 2 photos" in text
    assert "landmarks.csv line 2: landmark 0" in text
