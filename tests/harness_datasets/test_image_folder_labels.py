import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trees import encoded, make_photo_folder, write_files

from harness.errors import DataError
from harness_datasets.image_folder.dataset import ImageFolder

Open = Callable[..., ImageFolder]


def write_coco(root: Path, name: str, photo: str) -> None:
    content = {
        "images": [{"id": 1, "file_name": photo}],
        "annotations": [{"id": 1, "image_id": 1, "keypoints": [20, 10, 2]}],
    }
    write_files(root, {name: json.dumps(content)})


def mask(*rows: list[int]) -> bytes:
    return encoded(Image.fromarray(np.array(rows, np.uint8)))


def test_split_column_of_the_landmarks_is_used(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 4, labelled=False)
    rows = ["photo-000.png,val,5,5", "photo-001.png,test,5,5", "photo-002.png,,5,5"]
    write_files(tmp_path, {"landmarks.csv": "\n".join(["file,split,x0,y0", *rows])})
    dataset = open_folder()
    assert dataset.ids("val") == ["photo-000.png"]
    assert dataset.ids("test") == ["photo-001.png"]
    assert dataset.ids("train") == ["photo-002.png", "photo-003.png"]
    assert dataset.ids("train_labelled") == ["photo-002.png"]
    assert len(dataset.ids("all")) == 4


def test_another_split_column_and_other_names(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 3, labelled=False)
    rows = ["photo-000.png,train,A", "photo-001.png,train,B", "photo-002.png,test,B"]
    write_files(tmp_path, {"index.csv": "\n".join(["file,split,mine", *rows])})
    dataset = open_folder(split_column="mine", split_map={"A": "train", "B": "test"})
    assert dataset.ids("train") == ["photo-000.png"]
    assert dataset.ids("test") == ["photo-001.png", "photo-002.png"]


def test_named_column_or_file_must_exist(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 2)
    with pytest.raises(DataError, match=r"no split column 'mine' \(landmarks.csv\)"):
        open_folder(split_column="mine")
    with pytest.raises(DataError, match=r"the file 'other.csv' is missing"):
        open_folder(landmarks="other.csv")
    with pytest.raises(DataError, match=r"the file 'other.csv' is missing"):
        open_folder(index="other.csv")


def test_labels_of_photos_that_do_not_exist_are_refused(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 2, labelled=False)
    write_files(tmp_path, {"landmarks.csv": "file,x0,y0\nphoto-000.png,5,5\nphoto-009.png,5,5\n"})
    message = r"landmarks.csv line 3: there is no photo 'photo-009.png' among the 2 found"
    with pytest.raises(DataError, match=message):
        open_folder()
    (tmp_path / "landmarks.csv").unlink()
    write_coco(tmp_path, "coco.json", "photo-009.png")
    with pytest.raises(DataError, match=r"coco.json annotation 1: there is no photo"):
        open_folder()


def test_fractions_are_refused_unless_declared(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 1, labelled=False)
    write_files(tmp_path, {"landmarks.csv": "file,x0,y0\nphoto-000.png,0.25,0.5\n"})
    with pytest.raises(DataError, match="expected pixels"):
        open_folder()
    samples = open_folder(pixel_size=(1, 1), resize="squeeze").read("all", [0], 16)
    np.testing.assert_allclose(samples.landmarks, [[[0.25, 0.5]]])


def test_the_only_coco_file_is_found_among_other_json(tmp_path: Path, open_folder: Open) -> None:
    make_photo_folder(tmp_path, 2, labelled=False)
    write_files(tmp_path, {"settings.json": '{"a": 1}'})
    write_coco(tmp_path, "points.json", "photo-000.png")
    samples = open_folder(resize="squeeze").read("all", [0, 1], 16)
    np.testing.assert_allclose(samples.landmarks[0], [[0.5, 0.25]])
    assert samples.visible.tolist() == [[True], [False]]
    write_coco(tmp_path, "more.json", "photo-000.png")
    with pytest.raises(DataError, match=r"'more.json' and 'points.json' both hold landmarks"):
        open_folder()


def test_masks_lie_in_their_folder_by_the_photo_s_name(tmp_path: Path, open_folder: Open) -> None:
    photo = encoded(Image.new("RGB", (4, 2)))
    write_files(
        tmp_path,
        {
            "images/a.png": photo,
            "images/b.png": photo,
            "masks/a.png": mask([255, 255, 0, 0], [255, 255, 0, 128]),
        },
    )
    dataset = open_folder()
    assert dataset.ids("all") == ["images/a.png", "images/b.png"]
    samples = dataset.read("all", [0, 1], 4)
    assert samples.foreground[0].astype(int).tolist() == [
        [0, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
    ]
    assert samples.ignored[0].astype(int).tolist() == [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [1, 1, 1, 1],
    ]
    assert samples.ignored[1].all()
    assert not samples.foreground[1].any()
    assert dataset.ids("all_labelled") == ["images/a.png"]


def test_masks_can_be_named_by_the_index(tmp_path: Path, open_folder: Open) -> None:
    photo = encoded(Image.new("RGB", (2, 2)))
    write_files(
        tmp_path,
        {
            "a.png": photo,
            "b.png": photo,
            "segments/first.png": mask([255, 0], [0, 0]),
            "index.csv": "file,mask\na.png,segments/first.png\nb.png,\n",
        },
    )
    samples = open_folder(masks="segments", resize="squeeze").read("all", [0, 1], 2)
    assert samples.foreground[0].tolist() == [[True, False], [False, False]]
    assert not samples.ignored[0].any()
    assert samples.ignored[1].all()
    with pytest.raises(DataError, match=r"index.csv line 2: the mask .* lies among the photos"):
        open_folder()
    write_files(tmp_path, {"index.csv": "file,mask\na.png,segments/none.png\n"})
    with pytest.raises(DataError, match=r"index.csv line 2: there is no mask"):
        open_folder(masks="segments")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("a.png", [[255, 0, 0]], r"masks/a.png: the mask has 3 x 1 px, its photo 2 x 2 px"),
        ("a.png", [[255, 0], [0, 77]], r"masks/a.png: the mask has the value 77, expected 255"),
    ],
    ids=["size", "value"],
)
def test_mask_that_does_not_fit_is_refused(
    tmp_path: Path, open_folder: Open, name: str, values: list[list[int]], message: str
) -> None:
    write_files(
        tmp_path, {"a.png": encoded(Image.new("RGB", (2, 2))), f"masks/{name}": mask(*values)}
    )
    with pytest.raises(DataError, match=message):
        open_folder().read("all", [0], 8)


def test_mask_without_a_photo_is_refused(tmp_path: Path, open_folder: Open) -> None:
    write_files(
        tmp_path, {"a.png": encoded(Image.new("RGB", (2, 2))), "masks/z.png": mask([0, 255])}
    )
    with pytest.raises(DataError, match=r"the mask 'masks/z.png' belongs to no photo"):
        open_folder()
