import json
from typing import Any

import numpy as np
import pytest

from harness.errors import DataError
from harness_datasets.image_folder.landmarks import (
    Landmarks,
    is_coco,
    landmarks_from_coco,
    landmarks_from_table,
)
from harness_datasets.image_folder.tables import read_table

SIZE = (100, 50)


def from_csv(text: str) -> Landmarks:
    return landmarks_from_table(read_table(text.encode(), "marks.csv", "file"))


def fractions(landmarks: Landmarks, photo: str, **options: Any) -> np.ndarray:
    return landmarks.fractions(photo, SIZE, **{"pixel_size": None, "tolerance": 0.02, **options})


def coco(**changes: Any) -> bytes:
    content = {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 100, "height": 50},
            {"id": 8, "file_name": "b.jpg"},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "keypoints": [10, 20, 2, 30, 40, 1, 0, 0, 0]},
            {"id": 2, "image_id": 8, "keypoints": [50, 25, 2, 0, 0, 2, 1, 1, 0]},
        ],
        "categories": [{"id": 1, "keypoints": ["nose", "chin", "ear"]}],
    }
    return json.dumps({**content, **changes}).encode()


def test_pixels_become_fractions_and_other_columns_are_ignored() -> None:
    landmarks = from_csv("file,crop_x,x0,y0,x1,y1,weight\na.jpg,9,25,25,100,0,3\n")
    assert landmarks.names == ("0", "1")
    np.testing.assert_array_equal(fractions(landmarks, "a.jpg"), [[0.25, 0.5], [1, 0]])


def test_empty_cells_nan_and_v_zero_are_missing() -> None:
    landmarks = from_csv(
        "file,x0,y0,x1,y1,x2,y2,v0,v1,v2\na.jpg,5,,nan,5,10,10,1,1,0\nb.jpg,5,5,5,5,5,5,1,2,1\n"
    )
    assert np.isnan(fractions(landmarks, "a.jpg")).all()
    assert np.isfinite(fractions(landmarks, "b.jpg")).all()
    assert not landmarks.labelled("a.jpg")
    assert landmarks.labelled("b.jpg")


def test_photo_without_a_row_has_no_landmarks() -> None:
    landmarks = from_csv("file,x0,y0\na.jpg,5,5\n")
    assert np.isnan(fractions(landmarks, "b.jpg")).all()
    assert not landmarks.labelled("b.jpg")


def test_pixels_may_refer_to_another_size() -> None:
    landmarks = from_csv("file,x0,y0\na.jpg,64,32\n")
    got = fractions(landmarks, "a.jpg", pixel_size=(128, 128))
    np.testing.assert_array_equal(got, [[0.5, 0.25]])


def test_landmark_outside_is_named_with_its_line() -> None:
    landmarks = from_csv("file,x0,y0,x1,y1\nb.jpg,5,5,5,5\na.jpg,5,5,103,10\n")
    message = r"marks.csv line 3: landmark 1 of 'a.jpg' is at \(103, 10\).*100 x 50 px"
    with pytest.raises(DataError, match=message):
        fractions(landmarks, "a.jpg")


def test_landmark_just_outside_is_tolerated_and_kept() -> None:
    landmarks = from_csv("file,x0,y0\na.jpg,101,-1\n")
    np.testing.assert_allclose(fractions(landmarks, "a.jpg"), [[1.01, -0.02]])
    with pytest.raises(DataError, match="outside the image"):
        fractions(landmarks, "a.jpg", tolerance=0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,x,y\na.jpg,1,2", r"line 1: no column 'x0', expected x0,y0"),
        ("file,x0,y0,x1\na.jpg,1,2,3", r"line 1: no column 'y1'"),
        ("file,x0,y0,x2,y2\na.jpg,1,2,3,4", r"line 1: no column 'x1'"),
        ("file,x0,y0\na.jpg,1,2\nb.jpg,left,2", r"line 3: 'left' in column 'x0' is not a number"),
        ("file,x0,y0\na.jpg,inf,2", r"line 2: an infinite coordinate"),
    ],
    ids=["no x0", "no y1", "gap", "text", "infinite"],
)
def test_malformed_landmarks_are_named(text: str, message: str) -> None:
    with pytest.raises(DataError, match=f"marks.csv {message}"):
        from_csv(text)


