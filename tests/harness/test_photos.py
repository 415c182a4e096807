from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.contract import Predicted
from harness.errors import DataError, UserError
from harness.figures import palette
from harness.photos import SQUARE, find_photos, predict_photos

#: The method works at less than the square that photos are padded to.
SIZE = SQUARE


class Spotter:
    """Finds the reddest pixel, says nothing of a second point, and calls the left half a part."""

    image_size = 32

    def __init__(self, *, points: bool = True, parts: bool = True, named: bool = False) -> None:
        self.points, self.parts, self.named = points, parts, named
        self.seen: list[Any] = []

    def predict(self, images: Any) -> Predicted:
        self.seen.append(images)
        redness = images[:, 0].astype(int) - images[:, 1]
        rows, columns = np.divmod(redness.reshape(len(images), -1).argmax(1), SIZE)
        points = np.full((len(images), 2, 2), np.nan, dtype=np.float32)
        points[:, 0] = np.stack([columns + 0.5, rows + 0.5], axis=1) / SIZE
        labels = np.zeros((len(images), SIZE, SIZE), dtype=np.uint8)
        labels[:, :, : SIZE // 2] = 2
        return Predicted(
            ids=[str(index) for index in range(len(images))],
            keypoints=points if self.points else None,
            landmarks=points if self.named else None,
            part_labels=labels if self.parts else None,
        )


def photo(path: Path, width: int, height: int, spot: tuple[int, int] | None = None) -> Path:
    """A grey photo with a red spot of a sixth of its longer side around (x, y)."""
    pixels = np.full((height, width, 3), 120, dtype=np.uint8)
    if spot is not None:
        half = max(width, height) // 12
        x, y = spot
        pixels[max(0, y - half) : y + half, max(0, x - half) : x + half] = (250, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(("width", "height"), [(300, 200), (90, 240), (64, 64), (20, 20)])
def test_keypoints_come_back_in_the_photos_own_pixels(
    tmp_path: Path, width: int, height: int
) -> None:
    spot = (width * 2 // 3, height // 4)
    file = photo(tmp_path / "a.png", width, height, spot)
    written = predict_photos(Spotter(), [file], tmp_path / "out")
    assert written.keypoints is not None
    found = json.loads(written.keypoints.read_text())
    assert found["images"] == [{"id": 1, "file_name": "a.png", "width": width, "height": height}]
    (annotation,) = found["annotations"]
    x, y, seen = annotation["keypoints"][:3]
    reach = max(width, height) / 12 + max(width, height) / SIZE
    assert (abs(x - spot[0]) <= reach, abs(y - spot[1]) <= reach, seen) == (True, True, 2)
    assert annotation["keypoints"][3:] == [0, 0, 0]
    assert annotation["num_keypoints"] == 1
    assert annotation["bbox"] == [x, y, 0, 0]
    assert found["categories"][0]["keypoints"] == ["keypoint_0", "keypoint_1"]


def test_photo_is_not_squeezed_for_the_method(tmp_path: Path) -> None:
    spotter = Spotter()
    predict_photos(spotter, [photo(tmp_path / "a.png", 200, 50, (100, 25))], tmp_path / "out")
    (images,) = spotter.seen
    assert (images.shape, images.dtype) == ((1, 3, SIZE, SIZE), np.uint8)
    red = np.argwhere((images[0, 0] > 200) & (images[0, 1] < 80))
    height, width = red.max(0) - red.min(0) + 1
    assert abs(height - width) <= 1


def test_masks_are_palette_pictures_of_the_photos_size(tmp_path: Path) -> None:
    file = photo(tmp_path / "a.png", 120, 80)
    written = predict_photos(Spotter(), [file], tmp_path / "out")
    (path,) = written.masks
    mask = Image.open(path)
    assert (mask.mode, mask.size) == ("P", (120, 80))
    labels = np.asarray(mask)
    assert (labels[:, :60] == 2).all()
    assert (labels[:, 60:] == 0).all()
    colours = np.asarray(mask.convert("RGB"))
    assert tuple(colours[0, 0]) == palette(2)[1]
    assert tuple(colours[0, 119]) == (0, 0, 0)


def test_overlay_has_the_photos_size_and_shows_parts_and_points(tmp_path: Path) -> None:
    file = photo(tmp_path / "a.png", 120, 80, (90, 40))
    (path,) = predict_photos(Spotter(), [file], tmp_path / "out").overlays
    overlay, original = np.asarray(Image.open(path)), np.asarray(Image.open(file))
    assert overlay.shape == original.shape
    assert (overlay[:, :60] != original[:, :60]).any()
    assert (overlay == palette(1)[0]).all(axis=2).any()


def test_point_beside_the_photo_is_marked(tmp_path: Path) -> None:
    """The padding of an oblong photo repeats its border, so a spot there can win."""
    file = photo(tmp_path / "a.png", 200, 40, (100, 0))
    written = predict_photos(Spotter(), [file], tmp_path / "out")
    assert written.keypoints is not None
    _, y, seen = json.loads(written.keypoints.read_text())["annotations"][0]["keypoints"][:3]
    assert (y < 0, seen) == (True, 1)


def test_method_may_name_landmarks_or_find_only_parts_or_only_points(tmp_path: Path) -> None:
    file = photo(tmp_path / "a.png", 40, 40)
    named = predict_photos(Spotter(points=False, parts=False, named=True), [file], tmp_path / "n")
    parts = predict_photos(Spotter(points=False), [file], tmp_path / "p")
    assert (named.keypoints is not None, named.masks) == (True, [])
    assert (parts.keypoints, len(parts.masks)) == (None, 1)
    with pytest.raises(UserError, match="neither keypoints nor parts"):
        predict_photos(Spotter(points=False, parts=False), [file], tmp_path / "x")


def test_many_photos_go_through_in_batches_and_equal_names_stay_apart(tmp_path: Path) -> None:
    spotter = Spotter()
    files = [photo(tmp_path / f"{index}" / "same.png", 20, 20) for index in range(18)]
    written = predict_photos(spotter, files, tmp_path / "out")
    assert [len(images) for images in spotter.seen] == [16, 2]
    assert len({*written.overlays, *written.masks}) == 36
    assert written.keypoints is not None
    assert len(json.loads(written.keypoints.read_text())["annotations"]) == 18


def test_broken_photo_is_named_or_skipped(tmp_path: Path) -> None:
    good = photo(tmp_path / "good.png", 20, 20)
    bad = tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:60])
    with pytest.raises(DataError, match=r"bad\.png.*--skip-broken"):
        predict_photos(Spotter(), [bad, good], tmp_path / "out")
    written = predict_photos(Spotter(), [bad, good], tmp_path / "out", skip_broken=True)
    assert [path.name for path in written.overlays] == ["good.png"]
    assert "bad.png" in written.skipped[0]


def test_folders_are_searched_for_photos_in_order(tmp_path: Path) -> None:
    for name in ("b.png", "inner/a.jpg", "c.JPEG"):
        photo(tmp_path / name, 8, 8)
    (tmp_path / "notes.txt").write_text("no photo")
    names = [path.name for path in find_photos([tmp_path, tmp_path / "b.png"])]
    assert names == ["b.png", "c.JPEG", "a.jpg"]
    with pytest.raises(DataError, match="no such file"):
        find_photos([tmp_path / "absent.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no photo in this folder"):
        find_photos([tmp_path / "empty"])
