import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trees import dotted_photo, encoded, make_celeba_tree, write_files, write_zip

from harness.errors import DataError
from harness_datasets.celeba.dataset import CelebA
from harness_datasets.celeba.options import CelebAOptions

COUNT = 40


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_celeba_tree(tmp_path, COUNT)


def opened(root: Path, crop: str = "aligned", **options: object) -> CelebA:
    return CelebA(root, CelebAOptions(crop=crop, **options))


def numbers(dataset: CelebA, split: str) -> list[int]:
    return [int(name[:6]) for name in dataset.ids(split)]


def as_csv(path: Path) -> None:
    """Turn a list of the text edition into the CSV edition."""
    _, header, *rows = path.read_text().splitlines()
    columns = [name for name in header.split() if name != "image_id"]
    lines = [["image_id", *columns], *(row.split() for row in rows)]
    path.with_suffix(".csv").write_text("\n".join(",".join(line) for line in lines) + "\n")
    path.unlink()


def test_aligned_splits_follow_the_official_lists(tree: Path) -> None:
    dataset = opened(tree)
    assert numbers(dataset, "train") == list(range(1, 33))
    assert numbers(dataset, "val") == [33, 34, 35, 36]
    assert numbers(dataset, "test") == [37, 38, 39, 40]
    assert numbers(dataset, "mafl_test") == [5, 10, 15, 20, 25, 30, 35, 40]
    assert numbers(dataset, "mafl_train") == [n for n in range(1, 41) if n % 5 in (1, 2)]
    assert numbers(dataset, "train_without_mafl_test") == [n for n in range(1, 33) if n % 5]
    assert numbers(dataset, "all_without_mafl") == [n for n in range(1, 41) if n % 5 in (3, 4)]
    assert {split for split in dataset.splits() if dataset.ids(split)} == set(dataset.splits())


def test_wild_splits_leave_out_small_faces(tree: Path) -> None:
    dataset = opened(tree, "wild")
    assert numbers(dataset, "train") == [n for n in range(1, 33) if n % 7]
    assert numbers(dataset, "mafl_test") == [5, 10, 15, 20, 25, 30, 40]
    everything = opened(tree, "wild", min_face_share=0.0)
    assert numbers(everything, "train") == list(range(1, 33))


def test_face_on_the_limit_is_kept(tree: Path) -> None:
    write_files(tree, {"list_imsize_celeba.txt": "000001.jpg 100 100\n000002.jpg 100 100\n"})
    write_files(tree, {"Eval/list_eval_partition.txt": "000001.jpg 0\n000002.jpg 0\n"})
    boxes = "2\nimage_id x_1 y_1 width height\n000001.jpg 0 0 30 100\n000002.jpg 0 0 29 103\n"
    write_files(tree, {"Anno/list_bbox_celeba.txt": boxes})
    assert numbers(opened(tree, "wild"), "train") == [1]


def test_order_of_the_mafl_lists_is_kept(tree: Path) -> None:
    write_files(tree, {"MAFL/testing.txt": "000009.jpg\r\n000003.jpg"})
    assert numbers(opened(tree), "mafl_test") == [9, 3]


@pytest.mark.parametrize("crop", ["wild", "aligned"])
def test_landmarks_lie_on_their_dots(tree: Path, crop: str) -> None:
    dataset = opened(tree, crop)
    samples = dataset.read("mafl_train", [0, 3, 5], 64)
    assert samples.images.shape == (3, 3, 64, 64)
    assert samples.landmarks.shape == (3, 5, 2)
    assert samples.visible.all()
    at = np.floor(samples.landmarks * 64).astype(int)
    for image, points in zip(samples.images, at, strict=True):
        for x, y in points:
            assert image[:, y, x].min() > 200
    assert np.median(samples.images) < 100


def test_wild_photo_is_squeezed_as_a_whole(tree: Path) -> None:
    dataset = opened(tree, "wild")
    samples = dataset.read("mafl_test", [0], 32)
    path = tree / "Img/img_celeba" / samples.ids[0]
    with Image.open(path) as photo:
        expected = np.asarray(photo.resize((32, 32), Image.Resampling.BILINEAR))
        width, height = photo.size
    np.testing.assert_array_equal(samples.images[0], expected.transpose(2, 0, 1))
    row = (tree / "Anno/list_landmarks_celeba.txt").read_text().splitlines()[1 + 5].split()
    pixels = np.array(row[1:], float).reshape(5, 2)
    np.testing.assert_allclose(samples.landmarks[0], pixels / (width, height), atol=1e-6)