def test_fractions_in_place_of_pixels_are_noticed() -> None:
    with pytest.raises(DataError, match=r"every coordinate lies in \[0, 1\], expected pixels"):
        from_csv("file,x0,y0\na.jpg,0.25,0.5\nb.jpg,,\n").refuse_fractions()
    from_csv("file,x0,y0\na.jpg,0.25,0.5\nb.jpg,1,2\n").refuse_fractions()
    from_csv("file,x0,y0\na.jpg,,\n").refuse_fractions()


def test_coco_keypoints_are_read_with_names() -> None:
    landmarks = landmarks_from_coco(coco(), "coco.json")
    assert landmarks.names == ("nose", "chin", "ear")
    got = fractions(landmarks, "a.jpg")
    np.testing.assert_array_equal(got, [[0.1, 0.4], [0.3, 0.8], [np.nan, np.nan]])
    np.testing.assert_array_equal(fractions(landmarks, "b.jpg")[:2], [[0.5, 0.5], [0, 0]])


def test_coco_names_may_be_absent() -> None:
    assert landmarks_from_coco(coco(categories=[]), "c").names == ("0", "1", "2")


def test_coco_size_must_be_the_photo_s() -> None:
    landmarks = landmarks_from_coco(coco(), "coco.json")
    with pytest.raises(DataError, match=r"annotation 1: states 100 x 50 px for 'a.jpg'.*99 x 50"):
        landmarks.fractions("a.jpg", (99, 50), pixel_size=None, tolerance=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [{"id": 1, "image_id": 9, "keypoints": [1, 1, 2]}]}, "no image with id 9"),
        ({"annotations": [{"id": 1, "image_id": 7, "keypoints": [1, 1]}]}, "2 keypoint numbers"),
        (
            {"annotations": [{"id": i, "image_id": 7, "keypoints": [1, 1, 2] * 3} for i in (1, 2)]},
            "annotation 2: 'a.jpg' has two annotations",
        ),
        ({"annotations": []}, "no annotation has keypoints"),
        (
            {"annotations": [{"id": 1, "image_id": 7, "keypoints": [1, 1, 2]}]},
            "1 keypoints, expected 3",
        ),
        ({"images": [{"file_name": "a.jpg"}]}, r"not a COCO-keypoints file \(KeyError 'id'\)"),
    ],
    ids=["stranger", "pairs", "two people", "empty", "too few", "no id"],
)
def test_malformed_coco_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^coco.json.*{message}"):
        landmarks_from_coco(coco(**changes), "coco.json")


def test_json_that_is_cut_off_is_named() -> None:
    with pytest.raises(DataError, match=r"coco.json: not a COCO-keypoints file"):
        landmarks_from_coco(coco()[:50], "coco.json")


def test_coco_files_are_told_from_other_json() -> None:
    assert is_coco(coco())
    assert not is_coco(b'{"images": []}')
    assert not is_coco(b"[1]")
    assert not is_coco(b"{")


@pytest.mark.parametrize(
    "data",
    [
        coco(annotations=[3]),
        coco(annotations="none"),
        coco(categories=[[]]),
        coco(images=[{"id": 7, "file_name": "a.jpg", "width": float("inf"), "height": 1}]),
        b"[" * 3000,
    ],
    ids=["number", "text", "list", "endless", "deep"],
)
def test_a_coco_file_of_other_things_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"coco\.json: not a COCO-keypoints file|no image with id"):
        landmarks_from_coco(data, "coco.json")


def test_nesting_beyond_all_reason_is_no_coco_file() -> None:
    assert not is_coco(b"[" * 3000)
