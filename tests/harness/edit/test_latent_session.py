from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from png_pixels import decoded, encoded
from toy_runs import editor_run, generator_run
from toy_world import Toy

from harness.drawing.edit_files import replayed
from harness.drawing.editor_run import EditorRun, load_editor
from harness.drawing.latent_request import LatentRequest
from harness.drawing.latent_sampling import draw_latents
from harness.edit.latent_session import LEVELS, LatentSession
from harness.edit.request import LatentEditRequest
from harness.edit.session import EditSession, UnknownPhoto
from harness.errors import ConfigError, UnknownName, UserError
from harness.saved import load_fitted

COUNT = 4


def opened(toy: Toy, kind: str = "attributes") -> EditorRun:
    return load_editor(editor_run(toy.folder / "run", kind), "cpu")


@pytest.fixture
def run(toy: Toy) -> EditorRun:
    return opened(toy)


@pytest.fixture
def session(run: EditorRun) -> LatentSession:
    return LatentSession(run, COUNT)


def wanted(*want: str, strength: float = 1.0, **source: object) -> LatentEditRequest:
    values = {"seed": "5", "image": 2, **source}
    return LatentEditRequest(want=list(want), strength=strength, **values)  # type: ignore[arg-type]


def test_an_image_is_shown_as_it_is(session: LatentSession, run: EditorRun) -> None:
    shown = session.show(wanted())
    image = run.editing.images(run.draw(COUNT, 5))[2]
    np.testing.assert_array_equal(decoded(shown.picture), image)
    assert shown.picture == shown.plain == session.thumbnail("5", 2)
    assert [figure.name for figure in shown.figures] == ["red", "green", "blue"]
    red = float(run.editing.guide(image[None])[0, 0])
    assert shown.figures[0].guide == (f"{red:.2f}",) * 2
    assert shown.figures[0].judge == (f"{0.9 * red:.2f}",) * 2
    assert (shown.length, shown.after, shown.legend) == ("", [], "none")


def test_an_edit_shows_what_the_command_makes(session: LatentSession, run: EditorRun) -> None:
    latents = run.draw(COUNT, 5)[2:3]
    for strength in (1.0, 0.5, 0.05):
        shown = session.show(wanted("green=0.6", strength=strength))
        (edit,) = run.edit(latents, ["green=0.6"], strengths=[0.0, strength])
        np.testing.assert_array_equal(decoded(shown.picture), edit.images[-1, 0])
        np.testing.assert_array_equal(decoded(shown.plain), edit.images[0, 0])
        assert shown.length.startswith(f"Latents moved by {edit.lengths[-1, 0]:.2f} R (R: ")


