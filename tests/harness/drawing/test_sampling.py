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
from toy_plugin.methods import ToyDisc, ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.drawing.draw_request import DrawRequest
from harness.drawing.edit_files import read_edit, replayed
from harness.drawing.edit_sheet import edit_sheet, ways_sheet
from harness.drawing.generated_edits import edited, new_draw, ways
from harness.drawing.manipulation_sheet import TITLE
from harness.drawing.operation_text import parse_operation
from harness.drawing.sampling import draw
from harness.errors import ConfigError, DataError, UserError
from harness.figures import GAP
from harness.saved import Fitted

RUN = Path("runs/some run")


@pytest.fixture
def disc(toy: Toy) -> Fitted:
    spec = toy.known.methods.get("toy_disc").spec
    return Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 16), spec, 3, 16, torch.device("cpu"), "its owner")


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


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_changed_new_images_come_with_the_edit_that_replays_them(
    painter: Fitted, tmp_path: Path
) -> None:
    request = wanted("move=1:+0.25,-0.1", "look=0+2:3", count=5, seed=2)
    files = draw(painter, request, RUN, tmp_path / "out")
    assert [path.suffix for path in files] == [".png", ".json"]
    made = new_draw(painter, 5, 2)
    expected = edited(painter, made, request.operations)
    title = "move=1:+0.25,-0.1, look=0+2:3"
    np.testing.assert_array_equal(pixels(files[0]), np.asarray(edit_sheet(expected, title)))

    edit = read_edit(files[1])
    assert (edit.method, edit.run, edit.fit) == ("toy_painter", str(RUN), "its owner")
    assert (edit.seed, edit.count, edit.image) == (2, 5, None)
    assert edit.operations == ["move=1:+0.25,-0.1", "look=0+2:3"]
    assert [row.image for row in edit.keypoints] == [0, 1, 2, 3, 4]
    before, after = (
        np.array([getattr(row, name) for row in edit.keypoints]) for name in ("before", "after")
    )
    np.testing.assert_allclose(before, made.latents["keypoints"], atol=1e-6)
    shift = np.zeros((5, 3, 2))
    shift[:, 1] = (0.25, -0.1)
    np.testing.assert_allclose(after - before, shift, atol=2e-6)
    assert shlex.split(edit.command) == [
        *("harness", "sample", str(RUN), "-n", "5", "--seed", "2"),
        *("--op", "move=1:+0.25,-0.1", "--op", "look=0+2:3"),
    ]


@pytest.mark.parametrize(
    "request_",
    [
        wanted("background=0,0.5", count=3),
        wanted("rotate=all:30", count=3, only=2),
        wanted(count=3, seed=9, to=1, steps=4),
        wanted(count=3, to=0, only=1),
    ],
    ids=["all", "one", "way", "one way"],
)
def test_a_saved_edit_draws_the_same_files_again(
    painter: Fitted, tmp_path: Path, request_: DrawRequest
) -> None:
    files = draw(painter, request_, RUN, tmp_path / "out")
    again = draw(painter, replayed(files[1], painter, RUN), RUN, tmp_path / "again")
    assert [path.name for path in again] == [path.name for path in files]
    for first, second in zip(files, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_the_way_to_a_new_image_is_shown_and_noted(painter: Fitted, tmp_path: Path) -> None:
    request = wanted(count=4, to=2, steps=3, only=0)
    files = draw(painter, request, RUN, tmp_path / "out")
    made = new_draw(painter, 4, 0)
    expected = ways_sheet(ways(painter, made, 2, 3, [0]), 2)
    np.testing.assert_array_equal(pixels(files[0]), np.asarray(expected))
    (row,) = read_edit(files[1]).keypoints
    np.testing.assert_allclose(row.before, made.latents["keypoints"][0], atol=1e-6)
    np.testing.assert_allclose(row.after, made.latents["keypoints"][2], atol=1e-6)


def test_without_a_change_a_generator_with_parts_gives_its_latents(
    painter: Fitted, tmp_path: Path
) -> None:
    files = draw(painter, wanted(count=3), RUN, tmp_path / "out")
    arrays = dict(np.load(files[1]))
    made = new_draw(painter, 3, 0)
    assert set(arrays) == {"keypoints", *(f"latent_{name}" for name in made.latents)}
    np.testing.assert_array_equal(arrays["latent_appearance"], made.latents["appearance"])


def test_methods_that_only_draw_cannot_change_what_they_drew(disc: Fitted, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="toy_disc cannot render images; it offers detect, reconst"):
        draw(disc, wanted("move=0:0.1,0", count=3), RUN, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_keypoints_beyond_the_last_of_a_generator_are_refused(
    painter: Fitted, tmp_path: Path
) -> None:
    for operation in ("move=3:0.1,0", "look=3:0"):
        with pytest.raises(ConfigError, match="no keypoint 3: the method has 3"):
            draw(painter, wanted(operation, count=3), RUN, tmp_path / "out")