def test_stored_pixels_count_and_not_the_camera_s_orientation(tree: Path) -> None:
    path = tree / "Img/img_celeba/000001.jpg"
    plain = opened(tree, "wild").read("train", [0], 32)
    exif = Image.Exif()
    exif[0x0112] = 6
    segment = exif.tobytes()
    marker = b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big")
    data = path.read_bytes()
    path.write_bytes(data[:2] + marker + segment + data[2:])
    with Image.open(path) as photo:
        assert photo.getexif()[0x0112] == 6
    turned = opened(tree, "wild").read("train", [0], 32)
    np.testing.assert_array_equal(turned.images, plain.images)
    np.testing.assert_array_equal(turned.landmarks, plain.landmarks)


def test_aligned_crop_is_the_centre_80_of_100_squeezed(tree: Path) -> None:
    dataset = opened(tree)
    samples = dataset.read("train", [0], 80)
    name = samples.ids[0]
    with Image.open(tree / "Img/img_align_celeba" / name) as photo:
        whole = photo.resize((100, 100), Image.Resampling.BILINEAR).crop((10, 10, 90, 90))
    difference = samples.images[0].astype(int) - np.asarray(whole).transpose(2, 0, 1)
    # Only the last column and row differ in what the filter sees beyond the crop.
    assert abs(difference[:, 1:-1, 1:-1]).max() <= 1
    row = (tree / "Anno/list_landmarks_align_celeba.txt").read_text().splitlines()[2].split()
    x, y = int(row[1]), int(row[2])
    expected = [(x / 178 * 100 - 10) / 80, (y / 218 * 100 - 10) / 80]
    np.testing.assert_allclose(samples.landmarks[0, 0], expected, atol=1e-6)


def test_attributes_are_zero_and_one_with_official_names(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.attribute_names == ("Bald", "Smiling", "Young")
    got = dataset.read("train", [0, 5], 16).attributes
    np.testing.assert_array_equal(got, [[1, 0, 0], [0, 1, 1]])


def test_attributes_are_optional(tree: Path) -> None:
    (tree / "Anno/list_attr_celeba.txt").unlink()
    dataset = opened(tree)
    assert dataset.attribute_names == ()
    assert dataset.read("train", [0], 16).attributes is None


@pytest.mark.parametrize("crop", ["wild", "aligned"])
def test_csv_edition_gives_the_same(tmp_path: Path, crop: str) -> None:
    text, comma = (make_celeba_tree(tmp_path / name, 20) for name in ("text", "csv"))
    for path in (comma / "Anno").glob("*.txt"):
        as_csv(path)
    partition = comma / "Eval/list_eval_partition.txt"
    rows = partition.read_text().replace(" ", ",")
    partition.with_suffix(".csv").write_text("image_id,partition\n" + rows)
    partition.unlink()
    one, two = opened(text, crop), opened(comma, crop)
    for split in one.splits():
        assert one.ids(split) == two.ids(split)
    first, second = (dataset.read("train", range(9), 24) for dataset in (one, two))
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.landmarks, second.landmarks)
    np.testing.assert_array_equal(first.attributes, second.attributes)


def test_lists_may_lie_side_by_side_and_the_root_be_the_folder_itself(tree: Path) -> None:
    for folder in ("Anno", "Eval", "Img"):
        for path in (tree / folder).iterdir():
            path.rename(tree / path.name)
        (tree / folder).rmdir()
    assert opened(tree).ids("train") == opened(tree.parent).ids("train")


def test_images_may_stay_in_the_official_zip(tree: Path) -> None:
    loose = opened(tree).read("val", [0, 1], 32)
    folder = tree / "Img/img_align_celeba"
    files = {f"img_align_celeba/{path.name}": path.read_bytes() for path in folder.iterdir()}
    write_zip(tree / "Img/img_align_celeba.zip", files)
    shutil.rmtree(folder)
    zipped = opened(tree).read("val", [0, 1], 32)
    assert zipped.ids == loose.ids
    np.testing.assert_array_equal(zipped.images, loose.images)


