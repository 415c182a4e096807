"""The page of `harness edit` in a real browser, on a generator whose every pixel is known."""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from png_pixels import decoded, encoded
from toy_runs import disc_run, painter_run
from toy_world import Toy

pytest.importorskip("starlette", reason="the extra 'edit' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright import sync_api as playwright

from harness.edit.server import bound_socket, server
from harness.edit.session import EditSession
from harness.saved import load_fitted

pytestmark = pytest.mark.browser

#: Radius of the painter's discs, and of a circle around one that covers its edge.
RADIUS, NEAR = 0.15, 0.17
#: Milliseconds after which a page is thought to hang, on a machine that is busy with other work.
PATIENCE = 60_000


@dataclass
class Served:
    """A run behind its page, which can be closed and opened again at the same port."""

    run: Path
    port: int = 0
    _end: Any = field(default=None)

    def open(self) -> None:
        bound = bound_socket(self.port)
        self.port = bound.getsockname()[1]
        running = server(EditSession(load_fitted(self.run, "cpu"), self.run, 4))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()

        def end() -> None:
            running.should_exit = True
            thread.join()
            bound.close()

        self._end = end

    def close(self) -> None:
        if self._end is not None:
            self._end()
        self._end = None


@pytest.fixture
def served(toy: Toy, tmp_path: Path) -> Iterator[Served]:
    served = Served(painter_run(tmp_path / "run"))
    served.open()
    yield served
    served.close()


class Editor:
    """What a person does on the page."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        page.goto(address)

    def _heard(self, message: Any) -> None:
        # Refused requests are shown on the page; a browser reports them here as well.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def drawn(self) -> dict[str, Any]:
        """The request of the picture, once it is there."""
        found = None
        while found is None:  # another drawing may begin between both lines
            self.page.wait_for_selector("body[data-drawn]")
            found = self.page.evaluate("document.body.dataset.drawn ?? null")
        wanted: dict[str, Any] = json.loads(found)
        return wanted

    def pixels(self, canvas: str = "#picture") -> np.ndarray:
        """`uint8 [3, H, W]` of the picture as it stands."""
        url = self.page.eval_on_selector(canvas, "canvas => canvas.toDataURL()")
        return decoded(base64.b64decode(url.partition(",")[2]))[:3]

    def handle(self, index: int) -> Any:
        return self.page.locator(f"[data-keypoint='{index}']")

    def place(self, index: int) -> np.ndarray:
        """Where a handle's centre is, in fractions of the picture."""
        dot, frame = self.handle(index).bounding_box(), self.page.locator("#picture").bounding_box()
        centre = np.array([dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2])
        place: np.ndarray = (centre - [frame["x"], frame["y"]]) / [frame["width"], frame["height"]]
        return place

    def drag(self, index: int, right: float, down: float) -> None:
        """By fractions of the picture."""
        dot, frame = self.handle(index).bounding_box(), self.page.locator("#picture").bounding_box()
        x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right * frame["width"], y + down * frame["height"], steps=5)
        self.page.mouse.up()

    def touch(self, index: int, right: float) -> None:
        """Drags with a finger, to the right."""
        self.handle(index).scroll_into_view_if_needed()
        dot, frame = self.handle(index).bounding_box(), self.page.locator("#picture").bounding_box()
        x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
        finger = self.page.context.new_cdp_session(self.page)
        places = [[{"x": x + right * frame["width"] * share / 4, "y": y}] for share in range(5)]
        kinds = ["touchStart", *["touchMove"] * 4, "touchEnd"]
        for kind, points in zip(kinds, [*places, []], strict=True):
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def said(self, text: str | re.Pattern[str], where: str = "#status") -> None:
        """Waits until a message is there."""
        playwright.expect(self.page.locator(where)).to_have_text(text, timeout=PATIENCE)


def opened(browser: Any, served: Served, **context: Any) -> Editor:
    page = browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **context}).new_page()
    return Editor(page, f"http://127.0.0.1:{served.port}/")


@pytest.fixture
def editor(browser: Any, served: Served) -> Iterator[Editor]:
    editor = opened(browser, served)
    editor.drawn()
    yield editor
    editor.page.context.close()
    assert not editor.problems


