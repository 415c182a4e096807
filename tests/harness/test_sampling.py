from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from toy_plugin.methods import ToyDisc
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.errors import ConfigError, DataError, UserError
from harness.figures import GAP
from harness.manipulation import parse_operation
from harness.manipulation_sheet import TITLE
from harness.sampling import DrawRequest, draw
from harness.saved import Fitted

RUN = Path("runs/some run")


@pytest.fixture
def disc(toy: Toy) -> Fitted:
    spec = toy.known.methods.get("toy_disc").spec
    return Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos with a bright square, upright and across."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, (height, width), (y, x) in (("a", (40, 80), (10, 10)), ("b", (80, 40), (50, 10))):
        pixels = np.full((height, width, 3), 60, np.uint8)
        pixels[y : y + 20, x : x + 20] = 250
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def wanted(*operations: str, **given: Any) -> DrawRequest:
    return DrawRequest(operations=tuple(map(parse_operation, operations)), **given)


def size_in_tiles(path: Path) -> tuple[float, float]:
    """Columns and rows of a picture of tiles of 192 pixels below titles."""
    with Image.open(path) as picture:
        width, height = picture.size
    return (width + GAP) / (192 + GAP), (height - TITLE + GAP) / (192 + GAP)


def note_of(files: list[Path]) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(files[1].read_text())
    return note


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Nothing to draw; pass -n for new images or --image for a photo."),
        ({"seed": 1}, "Nothing to draw"),
        ({"count": 0}, "-n must be at least 1, got 0."),
        ({"count": 4, "images": (Path("a"),)}, "pass one of them"),
        ({"to": Path("b")}, "--to changes photos; name them with --image."),
        ({"count": 4, "appearance": Path("b")}, "--appearance changes photos"),
        ({"count": 4, "steps": 3}, "--steps changes photos"),
        ({"exchange": True}, "--exchange changes photos"),
        ({"images": (Path("a"),), "seed": 0}, "--seed chooses among new images; it needs -n."),
        ({"images": (Path("a"),), "steps": 3}, "it needs --to"),
        (
            {"images": (Path("a"),), "to": Path("b"), "steps": 1},
            "--steps must be at least 2, got 1",
        ),
        (
            {"images": (Path("a"),), "to": Path("b"), "exchange": True},
            "--to and --exchange do not go together",
        ),
        (
            {"images": (Path("a"),), "exchange": True, "appearance": Path("b")},
            "--exchange and --appearance do not go together",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        DrawRequest(**given)
    assert sentence in str(refused.value)


def test_operations_need_a_photo_and_exclude_a_way(photos: Path) -> None:
    with pytest.raises(UserError, match="--op changes photos"):
        wanted("move=0:0.1,0")
    with pytest.raises(UserError, match="--to and --op do not go together"):
        wanted("move=0:0.1,0", images=(photos,), to=photos / "b.png")


def test_new_images_come_with_what_they_were_drawn_from(disc: Fitted, tmp_path: Path) -> None:
    files = draw(disc, DrawRequest(count=10, seed=3), RUN, tmp_path / "out")
    assert [path.name for path in files] == ["generated-10-seed3.png", "generated-10-seed3.npz"]
    made = disc.sample(10, 3)
    arrays = dict(np.load(files[1]))
    np.testing.assert_array_equal(arrays["latent_colours"], made.latents["colours"].numpy())
    np.testing.assert_array_equal(arrays["keypoints"], made.keypoints.numpy())  # type: ignore[union-attr]
    with Image.open(files[0]) as picture:
        assert picture.size == (8 * 192 + 7 * GAP, 2 * 192 + GAP)
        pixels = np.asarray(picture)
    first = made.images[0].numpy().transpose(1, 2, 0)
    np.testing.assert_array_equal(pixels[:192:12, :192:12], first)


def test_latents_stand_alone_where_the_method_knows_no_keypoints(
    disc: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ToyDisc.sample
    monkeypatch.setattr(ToyDisc, "sample", lambda *given: replace(known(*given), keypoints=None))
    files = draw(disc, DrawRequest(count=2), RUN, tmp_path / "out")
    assert set(np.load(files[1])) == {"latent_colours"}


def test_edited_photos_stand_in_columns_with_their_points_beside(
    disc: Fitted, photos: Path, tmp_path: Path
) -> None:
    request = wanted("move=1:+0.25,-0.1", images=(photos,))
    files = draw(disc, request, RUN, tmp_path / "out")
    assert size_in_tiles(files[0]) == (5, 2)
    note = note_of(files)
    assert note["operations"] == ["move=1:+0.25,-0.1"]
    assert [row["image"] for row in note["images"]] == [str(photos / n) for n in ("a.png", "b.png")]
    # The square's centre in the photo of 80 x 40 pixels is (20, 20), which the padding of 20 pixels
    # above takes to (20, 40) of 80; the method sees 16 pixels of 5 x 5 of them.
    before, after = np.array(note["images"][0]["before"]), np.array(note["images"][0]["after"])
    np.testing.assert_allclose(before, [[0.25, 0.5], [0.25, 0.6]], atol=0.02)
    np.testing.assert_allclose(after - before, [[0, 0], [0.25, -0.1]], atol=2e-6)


def test_the_command_in_the_note_draws_the_same_file(
    disc: Fitted, photos: Path, tmp_path: Path
) -> None:
    request = wanted("scale=all:1.5", images=(photos / "a.png",), appearance=photos / "b.png")
    files = draw(disc, request, RUN, tmp_path / "out")
    assert size_in_tiles(files[0]) == (6, 1)
    words = shlex.split(note_of(files)["command"])
    assert words == [
        *("harness", "sample", str(RUN), "--image", str(photos / "a.png")),
        *("--op", "scale=all:1.5", "--appearance", str(photos / "b.png")),
    ]
    first = files[0].read_bytes()
    assert draw(disc, request, RUN, tmp_path / "out") == files
    assert files[0].read_bytes() == first


def test_without_a_change_the_reconstruction_is_shown(
    disc: Fitted, photos: Path, tmp_path: Path
) -> None:
    files = draw(disc, wanted(images=(photos,)), RUN, tmp_path / "out")
    assert size_in_tiles(files[0]) == (3, 2)
    assert files[0].name.startswith("photos-reconstruction-")


def test_the_way_to_a_pose_has_its_steps_between_both_photos(
    disc: Fitted, photos: Path, tmp_path: Path
) -> None:
    request = wanted(images=(photos / "a.png",), to=photos / "b.png", steps=4)
    files = draw(disc, request, RUN, tmp_path / "out")
    assert size_in_tiles(files[0]) == (6, 1)
    row = note_of(files)["images"][0]
    after = np.array(row["after"])
    np.testing.assert_allclose(after[0], row["before"], atol=1e-6)
    # The square of b lies at (20, 60) of the photo, 20 pixels to the right in the square.
    np.testing.assert_allclose(after[3, 0], [0.5, 0.75], atol=0.02)
    np.testing.assert_allclose(np.diff(after, axis=0), [after[1] - after[0]] * 3, atol=3e-6)
    assert "--steps 4" in note_of(files)["command"]


def test_exchange_is_a_table_with_the_photos_at_its_edges(
    disc: Fitted, photos: Path, tmp_path: Path
) -> None:
    files = draw(disc, wanted(images=(photos,), exchange=True), RUN, tmp_path / "out")
    assert size_in_tiles(files[0]) == (3, 3)
    with Image.open(files[0]) as picture:
        pixels = np.asarray(picture)[TITLE:]
    assert (pixels[:192, :192] == 255).all()
    step = 192 + GAP
    np.testing.assert_array_equal(pixels[step : step + 192, :192], pixels[:192, step : step + 192])
    assert "--exchange" in note_of(files)["command"]


def test_missing_keypoints_are_null_in_the_note(
    disc: Fitted, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = ToyDisc.detect

    def blind(self: ToyDisc, images: torch.Tensor) -> Any:
        found = detect(self, images)
        found.points[:, 1] = torch.nan
        return found

    monkeypatch.setattr(ToyDisc, "detect", blind)
    request = wanted("move=0:0.1,0", images=(photos / "a.png",))
    row = note_of(draw(disc, request, RUN, tmp_path / "out"))["images"][0]
    assert row["before"][1] is None
    assert row["before"][0] is not None


def test_names_tell_photos_of_one_name_apart_and_stay_short(tmp_path: Path) -> None:
    names = {
        wanted("move=0:0.1,0", images=(tmp_path / folder / "photo.png",)).name
        for folder in ("one", "two")
    }
    assert len(names) == 2
    assert all(name.startswith("photo-move-0-+0.1,+0-") for name in names)
    many = wanted(*["move=0:0.1,0"] * 40, images=(tmp_path / ("Ä" * 90 + "/ä b.png"),)).name
    assert len(many.encode()) < 120
    assert many.startswith("ä-b-move-0")


def test_broken_and_absent_photos_are_named(disc: Fitted, photos: Path, tmp_path: Path) -> None:
    (photos / "c.jpg").write_text("<html>")
    with pytest.raises(DataError, match=r"c\.jpg: the file is an HTML page"):
        draw(disc, wanted(images=(photos,)), RUN, tmp_path / "out")
    with pytest.raises(DataError, match=r"d\.png: no such file"):
        draw(disc, wanted(images=(photos / "a.png",), to=photos / "d.png"), RUN, tmp_path / "out")
    with pytest.raises(UserError, match="is a folder; --appearance takes one photo"):
        draw(disc, wanted(images=(photos / "a.png",), appearance=photos), RUN, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_keypoints_beyond_the_last_are_refused(disc: Fitted, photos: Path, tmp_path: Path) -> None:
    request = wanted("move=2:0.1,0", images=(photos / "a.png",))
    with pytest.raises(ConfigError, match="no keypoint 2: the method has 2"):
        draw(disc, request, RUN, tmp_path / "out")