def test_size_list_and_photo_headers_agree(tree: Path) -> None:
    by_header = opened(tree, "wild").ids("train")
    rows = []
    for path in sorted((tree / "Img/img_celeba").iterdir()):
        with Image.open(path) as photo:
            rows.append(f"{path.name} {photo.height} {photo.width}")
    write_files(tree, {"list_imsize_celeba.txt": "\n".join(rows) + "\n"})
    assert opened(tree, "wild").ids("train") == by_header


def test_photo_of_another_size_than_listed_is_named(tree: Path) -> None:
    rows = [f"{number:06d}.jpg 100 101" for number in range(1, COUNT + 1)]
    write_files(tree, {"list_imsize_celeba.txt": "\n".join(rows) + "\n"})
    dataset = opened(tree, "wild", min_face_share=0.0)
    message = r"000002.jpg: 110 x 100 px, expected 101 x 100 px as in list_imsize_celeba.txt"
    with pytest.raises(DataError, match=message):
        dataset.read("train", [1], 16)
    photo = encoded(dotted_photo((178, 178)), "JPEG")
    write_files(tree, {"Img/img_align_celeba/000003.jpg": photo})
    with pytest.raises(DataError, match=r"000003.jpg: 178 x 178 px, expected 178 x 218 px"):
        opened(tree).read("train", [1, 2], 16)


@pytest.mark.parametrize(
    ("crop", "name"),
    [
        ("wild", "Anno/list_bbox_celeba.txt"),
        ("wild", "Anno/list_landmarks_celeba.txt"),
        ("aligned", "Anno/list_landmarks_align_celeba.txt"),
        ("aligned", "Eval/list_eval_partition.txt"),
        ("aligned", "MAFL/testing.txt"),
    ],
)
def test_missing_file_is_named_with_its_home_and_the_tree(tree: Path, crop: str, name: str) -> None:
    (tree / name).unlink()
    with pytest.raises(DataError, match=rf"'[A-Z/]*{Path(name).name}' is missing") as error:
        opened(tree, crop).ids("train_without_mafl_test")
    assert "mmlab.ie.cuhk.edu.hk" in str(error.value)
    assert "Img/img_celeba/*.jpg" in str(error.value)


def test_missing_images_are_named(tree: Path) -> None:
    shutil.rmtree(tree / "Img/img_celeba")
    with pytest.raises(DataError, match=r"'img_celeba/' is missing"):
        opened(tree, "wild")
    (tree / "Img/img_celeba").mkdir()
    with pytest.raises(DataError, match="has no image"):
        opened(tree, "wild")
    with pytest.raises(DataError, match="pass it with --data"):
        CelebA(None, CelebAOptions())
    with pytest.raises(DataError, match="there is no folder"):
        opened(tree / "nowhere")


def test_page_in_place_of_a_photo_is_called_so(tree: Path) -> None:
    page = "<!DOCTYPE html><html>quota exceeded</html>"
    write_files(tree, {"Img/img_align_celeba/000001.jpg": page, "Img/img_celeba/000001.jpg": page})
    with pytest.raises(DataError, match=r"000001.jpg: the file is an HTML page"):
        opened(tree).read("train", [0], 16)
    with pytest.raises(DataError, match=r"000001.jpg: not an image"):
        opened(tree, "wild").ids("train")


def test_smaller_tree_runs_and_says_so(tree: Path) -> None:
    whole = opened(tree).source()
    (tree / "Img/img_align_celeba/000002.jpg").unlink()
    dataset = opened(tree)
    assert 2 not in numbers(dataset, "train")
    assert dataset.source()["share"] == {"found": COUNT - 1, "official": 202_599}
    assert dataset.source() != whole
    checked = {name: (in_order, text) for name, in_order, text in dataset.check()}
    assert checked["mafl_test"] == (False, "8 images, expected 1,000")


def test_complete_counts_pass_the_check(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"wild": {"mafl_test": 7, "mafl_train": 14}}
    monkeypatch.setattr("harness_datasets.celeba.dataset.EXPECTED", expected)
    checked = opened(tree, "wild").check()
    assert checked[0] == ("mafl_test", True, "7 images, expected 7")
    assert checked[1][:2] == ("mafl_train", True)


def test_source_changes_with_a_list(tree: Path) -> None:
    before = opened(tree).source()
    assert before == opened(tree).source()
    write_files(tree, {"MAFL/testing.txt": "000005.jpg"})
    assert opened(tree).source()["lists"] != before["lists"]


def test_unknown_split_lists_the_splits(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'fit', there are train, val, test, mafl_train"):
        opened(tree).ids("fit")