def far_from(points: list[np.ndarray], size: int = 64) -> np.ndarray:
    """Pixels outside of the discs at these points, `bool [size, size]`."""
    centres = (np.arange(size) + 0.5) / size
    places = np.stack(np.meshgrid(centres, centres), -1)
    return np.stack([np.linalg.norm(places - point, axis=-1) > NEAR for point in points]).all(0)


def test_a_dragged_keypoint_takes_its_part_along_and_nothing_else(editor: Editor) -> None:
    before, start = editor.pixels(), editor.place(2)
    way = np.where(start < 0.5, 0.2, -0.2)
    editor.drag(2, *way)
    (operation,) = editor.drawn()["operations"]
    assert operation.startswith("move=2:")
    np.testing.assert_allclose(editor.place(2), start + way, atol=0.01)
    after = editor.pixels()
    changed = (before != after).any(axis=0)
    assert not changed[far_from([start, start + way])].any()
    # The disc in front, of the last part, covers what lies below its new place.
    x, y = (64 * (start + way)).astype(int)
    old = (64 * start).astype(int)
    assert (after[:, y, x] == before[:, old[1], old[0]]).all()
    assert changed[y - 5 : y + 5, x - 5 : x + 5].mean() > 0.9
    editor.said("Keypoint 2 moved.")


def test_a_chosen_keypoint_comes_out_from_under_another(editor: Editor) -> None:
    editor.drag(2, *(editor.place(0) - editor.place(2)))
    editor.drawn()
    on_top = "([x, y]) => document.elementFromPoint(x, y).dataset.keypoint"
    for part in (0, 2):
        editor.page.locator("#parts").get_by_label(str(part), exact=True).check()
        dot = editor.handle(0).bounding_box()
        assert editor.page.evaluate(on_top, [dot["x"] + 13, dot["y"] + 13]) == str(part)


def test_the_caption_says_whether_the_picture_is_edited(editor: Editor) -> None:
    editor.said("seed 0, image 0, as drawn", "#caption")
    editor.drag(1, 0.1, 0.0)
    editor.said("seed 0, image 0, edited", "#caption")
    editor.page.click("#undo")
    editor.said("seed 0, image 0, as drawn", "#caption")


def test_the_picture_follows_while_the_finger_is_still_down(editor: Editor) -> None:
    before = editor.pixels()
    dot = editor.handle(2).bounding_box()
    editor.page.mouse.move(dot["x"] + 13, dot["y"] + 13)
    editor.page.mouse.down()
    editor.page.mouse.move(dot["x"] + 63, dot["y"] + 13, steps=3)
    editor.drawn()
    assert (editor.pixels() != before).any()
    editor.page.mouse.move(dot["x"] + 13, dot["y"] + 83, steps=3)
    editor.page.mouse.up()
    editor.drawn()
    editor.page.click("#undo")
    assert editor.drawn()["operations"] == []
    np.testing.assert_array_equal(editor.pixels(), before)
    assert editor.page.is_disabled("#undo")


def test_the_keyboard_moves_undoes_and_goes_on(editor: Editor) -> None:
    before, start = editor.pixels(), editor.place(1)
    editor.handle(1).focus()
    label = editor.handle(1).get_attribute("aria-label")
    assert label == f"Keypoint 1, {round(100 * start[0])} % across, {round(100 * start[1])} % down"
    for key in ("ArrowLeft", "Shift+ArrowLeft", "ArrowDown"):
        editor.page.keyboard.press(key)
    assert editor.drawn()["operations"] == ["move=1:-0.06,+0.01"]
    moved = editor.pixels()
    assert (moved != before).any()
    for _ in range(3):
        editor.page.keyboard.press("Control+z")
    assert editor.drawn()["operations"] == []
    editor.said("Undone.")
    np.testing.assert_array_equal(editor.pixels(), before)
    for _ in range(3):
        editor.page.keyboard.press("Control+Shift+z")
    assert editor.drawn()["operations"] == ["move=1:-0.06,+0.01"]
    np.testing.assert_array_equal(editor.pixels(), moved)
    editor.page.keyboard.press("n")
    editor.said("Seed 1.")
    assert editor.drawn() == {"seed": "1", "image": 0, "operations": []}
    editor.page.keyboard.press("Control+z")
    assert editor.drawn()["operations"] == ["move=1:-0.06,+0.01"]
    np.testing.assert_array_equal(editor.pixels(), moved)


