from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from png_pixels import decoded, encoded
from toy_world import Toy

from harness.drawing.edit_files import read_edit, replayed
from harness.drawing.generated_edits import edited, new_draw
from harness.drawing.manipulation import manipulated
from harness.drawing.operation_text import parse_operation
from harness.drawing.sampling import draw
from harness.edit.request import EditRequest
from harness.edit.session import PHOTOS, EditSession, UnknownPhoto
from harness.errors import ConfigError, DataError, UserError
from harness.saved import Fitted

COUNT = 4


def wanted(*operations: str, **given: Any) -> EditRequest:
    source = given if "photo" in given else {"seed": "5", "image": 2, **given}
    return EditRequest(operations=list(operations), **source)


@pytest.mark.parametrize(
    "operations",
    [
        (),
        ("move=1:+0.1,-0.05",),
        ("scale=all:1.2", "rotate=all:+30", "look=0+2:1"),
        ("background=3,0.25",),
    ],
    ids=["nothing", "move", "pose and looks", "background"],
)
def test_pictures_are_those_of_the_same_edit_in_python(
    session: EditSession, painter: Fitted, operations: tuple[str, ...]
) -> None:
    shown = session.show(wanted(*operations))
    expected = edited(
        painter, new_draw(painter, COUNT, 5), list(map(parse_operation, operations)), [2]
    )
    np.testing.assert_array_equal(decoded(shown.plain), expected.plain[0])
    np.testing.assert_array_equal(decoded(shown.picture), expected.change.images[0])
    np.testing.assert_allclose(shown.before, expected.change.before[0], atol=1e-6)
    np.testing.assert_allclose(shown.after, expected.change.after[0], atol=1e-6)
    assert (shown.picture != shown.plain) == bool(operations)


def test_the_same_request_gives_the_same_answer_whatever_was_asked_between(
    session: EditSession, painter: Fitted, run: Path
) -> None:
    first = session.show(wanted("look=1:0"))
    for seed in range(20):
        session.show(EditRequest(seed=str(seed), operations=["move=0:0.2,0"]))
    assert session.show(wanted("look=1:0")) == first
    assert EditSession(painter, run, COUNT).show(wanted("look=1:0")) == first


def test_the_change_is_a_heat_map_of_the_difference(session: EditSession) -> None:
    shown = session.show(wanted("move=1:+0.3,0"))
    gap = np.abs(decoded(shown.picture).astype(int) - decoded(shown.plain)).mean(axis=0)
    heat = decoded(shown.change)
    assert ((heat.sum(axis=0) > 0) == (gap > 0)).mean() > 0.99
    assert shown.legend == f"brightest {gap.max():.3g} of 255"
    assert decoded(session.show(wanted()).change).max() == 0
    assert session.show(wanted()).legend == "none"


def test_keypoints_have_the_colours_of_the_pictures(session: EditSession) -> None:
    assert session.show(wanted()).colours == ["#e69f00", "#56b4e9", "#009e73"]


def test_thumbnails_are_the_images_of_the_draw(session: EditSession, painter: Fitted) -> None:
    images = new_draw(painter, COUNT, 5).images
    np.testing.assert_array_equal(decoded(session.thumbnail("5", 3)), images[3])
    with pytest.raises(ConfigError, match="no image 4 in a draw of 4"):
        session.thumbnail("5", 4)


def test_a_saved_edit_is_drawn_again_by_the_command(
    session: EditSession, painter: Fitted, run: Path
) -> None:
    request = wanted("move=1:+0.1,-0.05", "background=3,0.25")
    saved = session.save(request)
    assert saved.picture.parent == run / "edits"
    assert (
        decoded(saved.picture.read_bytes()).tolist()
        == decoded(session.show(request).picture).tolist()
    )
    assert shlex.split(saved.command) == ["harness", "sample", str(run), "--from", str(saved.edit)]
    again = replayed(saved.edit, painter, run)
    change = edited(painter, new_draw(painter, COUNT, 5), again.operations, [again.only or 0])
    np.testing.assert_array_equal(change.change.images[0], decoded(saved.picture.read_bytes()))
    edit = read_edit(saved.edit)
    np.testing.assert_allclose(edit.keypoints[0].after, change.change.after[0], atol=1e-6)  # type: ignore[arg-type]


def test_saving_nothing_is_refused(session: EditSession, run: Path) -> None:
    with pytest.raises(UserError, match="Nothing is changed yet"):
        session.save(wanted())
    assert not run.exists()


