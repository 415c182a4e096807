from __future__ import annotations

import gc
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_records import keep, made_run, protocol, record, score
from toy_world import Toy

from harness.leaderboard.board import load_boards
from harness.leaderboard.garbage import rare_collection
from harness.leaderboard.site.files import site_files
from harness.record import Record

COMMAND = "harness leaderboard --format html --out site"


class Page(HTMLParser):
    """Rows of the tables of a page, its addresses, and the texts of its elements of one tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.kinds: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self._name = ""
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.ids.add(values.get("id") or "")
        self.addresses += [v or "" for k, v in attrs if k in ("href", "src")]
        if tag == "table":
            self._name = (values.get("id") or "").removesuffix("-table")
            self.tables.setdefault(self._name, [])
        if tag == "tr":
            self.tables[self._name].append([])
            self.kinds.append(values.get("data-kind") or "")
        if tag in ("td", "th"):
            self.tables[self._name][-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "
        rows = self.tables.get(self._name)
        if rows and rows[-1]:
            rows[-1][-1] += data.replace("\n", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._name = "no table"


def site(toy: Toy, folder: Path, suites: tuple[str, ...] = ()) -> dict[str, str]:
    found = load_boards([folder], suites, toy.known)
    return dict(site_files(found, toy.known, COMMAND, complete=not suites))


@pytest.fixture
def pages(toy: Toy) -> dict[str, str]:
    printed = {"method": "Nobody et al.", "metric": "toy_spread", "value": 6.18, "source": "T1"}
    toy.suite(published=[printed], notes=["A note of the suite."])
    here = protocol(toy)
    both = [score(0.25, ci95=(0.2, 0.3), also={"bias": 0.2}), score(0.1, "toy_distance")]
    return site(
        toy,
        keep(
            toy.output,
            record(here, scores=both),
            record(here, scores=both, seed=1),
            record(here, "mean", 0.5, kind="trivial", preset="default"),
            record(here, "truth", 0.0, kind="oracle", preset="default"),
            record(protocol(toy, parts=7), "elsewhere", 0.1),
        ),
    )


def test_site_has_an_index_a_page_a_suite_and_a_page_a_row(pages: dict[str, str]) -> None:
    assert {"index.html", "toy.html"} <= set(pages)
    records = [name for name in pages if name.startswith("records/")]
    assert len(records) == 4  # one of them of two seeds
    assert all(re.fullmatch(r"records/[0-9a-f]{16}\.html", name) for name in records)


def test_every_address_is_a_page_of_the_site_or_a_place_within_one(pages: dict[str, str]) -> None:
    read = {name: Page(text) for name, text in pages.items()}
    within = 0
    for name, page in read.items():
        for address in page.addresses:
            if not address.startswith("data:"):
                path, _, place = address.partition("#")
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
                target = target if path else name
                assert target in read, (name, address)
                assert not place or place in read[target].ids, (name, address)
                within += bool(path and place)
    assert within == 5  # every seed of every row


def test_page_of_a_row_has_all_its_seeds_and_once_what_they_share(toy: Toy) -> None:
    here = protocol(toy)
    made = [
        record(here, scores=[score(value)], seed=seed, config={"depth": 3}, notes=["Noted."])
        for seed, value in ((0, 0.25), (7, 0.75))
    ]
    pages = site(toy, keep(toy.output, *made))
    (text,) = [text for name, text in pages.items() if name.startswith("records/")]
    page = Page(text)
    assert "toy_net, quick, seeds 0, 7 on toy" in page.text
    rows = page.tables[""]
    assert [row[:2] for row in rows[1:5]] == [
        *(["Seed 0"], ["toy_spread ↓", "0.2500"]),
        *(["Seed 7"], ["toy_spread ↓", "0.7500"]),
    ]
    facts = {row[0]: row[1] for row in rows[5:]}
    assert facts["Learning"] == "seed 0: 10 sseed 7: 17 s"
    assert facts["Device"] == "cpu, 1 thread, fp32"
    assert facts["Record"] == f"seed 0: {made[0].id}seed 7: {made[1].id}"
    assert facts["Method fingerprint"] == made[0].method.fingerprint
    assert page.text.count("Noted.") == page.text.count('"depth": 3') == 1
    assert {"seed-0", "seed-7"} <= page.ids


def test_row_of_runs_and_lone_records_leads_to_both(toy: Toy) -> None:
    here = protocol(toy)
    keep(toy.output, *(record(here, seed=seed) for seed in (0, 2)))
    made_run(toy.output / "toy" / "run", here, "toy_net", {"toy_spread": [0.1, 0.3]}, seed=1)
    pages = site(toy, toy.output)
    row, run = sorted((n for n in pages if n.startswith("records/")), key=lambda n: len(pages[n]))
    links = [f"{row}#seed-0", run, f"{row}#seed-2"]
    board = Page(pages["toy.html"]).addresses
    assert [address for address in board if address.startswith("records/")][:4] == [row, *links]
    assert [a for a in Page(pages[row]).addresses if "records/" in a] == [f"../{run}"]
    assert [a for a in Page(pages[run]).addresses if "records/" in a] == [
        f"../{links[0]}",
        f"../{links[2]}",
    ]


def test_presets_of_one_configuration_have_a_page_each(toy: Toy) -> None:
    one, two = record(protocol(toy)), record(protocol(toy), seed=1)
    method = two.method.model_copy(update={"preset": "other"})
    pages = site(toy, keep(toy.output, one, two.model_copy(update={"method": method})))
    records = [text for name, text in pages.items() if name.startswith("records/")]
    assert sorted(re.search("<title>([^<]+)", text)[1] for text in records) == [  # type: ignore[index]
        "toy_net, other, seed 1 on toy",
        "toy_net, quick, seed 0 on toy",
    ]


def test_rows_are_marked_by_kind_and_printed_numbers_are_never_ranked(
    pages: dict[str, str],
) -> None:
    page = Page(pages["toy.html"])
    rows = {row[1]: row for row in page.tables["scores"][1:]}
    assert rows["toy_net"][:5] == ["1", "toy_net", "quick", "measured", "0.2500 ± 0.0000"]
    assert [rows[name][3] for name in ("mean", "truth")] == ["trivial", "oracle"]
    assert rows["Nobody et al."][:5] == ["", "Nobody et al.", "", "published", "6.18"]
    assert {"learned", "trivial", "oracle", "published"} <= set(page.kinds)
    assert rows["toy_net"][8].split() == ["0", "1"]  # one page a seed


def test_all_sections_of_the_markdown_page_are_there(pages: dict[str, str]) -> None:
    page = Page(pages["toy.html"])
    assert {"scores", "metrics", "costs", "also-0", "other-0"} <= set(page.tables)
    for text in ("A note of the suite.", "not comparable", "Differs in: parts.", "12.3 k", COMMAND):
        assert text in page.text
    assert page.tables["also-0"][0][-1] == "bias"


def test_index_lists_every_suite_with_its_best_row(toy: Toy) -> None:
    toy.suite("bare")
    folder = keep(toy.output, record(protocol(toy), scores=[score(0.25, ci95=(0.2, 0.3))]))
    page = Page(site(toy, folder)["index.html"])
    rows = page.tables[""]
    assert [row[0].split()[0] for row in rows[1:]] == ["toy", "bare"]  # measured ones first
    assert rows[1][1:6] == ["toy_spread ↓", "toy_net, quick", "0.2500", "0.2000 to 0.3000", "1"]
    assert rows[2][1:6] == ["toy_spread", "", "", "", ""]


def test_some_suites_have_no_index(toy: Toy) -> None:
    pages = site(toy, keep(toy.output, record(protocol(toy))), ("toy",))
    assert "index.html" not in pages
    assert "index.html" not in Page(pages["toy.html"]).addresses


def test_record_has_its_own_page_and_a_run_its_whole_report(toy: Toy) -> None:
    here = protocol(toy)
    keep(toy.output, record(here, "lonely", config={"depth": {"first": 3}}))
    made_run(toy.output / "toy" / "run", here, "whole", {"toy_spread": [0.1, 0.3]})
    texts = [text for name, text in site(toy, toy.output).items() if name.startswith("records/")]
    pages = {re.search(r"<h1>(\w+)", text)[1]: Page(text) for text in texts}  # type: ignore[index]
    assert "Records alone are at hand" in pages["lonely"].text
    assert '{"depth": {"first": 3}}' in pages["lonely"].text
    assert "Records alone" not in pages["whole"].text
    assert "harness report" in pages["whole"].text
    assert "lonely" not in pages["whole"].text  # a measured row is no baseline
    assert "../toy.html" in pages["whole"].addresses


def test_folder_whose_record_is_another_one_by_now_is_not_reported(toy: Toy) -> None:
    here = protocol(toy)
    run = made_run(toy.output / "toy" / "run", here, "mine", {"toy_spread": [0.1, 0.3]})
    found = load_boards([toy.output], [], toy.known)
    text = (run / "record.json").read_text()
    (run / "record.json").write_text(text.replace('"digest"', '"digest": "", "nothing"'))
    pages = dict(site_files(found, toy.known, COMMAND, complete=False))
    (page,) = [text for name, text in pages.items() if name.startswith("records/")]
    assert "Records alone are at hand" in page


def test_garbage_is_looked_for_rarely_only_meanwhile() -> None:
    before = gc.get_threshold()
    with rare_collection():
        assert gc.get_threshold()[0] > 10 * before[0]
    assert gc.get_threshold() == before


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


def hostile_records(toy: Toy) -> list[Record]:
    """Records in which every free text is hostile."""
    toy.suite(
        notes=[HOSTILE],
        summary=HOSTILE,
        published=[
            {
                **{"method": HOSTILE, "metric": "toy_spread", "value": 1.0, "source": HOSTILE},
                "marks": [HOSTILE],
            }
        ],
    )
    here = protocol(toy)
    bad = {HOSTILE: 0.5}
    scores = [
        score(0.25, unit=HOSTILE, also=bad, details=bad, excluded={HOSTILE: 3}, ci95=(0.2, 0.3)),
        score(None, "toy_distance", missing=HOSTILE),
        score(0.5, HOSTILE, unit=HOSTILE),
    ]

    def changed(one: Record) -> Record:
        method = one.method.model_copy(update={"sees": [HOSTILE], "plugin": HOSTILE})
        cost = one.cost and one.cost.model_copy(update={"device": HOSTILE})
        texts = dict.fromkeys(("command", "platform", "git", "python", "torch"), HOSTILE)
        made = one.provenance.model_copy(update={**texts, "packages": {HOSTILE: HOSTILE}})
        return one.model_copy(update={"method": method, "cost": cost, "provenance": made})

    more: dict[str, Any] = {"preset": HOSTILE, "config": {HOSTILE: HOSTILE}, "notes": [HOSTILE]}
    lost = record(here, HOSTILE, status="failed", error=HOSTILE, scores=[], seed=5)
    return [
        changed(record(here, HOSTILE, scores=scores, **more)),
        changed(record(here, f"{HOSTILE}2", 0.4, kind="trivial", **more)),
        changed(record(protocol(toy, **{HOSTILE: HOSTILE}), HOSTILE, 0.1, **more)),
        lost,
    ]


def test_nothing_that_a_record_says_becomes_markup(toy: Toy) -> None:
    pages = site(toy, keep(toy.output, *hostile_records(toy)))
    assert len(pages) == 5
    for name, text in pages.items():
        page = Page(text)
        assert page.tags.count("script") == 1, name
        assert "img" not in page.tags, name
        assert HOSTILE in page.text, name
        assert "49" not in re.findall(r"alert\(2\)>(\d+)", page.text), name
        paths = [address.removesuffix("#seed-0") for address in page.addresses]
        assert all(path.startswith(("#", "data:,")) or path.endswith(".html") for path in paths)