def test_looks_and_background_are_taken_from_other_images(editor: Editor) -> None:
    page, before, points = editor.page, editor.pixels(), [editor.place(i) for i in range(3)]
    page.locator("#parts").get_by_label("1", exact=True).check()
    page.locator("#look-from").get_by_label("Image 3").check()
    assert editor.drawn()["operations"] == ["look=1:3"]
    changed = (editor.pixels() != before).any(axis=0)
    assert changed.any()
    assert not changed[far_from([points[1]])].any()

    page.locator("#ground-from").get_by_label("Image 2").check()
    page.locator("#share").fill("40")
    assert editor.drawn()["operations"] == ["look=1:3", "background=2,0.4"]
    changed = (editor.pixels() != before).any(axis=0)
    assert changed[far_from(points)].mean() > 0.7  # less the bright column, where both have it
    page.locator("#parts").get_by_label("all").check()
    page.locator("#look-from").get_by_label("Image 1").check()
    assert editor.drawn()["operations"] == ["look=all:1", "background=2,0.4"]
    page.click("#reset")
    assert editor.drawn()["operations"] == []
    np.testing.assert_array_equal(editor.pixels(), before)


def test_all_keypoints_are_scaled_and_turned_and_the_difference_is_shown(editor: Editor) -> None:
    page, before = editor.page, editor.pixels()
    page.locator("#scale").fill("120")
    page.locator("#turn").fill("-30")
    assert editor.drawn()["operations"] == ["scale=all:1.2", "rotate=all:-30"]
    page.get_by_role("radio", name="difference").check()
    editor.said(re.compile(r"Difference: brightest \d+(\.\d+)? of 255"), "#other-caption")
    heat = editor.pixels("#other").sum(axis=0) > 0
    assert (heat == (editor.pixels() != before).any(axis=0)).mean() > 0.99
    page.get_by_role("radio", name="before").check()
    editor.said("Before", "#other-caption")
    np.testing.assert_array_equal(editor.pixels("#other"), before)


def test_a_saved_edit_is_drawn_again_by_the_command(editor: Editor, cli: InProcess) -> None:
    editor.drag(0, 0.1, 0.1)
    editor.page.locator("#ground-from").get_by_label("Image 3").check()
    wanted = editor.drawn()
    editor.page.click("h1")
    editor.page.keyboard.press("s")
    editor.said(re.compile("Saved .*png and its JSON."))
    shown = editor.pixels()
    words = shlex.split(editor.page.inner_text("#command"))
    edit = Path(words[-1])
    np.testing.assert_array_equal(decoded(edit.with_suffix(".png").read_bytes()), shown)
    assert json.loads(edit.read_text())["operations"] == wanted["operations"]

    done = cli(*words[1:], "--out", "again")
    assert done.code == 0, done.err
    with Image.open(done.out.splitlines()[0]) as sheet:
        pixels = np.asarray(sheet)
    # The sheet shows the image, the changed one below it and the change, in tiles of 192 pixels;
    # over the changed one lie dots at the keypoints.
    top = len(pixels) - (192 + 4 + 192)
    tile = pixels[top : top + 192, :192][1::3, 1::3].transpose(2, 0, 1)
    points = [np.array(point) for point in json.loads(edit.read_text())["keypoints"][0]["after"]]
    bare = far_from(points) | (np.abs(tile.astype(int) - shown).sum(axis=0) == 0)
    assert bare.mean() > 0.9
    assert (tile == shown).all(axis=0)[far_from(points)].all()
    assert (tile == shown).all(axis=0).mean() > 0.9


def test_a_bad_seed_is_explained_beside_its_field(editor: Editor) -> None:
    before = editor.pixels()
    editor.page.fill("#seed", "twelve")
    editor.page.keyboard.press("Enter")
    editor.said(re.compile("A seed is a whole number from 0 to .*, got 'twelve'."), "#seed-problem")
    assert editor.page.get_attribute("#seed", "aria-invalid") == "true"
    np.testing.assert_array_equal(editor.pixels(), before)
    editor.page.fill("#seed", "9223372036854775807")
    editor.page.keyboard.press("Enter")
    editor.said("Seed 9223372036854775807.")
    assert editor.drawn()["seed"] == "9223372036854775807"
    editor.said("", "#seed-problem")