@pytest.mark.parametrize(
    ("request_of", "sentence"),
    [
        (wanted("move=3:0.1,0"), "There is no keypoint 3: the method has 3"),
        (wanted("look=0:4"), "There is no image 4 in a draw of 4"),
        (wanted(image=4), "There is no image 4 in a draw of 4"),
        (wanted("mvoe=0:1,1"), "Did you mean 'move'"),
        (wanted(seed="no"), "A seed is a whole number"),
        (wanted(photo="0123"), "The photo 0123 is not open here"),
        (wanted(look="0123"), "Only photos take the look of a photo"),
        (EditRequest(), "Neither a seed nor a photo"),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_explained(
    session: EditSession, request_of: EditRequest, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        session.show(request_of)


def test_a_photo_is_drawn_with_moved_keypoints_and_another_look(
    photo_session: EditSession, disc: Fitted, photo: bytes, red: bytes
) -> None:
    opened, look = photo_session.open_photo(photo, "a.png"), photo_session.open_photo(red, "b.png")
    shown = photo_session.show(wanted("move=1:+0.3,0", photo=opened.name, look=look.name))
    operations = [parse_operation("move=1:+0.3,0")]
    expected = manipulated(disc, opened.square, operations, look.square)
    np.testing.assert_array_equal(decoded(shown.picture), expected.images[0])
    np.testing.assert_array_equal(
        decoded(shown.plain), disc.reconstruct(opened.square, expected.before)[0]
    )
    # The square's centre (20, 20) of 80 x 40 pixels lies at (20, 40) of the square of 80.
    np.testing.assert_allclose(shown.before[0] or (), [0.25, 0.5], atol=0.02)
    np.testing.assert_array_equal(decoded(photo_session.photo(opened.name)), opened.square[0])


def test_a_saved_edit_of_a_photo_is_drawn_again_by_the_command(
    photo_session: EditSession, disc: Fitted, photo: bytes, red: bytes, run: Path, tmp_path: Path
) -> None:
    opened = photo_session.open_photo(photo, "my photo.jpg")
    look = photo_session.open_photo(red, "C:\\red.png")
    saved = photo_session.save(wanted("rotate=all:+30", photo=opened.name, look=look.name))
    values = json.loads(saved.edit.read_text())
    assert values["photo"] == f"photos/my photo-{opened.name}.png"
    assert values["appearance"] == f"photos/red-{look.name}.png"

    request = replayed(saved.edit, disc, run)
    photos = [decoded(path.read_bytes())[None] for path in (*request.images, request.appearance)]  # type: ignore[union-attr]
    change = manipulated(disc, photos[0], request.operations, photos[1])
    np.testing.assert_array_equal(change.images[0], decoded(saved.picture.read_bytes()))
    np.testing.assert_allclose(values["keypoints"][0]["after"], change.after[0], atol=1e-6)

    moved = run.rename(tmp_path / "elsewhere")
    edit = moved / "edits" / saved.edit.name
    assert all(path.exists() for path in draw(disc, replayed(edit, disc, moved), moved, tmp_path))


def test_a_missing_keypoint_is_null(
    photo_session: EditSession, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = np.array([[[0.5, 0.5], [np.nan, np.nan]]], np.float32)
    monkeypatch.setattr("harness.edit.session.found_keypoints", lambda *_: found)
    opened = photo_session.open_photo(photo, "a.png")
    shown = photo_session.show(wanted("move=0:+0.1,0", photo=opened.name))
    assert shown.before == [(0.5, 0.5), None]
    assert shown.after == [(0.6, 0.5), None]


def test_photos_are_refused_where_they_cannot_be_drawn(
    session: EditSession, photo_session: EditSession, photo: bytes
) -> None:
    with pytest.raises(UserError, match="toy_painter cannot reconstruct images"):
        session.open_photo(photo, "a.png")
    with pytest.raises(DataError, match=r"a\.png: the file is not an image"):
        photo_session.open_photo(b"nothing", "a.png")
    with pytest.raises(UserError, match="toy_disc cannot render images"):
        photo_session.show(wanted())
    opened = photo_session.open_photo(photo, "a.png")
    with pytest.raises(UserError, match="'look=0:1' takes from a generated image"):
        photo_session.show(wanted("look=0:1", photo=opened.name))


def test_the_oldest_photos_are_forgotten(photo_session: EditSession) -> None:
    def opened(shade: int) -> str:
        return photo_session.open_photo(encoded(np.full((8, 8, 3), shade, np.uint8)), "p").name

    names = [opened(shade) for shade in range(PHOTOS)]
    photo_session.show(wanted(photo=names[0]))
    opened(200)
    photo_session.photo(names[0])
    with pytest.raises(UnknownPhoto) as refused:
        photo_session.photo(names[1])
    assert refused.value.name == names[1]


def test_a_method_that_draws_nothing_is_refused(painter: Fitted, toy: Toy, run: Path) -> None:
    spec = toy.known.methods.get("toy_centre").spec
    other = Fitted(painter.method, spec, 3, 32, painter.device)
    with pytest.raises(UserError) as refused:
        EditSession(other, run, COUNT)
    assert str(refused.value) == (
        "toy_centre draws nothing that could be edited: that takes 'sample' with 'render', or "
        "'reconstruct'; it offers detect."
    )
    with pytest.raises(UserError, match="-n must be at least 1, got 0"):
        EditSession(painter, run, 0)
