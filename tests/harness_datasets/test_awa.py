from pathlib import Path

import numpy as np
import pytest
from official_trees_d import make_awa_tree

from harness.errors import ConfigError, DataError
from harness.toml import validate
from harness_datasets.awa.boxes import read_boxes
from harness_datasets.awa.dataset import AwA
from harness_datasets.awa.options import AwAOptions

HEADER = "file,x,y,width,height,facing\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_awa_tree(tmp_path)


def opened(root: Path, **options: object) -> AwA:
    return AwA(root, AwAOptions(**options))


def test_five_classes_are_split_by_their_names(tree: Path) -> None:
    dataset = opened(tree.parent)
    train, test = dataset.ids("train"), dataset.ids("test")
    assert (len(train), len(test)) == (18, 2)
    assert {name.split("/")[0] for name in [*train, *test]} == {
        "antelope",
        "deer",
        "moose",
        "horse",
        "zebra",
    }
    assert not set(train) & set(test)
    assert opened(tree).ids("test") == test


def test_other_classes_may_be_chosen(tree: Path) -> None:
    dataset = opened(tree, classes=("walrus",))
    assert all(name.startswith("walrus/") for name in dataset.ids("train"))
    with pytest.raises(DataError, match="no folder 'cow', there are antelope, deer"):
        opened(tree, classes=("cow",))
    with pytest.raises(ConfigError, match="a class is named twice"):
        validate(AwAOptions, {"classes": ["deer", "deer"]}, "suite")


def test_whole_photo_is_squeezed(tree: Path) -> None:
    dataset = opened(tree)
    place = dataset.ids("train").index("deer/deer_10001.jpg")
    image = dataset.read("train", [place], 24).images[0].max(axis=0)
    # The dot is at (20, 20) of 120 x 80 pixels, so at (4, 6) of 24 x 24.
    assert np.unravel_index(image.argmax(), image.shape) in {(5, 3), (5, 4), (6, 3), (6, 4)}


def boxed(tree: Path, *rows: str) -> AwA:
    (tree / "boxes.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return opened(tree, crop="boxes")


def test_boxes_become_squares_and_animals_face_left(tree: Path) -> None:
    dataset = boxed(
        tree,
        "deer/deer_10001.jpg,10,10,40,20,left",
        "horse/horse_10001.jpg,10,10,40,20,right",
        "zebra/zebra_10001.jpg,10,10,40,20,front",
        "zebra/zebra_10002.jpg,10,10,40,20,back",
        "walrus/walrus_10001.jpg,10,10,40,20,left",
    )
    (left,), (right,) = dataset.ids("train"), dataset.ids("test")
    assert {left, right} == {"deer/deer_10001.jpg", "horse/horse_10001.jpg"}
    images = {
        name: dataset.read(split, [0], 40).images[0]
        for split, name in (("train", left), ("test", right))
    }
    # The square is x 10 to 50 and y 0 to 40, so that the dot at (20, 20) is at (10, 20).
    assert images["deer/deer_10001.jpg"][:, 19:21, 9:11].min() > 200
    assert images["horse/horse_10001.jpg"][:, 19:21, 29:31].min() > 200


def test_square_of_a_box_keeps_its_centre(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(HEADER + "a\\b.jpg,0,30,10,40,left\n")
    assert read_boxes(path)["a/b.jpg"].square == (-15, 30, 25, 70)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,x,y\n", "line 1: file,x,y, expected file,x,y,width,height,facing"),
        (HEADER + "a.jpg,1,2,3\n", "line 2: expected file,x,y,width,height,facing with facing"),
        (HEADER + "a.jpg,1,2,3,4,up\n", "line 2: expected .* facing left, right, front, back"),
        (HEADER + "a.jpg,1,2,x,4,left\n", "line 2: x, y, width and height are numbers"),
        (HEADER + "a.jpg,1,2,0,4,left\n", "line 2: width and height must be above 0"),
        (HEADER + "a.jpg,1,2,3,nan,left\n", "line 2: width and height must be above 0"),
        (HEADER + 2 * "a.jpg,1,2,3,4,left\n", "line 3: 'a.jpg' is there twice"),
        ("", "the file has no line"),
        ("<html>404</html>", "the file is an HTML page"),
    ],
)
def test_malformed_boxes_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"boxes.csv.*{message}"):
        read_boxes(path)


def test_boxes_that_fit_no_photo_are_told(tree: Path) -> None:
    with pytest.raises(DataError, match=r"boxes\.csv: no row is of a photo .* 'antelope/antelope_"):
        boxed(tree, "deer_10001.jpg,10,10,40,20,left").ids("train")
    (tree / "boxes.csv").unlink()
    with pytest.raises(DataError, match=r"'boxes\.csv' is missing"):
        opened(tree, crop="boxes")


def test_counts_of_classes_are_checked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tree).check()[0] == ("antelope", False, "4 images, expected 1,046")
    kinds = ("antelope", "deer", "moose", "horse", "zebra")
    monkeypatch.setattr("harness_datasets.awa.dataset.EXPECTED", dict.fromkeys(kinds, 4))
    assert [fine for _, fine, _ in opened(tree).check()] == [True] * 5


def test_broken_photos_are_told(tree: Path) -> None:
    dataset = opened(tree)
    photo = tree / "JPEGImages" / dataset.ids("train")[0]
    photo.write_bytes(photo.read_bytes()[:150])
    with pytest.raises(DataError, match=r"\.jpg: the image is broken or cut off"):
        dataset.read("train", [0], 16)


def test_source_changes_with_options_photos_and_boxes(tree: Path) -> None:
    before = opened(tree).source()
    assert opened(tree, classes=("deer",)).source() != before
    assert opened(tree).source() == before
    one = boxed(tree, "deer/deer_10001.jpg,1,1,9,9,left").source()
    assert boxed(tree, "deer/deer_10001.jpg,2,1,9,9,left").source() != one


def test_missing_photos_and_splits_are_named(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there are train, test"):
        opened(tree).ids("val")
    (tree / "JPEGImages").rename(tree / "away")
    with pytest.raises(DataError, match="'JPEGImages/' is missing") as error:
        opened(tree)
    assert "ista.ac.at/AwA2" in str(error.value)