def test_a_closed_server_is_told_and_found_again(editor: Editor, served: Served) -> None:
    served.close()
    editor.handle(0).focus()
    editor.page.keyboard.press("ArrowUp")
    editor.said(re.compile("The server does not answer. Start 'harness edit' again"), "#problem")
    served.open()
    editor.said("The server is back.")
    assert editor.page.is_hidden("#problem")
    assert editor.drawn()["operations"] == ["move=0:+0,-0.01"]


@pytest.mark.parametrize("width", [360, 320])
def test_a_narrow_screen_needs_no_sideways_scrolling(
    browser: Any, served: Served, width: int
) -> None:
    shape = {"width": width, "height": 700}
    editor = opened(browser, served, viewport=shape, has_touch=True, color_scheme="dark")
    editor.drawn()
    editor.page.get_by_role("radio", name="difference").check()
    assert editor.page.evaluate("document.documentElement.scrollWidth") == width
    editor.page.get_by_role("radio", name="nothing").check()
    start, way = editor.place(2), 0.2 if editor.place(2)[0] < 0.5 else -0.2
    editor.touch(2, way)
    assert len(editor.drawn()["operations"]) == 1
    np.testing.assert_allclose(editor.place(2), start + np.array([way, 0]), atol=0.02)
    editor.page.context.close()
    assert not editor.problems


def test_every_control_has_a_name_and_shows_its_focus(editor: Editor) -> None:
    nameless = editor.page.eval_on_selector_all(
        "input, button, canvas",
        "all => all.filter(one => !(one.labels?.length || one.ariaLabel ||"
        " one.textContent.trim())).map(one => one.outerHTML)",
    )
    assert nameless == []
    editor.handle(0).focus()
    editor.page.keyboard.press("ArrowUp")
    editor.drawn()
    seen = []
    for _ in range(40):
        editor.page.keyboard.press("Tab")
        focused = "document.activeElement"
        seen.append(editor.page.evaluate(f"{focused}.dataset.keypoint ?? {focused}.id"))
        if seen[-1] == "":
            continue
        ring = "getComputedStyle(document.activeElement).outlineStyle"
        assert editor.page.evaluate(ring) != "none", seen[-1]
    assert {"0", "1", "2", "save", "seed", "next", "scale", "turn"} <= set(seen)


def test_photos_are_opened_and_edited(browser: Any, toy: Toy, tmp_path: Path) -> None:
    pixels = np.full((60, 60, 3), 90, np.uint8)
    pixels[10:25, 10:25] = 250
    photo, red = tmp_path / "photo.png", tmp_path / "red.png"
    photo.write_bytes(encoded(pixels))
    red.write_bytes(encoded(np.full((20, 20, 3), (210, 20, 20), np.uint8)))
    served = Served(disc_run(tmp_path / "run"))
    served.open()
    try:
        editor = opened(browser, served)
        playwright.expect(editor.page.locator("#empty")).to_be_visible()
        editor.page.set_input_files("#photo", photo)
        editor.said("photo.png is open.")
        before, start = editor.pixels(), editor.place(1)
        editor.drag(1, 0.3, 0.3)
        editor.drawn()
        changed = (editor.pixels() != before).any(axis=0)
        assert changed.any()
        assert not changed[far_from([start, start + 0.3])].any()
        editor.page.set_input_files("#look", red)
        editor.said("With the look of red.png.")
        assert editor.pixels().max(axis=(1, 2)).tolist() == [210, 20, 20]
        # A server that was started again does not know the photos; the page hands them over.
        served.close()
        served.open()
        editor.page.click("#undo")
        editor.said("Undone.")
        assert editor.drawn()["look"] is None
        red.write_text("no picture")
        editor.page.set_input_files("#photo", red)
        editor.said(re.compile(r"red\.png: the file is not an image"), "#problem")
        editor.page.context.close()
        assert not editor.problems
    finally:
        served.close()
