"""The page of an editor of latents in a real browser, in a world where a latent is a colour."""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from png_pixels import decoded
from toy_runs import editor_run
from toy_world import Toy

pytest.importorskip("starlette", reason="the extra 'edit' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright import sync_api as playwright

from harness.drawing.editor_run import load_editor
from harness.edit.latent_session import LatentSession
from harness.edit.server import bound_socket, server

pytestmark = pytest.mark.browser

#: Milliseconds after which a page is thought to hang, on a machine that is busy with other work.
PATIENCE = 60_000


class Page:
    """What a person does on the page, and whether the browser had anything to complain of."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(address)

    def drawn(self, part: str = "seed") -> dict[str, Any]:
        """The request of the picture, once one with this text is there."""
        self.page.wait_for_selector(f"body[data-drawn*='{part}']")
        wanted: dict[str, Any] = json.loads(self.page.get_attribute("body", "data-drawn"))
        return wanted

    def colour(self, canvas: str = "#picture") -> list[int]:
        url = self.page.eval_on_selector(canvas, "canvas => canvas.toDataURL()")
        pixels = decoded(base64.b64decode(url.partition(",")[2]))[:3]
        assert (pixels == pixels[:, :1, :1]).all()
        return [int(value) for value in pixels[:, 0, 0]]

    def said(self, text: str | re.Pattern[str], where: str) -> None:
        playwright.expect(self.page.locator(where)).to_have_text(text, timeout=PATIENCE)


@pytest.fixture
def opened(toy: Toy, browser: Any) -> Iterator[Callable[[str], Page]]:
    """Opens the page of an editor of a kind of conditions."""
    ends: list[Callable[[], None]] = []

    def open_page(kind: str = "attributes") -> Page:
        bound = bound_socket(0)
        running = server(LatentSession(load_editor(editor_run(toy.folder / "run", kind), "cpu"), 4))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()

        def end() -> None:
            running.should_exit = True
            thread.join()
            bound.close()

        ends.append(end)
        page = Page(browser.new_page(), f"http://127.0.0.1:{bound.getsockname()[1]}/")
        ends.append(page.page.close)
        return page

    yield open_page
    for end in reversed(ends):
        end()


def test_an_attribute_is_wanted_to_a_strength_and_the_edit_is_drawn_again(
    opened: Callable[[str], Page], cli: InProcess
) -> None:
    page = opened("attributes")
    assert page.drawn() == {"seed": "0", "image": 0, "want": [], "strength": 1}
    before = page.colour()
    assert page.page.is_disabled("#strength")
    page.page.get_by_label("Image 2").check()
    page.drawn('"image":2')
    start = page.colour()
    assert start != before
    page.page.get_by_label("green 1").check()
    page.drawn("green=1")
    page.page.locator("#strength").fill("10")
    assert page.drawn("0.5") == {"seed": "0", "image": 2, "want": ["green=1"], "strength": 0.5}
    edited = page.colour()
    assert edited[0] == start[0]
    assert edited[1] > start[1]
    assert page.colour("#plain") == start
    shown = f"{start[1] / 255:.2f} → {edited[1] / 255:.2f}"
    row = page.page.locator("#figures tr", has_text="green")
    playwright.expect(row.locator("td").nth(3)).to_have_text(shown)

    page.page.click("#save")
    page.page.wait_for_selector("#saved:not([hidden])")
    words = shlex.split(page.page.inner_text("#command"))
    assert decoded(Path(words[-1]).with_suffix(".png").read_bytes())[:, 0, 0].tolist() == edited
    done = cli(*words[1:], "--out", "again")
    assert done.code == 0, done.err
    with Image.open(done.out.splitlines()[0]) as sheet:
        last = np.asarray(sheet)[150, 5 * 196 + 90]
    assert last.tolist() == edited

    page.page.keyboard.press("Control+z")
    page.drawn('"want":["green=1"],"strength":1')
    page.page.keyboard.press("n")
    assert page.drawn('"seed":"1"')["want"] == ["green=1"]
    page.page.click("#reset")
    assert page.drawn('"want":[]')["seed"] == "1"
    assert page.problems == []


def test_a_photo_is_opened_and_edited(opened: Callable[[str], Page], toy: Toy) -> None:
    Image.fromarray(np.full((30, 40, 3), (180, 90, 110), np.uint8)).save(toy.folder / "photo.png")
    page = opened("attributes")
    page.drawn()
    page.page.set_input_files("#photo", toy.folder / "photo.png")
    page.drawn("photo")
    np.testing.assert_allclose(page.colour(), [180, 90, 110], atol=8)
    page.page.get_by_role("radio", name="photo").check()
    page.said("Photo", "#other-caption")
    assert page.colour("#other") == [180, 90, 110]
    page.page.get_by_label("red 0").check()
    page.drawn("red=0")
    assert page.colour()[0] < 100
    assert page.problems == []


def test_a_keypoint_is_dragged_to_where_it_is_wanted(opened: Callable[[str], Page]) -> None:
    page = opened("keypoints")
    page.drawn()
    handle = page.page.locator("[data-keypoint='1']")
    handle.focus()
    frame, dot = page.page.locator("#picture").bounding_box(), handle.bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(frame["x"] + 0.9 * frame["width"], frame["y"] + 0.8 * frame["height"])
    page.page.mouse.up()
    (want,) = page.drawn("1=")["want"]
    place = [float(word) for word in want.partition("=")[2].split(",")]
    assert place == pytest.approx([0.9, 0.8], abs=0.02)
    page.said(re.compile(r"off by\d+\.\d % → \d+\.\d %.*"), "#figures tbody tr")
    page.page.keyboard.press("Shift+ArrowLeft")
    (want,) = page.drawn("1=0.8")["want"]
    assert page.problems == []


def test_a_caption_is_typed(opened: Callable[[str], Page]) -> None:
    page = opened("embedding")
    page.drawn()
    page.page.fill("#text", "a blue wall")
    page.page.keyboard.press("Enter")
    assert page.drawn("blue")["want"] == ["a blue wall"]
    page.said("a blue wall", "#caption")
    page.page.fill("#text", "...")
    page.page.keyboard.press("Enter")
    page.said("'...': the caption has no word.", "#problem")
    assert page.problems == []
