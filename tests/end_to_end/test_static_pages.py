"""The site of leaderboards and the page of a run in a real browser, from the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_records import keep, made_run, protocol, record, score
from toy_world import Toy

from harness.leaderboard.board import load_boards
from harness.leaderboard.pages import write_files
from harness.leaderboard.site.files import site_files
from harness.record import write_record
from harness.report.page import records_beside, report
from harness.report.run_folder import open_folder

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright import sync_api as playwright

pytestmark = pytest.mark.browser

#: Milliseconds after which a page is thought to hang, on a machine that is busy with other work.
PATIENCE = 60_000
#: A phone and a desk.
WIDTHS = (390, 1280)
HOSTILE = "<script>alert(1)</script>"


class Reader:
    """One page, with all that went wrong on it."""

    def __init__(self, browser: Any, width: int = 1280, scheme: str = "light", **more: Any) -> None:
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, **more)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.problems.append(f"request {request.url}")

    def open(self, path: Path) -> None:
        self.page.goto(path.resolve().as_uri())

    def first_column(self, table: str = "#scores-table") -> list[str]:
        """The methods of the rows that are shown, in their order."""
        names = self.page.locator(f"{table} tbody tr:not([hidden]) th").all_inner_texts()
        return [name.strip() for name in names]

    def sees(self, found: Any) -> bool:
        """Whether an element lies wholly in the window and the boxes that scroll around it."""
        script = """(element) => {
          const box = element.getBoundingClientRect();
          const around = [new DOMRect(0, 0, innerWidth, innerHeight)];
          const wide = element.closest(".wide");
          if (wide) around.push(wide.getBoundingClientRect());
          return box.width > 0 && around.every((other) => box.left >= other.left
            && box.right <= other.right && box.top >= other.top && box.bottom <= other.bottom);
        }"""
        seen: bool = found.evaluate(script)
        return seen

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wide: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide


@pytest.fixture
def desk(browser: Any) -> Iterator[Reader]:
    reader = Reader(browser)
    yield reader
    reader.context.close()
    assert not reader.problems


def site(toy: Toy, folder: Path) -> Path:
    """The site of the records below a folder; where it lies."""
    out = toy.folder / "site"
    found = load_boards([folder], [], toy.known)
    write_files(site_files(found, toy.known, "harness leaderboard", complete=True), out)
    return out


@pytest.fixture
def board(toy: Toy) -> Path:
    """A site of five rows: three measured, one trivial, one printed."""
    printed = {"method": "They", "metric": "toy_spread", "value": 0.3, "source": "T1"}
    toy.suite(published=[printed])
    here = protocol(toy)
    rows = (("beta", 0.5, 10.0), ("alpha", 0.25, 700.0), ("gamma", 0.125, 9000.0))
    made = []
    for name, value, seconds in rows:
        one = record(here, name, scores=[score(value, ci95=(value - 0.1, value + 0.1))])
        assert one.cost is not None
        cost = one.cost.model_copy(update={"fit_seconds": seconds})
        made.append(one.model_copy(update={"cost": cost}))
    return site(toy, keep(toy.output, *made, record(here, "mean", 0.9, kind="trivial")))


def test_hostile_records_are_shown_as_text_at_every_width_and_in_both_themes(
    toy: Toy, browser: Any
) -> None:
    toy.suite(notes=[HOSTILE], summary=HOSTILE)
    here = protocol(toy)
    scores = {"toy_spread": {"unit": HOSTILE, "details": {HOSTILE: 1.0}, "also": {HOSTILE: 2.0}}}
    more: dict[str, Any] = {"preset": HOSTILE, "config": {HOSTILE: HOSTILE}, "notes": [HOSTILE]}
    values = {"toy_spread": [0.2, 0.4]}
    run = made_run(toy.output / "toy" / "run", here, HOSTILE, values, scores=scores, **more)
    lost = record(here, HOSTILE, status="failed", error=HOSTILE, scores=[], seed=7)
    write_record(lost, toy.output / "toy" / "lost" / "record.json")
    keep(toy.output, record(here, HOSTILE * 9, 0.1, **more))
    out = site(toy, toy.output)
    for folder in (run, toy.output / "toy" / "lost"):
        text = report(open_folder(folder), toy.known)
        (out / f"{folder.name}.html").write_text(text)
    pages = sorted(out.rglob("*.html"))
    assert len(pages) == 6
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            reader = Reader(browser, width, scheme)
            for path in pages:
                reader.open(path)
                where = f"{path.name} at {width} px, {scheme}"
                assert HOSTILE in reader.page.locator("body").inner_text(), where
                assert reader.page.evaluate("document.scripts.length") == 1, where
                assert reader.overflow() <= 0, where
            reader.context.close()
            assert not reader.problems


def test_titles_sort_by_click_and_by_keyboard_with_missing_values_last(
    desk: Reader, board: Path
) -> None:
    desk.open(board / "toy.html")
    start = ["gamma", "alpha", "beta", "mean", "They"]
    assert desk.first_column() == start
    title = desk.page.locator("#scores-table thead th").nth(1)
    title.get_by_role("button").click()
    assert desk.first_column() == ["alpha", "beta", "gamma", "mean", "They"]
    assert title.get_attribute("aria-sort") == "ascending"
    rank = desk.page.locator("#scores-table thead th").nth(0)
    rank.get_by_role("button").focus()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    assert desk.first_column()[3:] == ["mean", "They"]  # without a rank, also where it falls
    assert desk.first_column()[0] == "beta"
    assert rank.get_attribute("aria-sort") == "descending"
    assert title.get_attribute("aria-sort") == "none"
    desk.page.keyboard.press("Enter")
    assert desk.first_column() == start
    learning = desk.page.locator("#costs-table thead th", has_text="learning")
    learning.get_by_role("button").click()
    # By seconds: "10 s", "10 s", "12 min" and "2.5 h" as texts would stand otherwise.
    assert desk.first_column("#costs-table")[2:] == ["alpha", "gamma"]


def test_rows_and_marks_are_filtered_by_words_and_kinds(desk: Reader, board: Path) -> None:
    desk.open(board / "toy.html")
    shown = desk.page.locator("#shown")
    assert shown.inner_text().startswith("5 rows")
    desk.page.fill("#query", "QUICK alp")
    assert desk.first_column() == ["alpha"]
    assert shown.inner_text().startswith("1 of 5 rows")
    desk.page.fill("#query", "")
    for kind in ("trivial", "published"):
        desk.page.locator(f"input[value={kind}]").uncheck()
    assert desk.first_column() == ["gamma", "alpha", "beta"]
    marks = desk.page.locator("svg.plot").first.locator("[data-kind=trivial]")
    assert marks.count() == 1
    assert not marks.first.is_visible()


def test_index_filters_suites_and_leads_to_rows_and_back(
    toy: Toy, desk: Reader, board: Path
) -> None:
    desk.open(board / "index.html")
    rows = desk.page.locator("tbody tr:not([hidden])")
    assert rows.count() == 1
    desk.page.select_option("[data-filter=rows]", "none")
    assert rows.count() == 0
    desk.page.select_option("[data-filter=rows]", "published")
    assert rows.count() == 1
    desk.page.get_by_role("link", name="toy", exact=True).click()
    desk.page.locator("#scores-table").get_by_role("link", name="alpha").click()
    assert desk.page.locator("h1").inner_text() == "alpha"
    desk.page.get_by_role("navigation").get_by_role("link", name="toy").click()
    assert desk.page.locator("h1").inner_text() == "toy"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_scores_are_in_sight_at_once(browser: Any, board: Path, scheme: str) -> None:
    reader = Reader(browser, WIDTHS[0], scheme)
    reader.open(board / "toy.html")
    row = reader.page.locator("#scores-table tbody tr").first
    cell = row.get_by_text("0.1250", exact=True)
    assert reader.sees(cell)
    below = "getComputedStyle(document.querySelector('#scores-table tbody th'), '::after').content"
    assert reader.page.evaluate(below) == '"quick, measured"'
    assert not row.get_by_text("quick", exact=True).is_visible()
    assert not reader.sees(row.get_by_text("images", exact=True))  # one scrolls to the rest
    reader.page.locator("#scores-table").get_by_role("link", name="gamma").click()
    assert reader.page.locator("h1").inner_text() == "gamma"
    assert reader.sees(reader.page.get_by_text("0.1250", exact=True))
    assert reader.sees(reader.page.get_by_text("0.0250 to 0.2250", exact=True))
    reader.context.close()
    assert not reader.problems


def test_theme_follows_the_system_until_it_is_chosen_and_is_kept(desk: Reader, board: Path) -> None:
    def paper() -> str:
        colour: str = desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    desk.open(board / "toy.html")
    light = paper()
    desk.page.emulate_media(color_scheme="dark")
    dark = paper()
    assert light != dark
    button = desk.page.locator("#theme")
    assert button.inner_text() == "Light"
    button.click()
    assert (paper(), button.inner_text()) == (light, "Dark")
    desk.open(board / "index.html")
    assert paper() == light


def test_pages_are_whole_without_scripts(browser: Any, board: Path) -> None:
    reader = Reader(browser, java_script_enabled=False)
    reader.open(board / "toy.html")
    assert reader.first_column() == ["gamma", "alpha", "beta", "mean", "They"]
    assert not reader.page.locator("form").is_visible()
    assert not reader.page.locator("#theme").is_visible()
    reader.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_report_of_a_run_shows_its_pictures_at_every_width(
    toy: Toy, browser: Any, width: int
) -> None:
    done = toy.runner().run(toy.cell("toy_net"))
    assert done.folder is not None
    whole = open_folder(done.folder)
    alone = toy.folder / "alone"
    alone.mkdir()
    (alone / "page.html").write_text(report(whole, toy.known, others=records_beside(whole)))
    shutil.rmtree(done.folder)
    reader = Reader(browser, width)
    reader.open(alone / "page.html")
    broken = reader.page.evaluate(
        "[...document.images].filter((image) => image.complete && !image.naturalWidth).length"
    )
    assert reader.page.evaluate("document.images.length") > 10
    assert broken == 0
    assert reader.overflow() <= 0
    playwright.expect(reader.page.get_by_role("button", name="Copy")).to_be_visible()
    reader.context.close()
    assert not reader.problems