def test_a_path_is_made_once_for_all_strengths(
    session: LatentSession, run: EditorRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, calls = run.fitted.method, []
    edit = editor.edit  # type: ignore[attr-defined]

    def counted(latents: object, goal: object, strengths: list[float]) -> object:
        calls.append(len(strengths))
        return edit(latents, goal, strengths)

    monkeypatch.setattr(editor, "edit", counted)
    for strength in (1.0, 0.5, 0.0, 1.0):
        session.show(wanted("green=0.6", strength=strength))
    assert calls == [LEVELS + 1]


def test_strength_0_is_the_start(session: LatentSession) -> None:
    shown = session.show(wanted("green=0.6", strength=0.0))
    assert shown.picture == shown.plain
    with pytest.raises(UserError, match="strength is 0, so that nothing is changed"):
        session.save(wanted("green=0.6", strength=0.0))


def test_a_saved_edit_is_drawn_again_by_the_command(
    session: LatentSession, run: EditorRun, tmp_path: Path
) -> None:
    request = wanted("green=0.6", "red=0.4", strength=0.5)
    saved = session.save(request)
    assert saved.picture.parent == run.folder / "edits"
    assert (
        saved.picture.read_bytes() == session.show(request).picture
        or (decoded(saved.picture.read_bytes()) == decoded(session.show(request).picture)).all()
    )
    words = shlex.split(saved.command)
    assert words == ["harness", "sample", str(run.folder), "--from", str(saved.edit)]
    again = replayed(saved.edit, run.fitted, run.folder)
    assert again == LatentRequest(
        count=COUNT, seed=5, want=("green=0.6", "red=0.4"), strength=0.5, only=2
    )
    files = draw_latents(run.fitted, again, run.folder, tmp_path / "out")
    results = [json.loads(path.read_text())["results"] for path in (files[1], saved.edit)]
    assert results[0] == results[1]


def test_saving_nothing_is_refused(session: LatentSession, run: EditorRun) -> None:
    with pytest.raises(UserError, match="Nothing is wanted yet"):
        session.save(wanted())
    assert not (run.folder / "edits").exists()


def test_a_photo_is_found_edited_and_saved_with_its_latents(
    session: LatentSession, run: EditorRun, tmp_path: Path
) -> None:
    photo = encoded(np.full((30, 40, 3), (180, 90, 110), np.uint8))
    name = session.open_photo(photo, "my photo.jpg").name
    assert session.open_photo(photo, "again.jpg").title == "my photo"
    source = {"photo": name, "seed": None}
    shown = session.show(wanted("green=0.6", **source))
    assert decoded(session.photo(name))[:, 0, 0].tolist() == [180, 90, 110]
    np.testing.assert_allclose(decoded(shown.plain)[:, 0, 0], [180, 90, 110], atol=8)
    assert decoded(shown.picture)[1].mean() == pytest.approx(0.6 * 255, abs=3)
    saved = session.save(wanted("green=0.6", **source))
    again = replayed(saved.edit, run.fitted, run.folder)
    assert isinstance(again, LatentRequest)
    assert again.project[0].resolve().parent == run.folder / "edits" / "photos"
    files = draw_latents(run.fitted, again, run.folder, tmp_path / "out")
    results = [json.loads(path.read_text())["results"] for path in (files[1], saved.edit)]
    assert results[0] == results[1]


def test_keypoints_are_shown_where_the_guide_sees_them(toy: Toy) -> None:
    session = LatentSession(opened(toy, "keypoints"), COUNT)
    before, after = session.show(wanted()), session.show(wanted("1=0.9,0.9"))
    assert len(before.after) == len(before.colours) == 2
    assert before.figures == []
    (figure,) = after.figures
    assert figure.name == "off by"
    first, last = (float(text.removesuffix(" %")) for text in figure.guide)
    place = np.array(after.after[1])
    assert last == pytest.approx(100 * np.linalg.norm(place - 0.9), abs=0.06)
    assert last < first


def test_captions_are_shown_by_their_cosine(toy: Toy) -> None:
    session = LatentSession(opened(toy, "embedding"), COUNT)
    (figure,) = session.show(wanted("blue")).figures
    assert figure.name == "cosine"
    assert -1 <= float(figure.guide[0]) <= 1
    assert session.about()["kind"] == "embedding"


@pytest.mark.parametrize(
    ("request_of", "error", "sentence"),
    [
        (wanted("gren=1"), UnknownName, "Did you mean 'green'"),
        (wanted("green=2"), ConfigError, "from 0 to 1"),
        (wanted(image=4), ConfigError, "There is no image 4 in a draw of 4"),
        (wanted(seed="no"), ConfigError, "A seed is a whole number"),
        (wanted(photo="0123"), UnknownPhoto, "The photo 0123 is not open here"),
        (LatentEditRequest(), UserError, "Neither a seed nor a photo"),
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_explained(
    session: LatentSession, request_of: LatentEditRequest, error: type[UserError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        session.show(request_of)


def test_a_session_without_images_is_refused(run: EditorRun) -> None:
    with pytest.raises(UserError, match="-n must be at least 1, got 0"):
        LatentSession(run, 0)


def test_a_generator_alone_says_what_edits_its_latents(toy: Toy) -> None:
    fitted = load_fitted(generator_run(toy.folder / "run"), "cpu")
    with pytest.raises(UserError, match=r"toy_latents is a generator .*: pass the run of an ed"):
        EditSession(fitted, toy.folder, COUNT)
