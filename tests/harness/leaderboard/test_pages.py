from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from made_records import keep, protocol, record, score
from toy_world import Toy

from harness.errors import RunError
from harness.leaderboard.board import Board, load_boards
from harness.leaderboard.markdown import index
from harness.leaderboard.pages import check_files, files_of, text_of, write_files
from harness.leaderboard.sheet import Section, make_sheet
from harness.leaderboard.site.files import remove_gone_rows
from harness.record import Record

COMMAND = "harness leaderboard"


@pytest.fixture
def boards(toy: Toy) -> list[Board]:
    published = [
        {
            "method": "Nobody et al.",
            "metric": "toy_spread",
            "value": 6.18,
            "source": "Paper, Table 1",
            "marks": ["estimated"],
        }
    ]
    toy.suite(published=published, notes=["A note of the suite."])
    here = protocol(toy)
    ours = score(
        0.25, ci95=(0.2, 0.3), also={"bias": 0.2}, details={"n=1": 0.5}, excluded={"points": 3}
    )
    folder = keep(
        toy.output,
        record(here, scores=[ours, score(None, "toy_distance", missing="it broke")]),
        record(here, "mean", 0.5, kind="trivial", preset="default"),
        record(here, "truth", 0.0, kind="oracle", preset="default"),
        record(protocol(toy, parts=7), "elsewhere", 0.1),
        record(here, "lost", status="failed", error="out of memory", scores=[]),
    )
    return load_boards([folder], [], toy.known).boards


def section(board: Board, title: str) -> Section:
    return next(s for s in make_sheet(board).sections if s.title.startswith(title))


def test_scores_show_rank_interval_and_place(boards: list[Board]) -> None:
    scores = section(boards[0], "Scores")
    assert scores.headers[4] == "toy_spread ↓"
    rows = {row[1]: row for row in scores.rows}
    assert rows["toy_net"] == (
        *("1", "toy_net", "quick", "measured", "0.2500", "0.2000 to 0.3000", "0.50"),
        *("images", "1"),
    )
    assert rows["mean"][0] == rows["truth"][0] == ""
    assert rows["mean"][3] == "trivial"


def test_places_on_other_metrics_have_a_table(toy: Toy) -> None:
    here = protocol(toy)

    def both(name: str, value: float, **changes: Any) -> Record:
        scores = [score(value), score(10 * value, "toy_distance", unit="% of image edge")]
        return record(here, name, scores=scores, **changes)

    folder = keep(
        toy.output,
        both("ours", 0.75),
        both("mean", 1.0, kind="trivial"),
        both("truth", 0.5, kind="oracle"),
    )
    (board,) = load_boards([folder], [], toy.known).boards
    places = section(board, "Place between trivial and oracle")
    assert places.headers == ("method", "preset", "toy_distance ↓")
    assert ("ours", "quick", "0.50") in places.rows
    assert ("ours", "quick", "7.50") in section(board, "Other metrics").rows


def test_published_rows_have_a_section_of_their_own_and_no_rank(boards: list[Board]) -> None:
    published = section(boards[0], "Published")
    assert published.rows == (
        ("Nobody et al.", "toy_spread", "6.18", "Paper, Table 1", "estimated"),
    )
    assert "rank" not in published.headers


def test_other_protocols_are_listed_with_the_differing_fields(boards: list[Board]) -> None:
    other = section(boards[0], "Other protocol")
    assert "not comparable" in other.title
    assert other.text == ("Suite version 1. Differs in: parts.",)
    assert other.rows[0][0] == "elsewhere"


def test_other_conventions_have_a_small_table(boards: list[Board]) -> None:
    small = section(boards[0], "toy_spread under other conventions")
    assert small.headers == ("method", "preset", "this suite", "bias")
    assert small.rows == (("toy_net", "quick", "0.2500", "0.2000"),)


def test_numbers_behind_a_value_have_a_table_with_a_column_a_method(boards: list[Board]) -> None:
    small = section(boards[0], "toy_spread in detail")
    assert small.headers == ("", "toy_net quick")
    assert small.rows == (("n=1", "0.5000"),)


def test_notes_say_what_is_missing_excluded_and_failed(boards: list[Board]) -> None:
    bullets = section(boards[0], "Notes").bullets
    assert "A note of the suite." in bullets
    assert "n/a because it broke: toy_distance (toy_net, quick)" in bullets
    assert "toy_net, quick: toy_spread: 3 points" in bullets
    assert "1 failed and not shown: lost, quick, seed 0: out of memory" in bullets


def test_scores_of_another_version_are_explained_below_the_table(toy: Toy) -> None:
    here = protocol(toy)

    def by(version: int, name: str) -> Record:
        return record(here, name, scores=[score(0.5), score(0.1, "toy_distance", version=version)])

    folder = keep(toy.output, by(2, "new"), by(1, "old"))
    (board,) = load_boards([folder], [], toy.known).boards
    assert section(board, "Other metrics").rows == (
        ("new", "quick", "n/a"),
        ("old", "quick", "0.1000"),
    )
    reason = "n/a because measured by version 2 of the metric: toy_distance (new, quick)"
    assert reason in section(board, "Notes").bullets


def test_superseded_rows_are_marked_wherever_they_stand(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, distance = protocol(toy), score(0.1, "toy_distance")
    folder = keep(toy.output, record(old, "old", scores=[score(0.5), distance]))
    toy.suite(version=2)
    toy.raise_version("toy_distance", monkeypatch)
    (board,) = load_boards([folder], [], toy.known).boards
    assert (
        make_sheet(board)
        .sections[0]
        .text[-1]
        .startswith("Superseded: measured by suite version 1, now 2")
    )
    newer = "all values are of version 1 of the metric, now 2"
    assert f"toy_distance is superseded: {newer}" in section(board, "Notes").bullets
    keep(toy.output / "new", record(protocol(toy), "new"))
    (board,) = load_boards([folder], [], toy.known).boards
    other = section(board, "Superseded protocol")
    assert other.text == (
        "Measured by suite version 1, now 2. Suite version 1. Differs in: version.",
    )
    lines = csv.DictReader(io.StringIO(text_of([board], "csv", COMMAND)))
    marks = {(line["method"], line["superseded"]) for line in lines}
    assert marks == {("new", "False"), ("old", "True")}
    tables = json.loads(text_of([board], "json", COMMAND))[0]["tables"]
    assert [table["superseded"] for table in tables] == [[], ["suite version 1, now 2"]]


def test_unsigned_records_are_counted_in_the_notes(boards: list[Board]) -> None:
    (bullet,) = [text for text in section(boards[0], "Notes").bullets if "unsigned" in text]
    assert bullet.startswith("4 of 4 records are unsigned")


def test_front_of_score_and_cost_is_marked(toy: Toy) -> None:
    here = protocol(toy)
    cheap, dear = record(here, "cheap", 0.5), record(here, "dear", 0.4, seed=9)
    worse = record(here, "worse", 0.6, seed=3)
    oracle = record(here, "truth", 0.0, kind="oracle")
    (board,) = load_boards([keep(toy.output, cheap, dear, worse, oracle)], [], toy.known).boards
    costs = section(board, "Score against cost")
    assert costs.headers[2:7] == ("toy_spread ↓", "parameters", "fit", "predict", "memory")
    assert {row[0]: row[2:7] for row in costs.rows} == {
        "truth": ("0.0000", "12.3 k", "10 s", "1.0 s", "0 MiB"),
        "dear": ("0.4000", "12.3 k ◆", "19 s ◆", "1.0 s", "0 MiB ◆"),
        "cheap": ("0.5000", "12.3 k", "10 s ◆", "1.0 s", "0 MiB"),
        "worse": ("0.6000", "12.3 k", "13 s", "1.0 s", "0 MiB"),
    }


def test_ranks_that_noise_allows_are_shown_as_a_range(toy: Toy) -> None:
    here = protocol(toy)
    wide = [score(0.3, ci95=(0.1, 0.5))]
    records = [record(here, "a", scores=wide), record(here, "b", scores=[score(0.4)])]
    (board,) = load_boards([keep(toy.output, *records)], [], toy.known).boards
    assert [row[:2] for row in section(board, "Scores").rows] == [("1-2", "a"), ("1-2", "b")]


def test_same_records_give_the_same_text(boards: list[Board]) -> None:
    for form in ("md", "csv", "json"):
        assert text_of(boards, form, COMMAND) == text_of(boards, form, COMMAND)


def test_markdown_cells_cannot_break_the_table(toy: Toy) -> None:
    folder = keep(toy.output, record(protocol(toy), "a|b <i>*x*</i>\n[y](z)"))
    text = text_of(load_boards([folder], [], toy.known).boards, "md", COMMAND)
    assert "a\\|b &lt;i>\\*x\\*&lt;/i> \\[y\\](z)" in text


def test_csv_has_a_line_for_every_row_and_metric(boards: list[Board]) -> None:
    lines = list(csv.DictReader(io.StringIO(text_of(boards, "csv", COMMAND))))
    ours = next(x for x in lines if (x["method"], x["metric"]) == ("toy_net", "toy_spread"))
    assert (ours["value"], ours["low"], ours["rank"]) == ("0.25", "0.2", "1")
    kinds = {(x["method"], x["kind"], x["comparable"]) for x in lines}
    assert ("Nobody et al.", "published", "False") in kinds
    assert ("elsewhere", "learned", "False") in kinds
    assert ("mean", "trivial", "True") in kinds


def test_json_keeps_numbers_unrounded(boards: list[Board]) -> None:
    (found,) = json.loads(text_of(boards, "json", COMMAND))
    rows = {row["method"]: row for row in found["tables"][0]["rows"]}
    assert rows["toy_net"]["cells"]["toy_spread"]["value"] == 0.25
    assert rows["toy_net"]["places"]["toy_spread"] == 0.5
    assert found["published"][0]["value"] == 6.18


def test_index_lists_the_best_measured_row(boards: list[Board]) -> None:
    text = index(boards, COMMAND)
    line = next(line for line in text.splitlines() if line.startswith("| [toy](toy.md)"))
    cells = [cell.strip() for cell in line.split("|")]
    assert cells[2:5] == ["toy_net, quick", "toy_spread ↓ 0.2500", "1"]


def test_index_says_how_many_are_not_worse_beyond_doubt(toy: Toy) -> None:
    here = protocol(toy)
    close = [score(value, ci95=(0.0, 1.0)) for value in (0.4, 0.5)]
    folder = keep(toy.output, *(record(here, f"m{s.value}", scores=[s]) for s in close))
    text = index(load_boards([folder], [], toy.known).boards, COMMAND)
    assert "m0.4, quick and 1 not worse beyond doubt" in text


def test_index_without_records_says_so() -> None:
    assert "No cell has been measured yet." in index([], COMMAND)


def test_board_without_records_says_so(toy: Toy) -> None:
    toy.output.mkdir()
    text = text_of(load_boards([toy.output], ["toy"], toy.known).boards, "md", COMMAND)
    assert "No cell has been measured yet." in text
    assert "| suite" in index(load_boards([toy.output], ["toy"], toy.known).boards, COMMAND)


def test_check_accepts_what_was_written(boards: list[Board], tmp_path: Path) -> None:
    files = files_of(boards, "md", COMMAND, complete=True)
    assert {path.name for path in write_files(files, tmp_path / "out")} == {"toy.md", "README.md"}
    check_files(files, tmp_path / "out", COMMAND)


@pytest.mark.parametrize("flaw", ["edited", "missing"])
def test_check_names_the_page_that_is_wrong(boards: list[Board], tmp_path: Path, flaw: str) -> None:
    files = files_of(boards, "md", COMMAND, complete=True)
    write_files(files, tmp_path)
    page = tmp_path / "toy.md"
    if flaw == "edited":
        page.write_text(page.read_text().replace("0.2500", "0.0500"))
    else:
        page.unlink()
    with pytest.raises(RunError, match=f"^{page} does not say what the records say"):
        check_files(files, tmp_path, COMMAND)


def test_check_names_the_page_that_no_record_supports(boards: list[Board], tmp_path: Path) -> None:
    files = files_of(boards, "md", COMMAND, complete=True)
    write_files(files, tmp_path)
    page = tmp_path / "gone.md"
    page.write_text((tmp_path / "toy.md").read_text())
    with pytest.raises(RunError, match=f"^{page}: no record supports this any longer; delete it"):
        check_files(files, tmp_path, COMMAND)
    (tmp_path / "toy.md").unlink()
    with pytest.raises(RunError, match=r"toy\.md, .*gone\.md do not say what the records say"):
        check_files(files, tmp_path, COMMAND)


def test_check_leaves_pages_of_other_origin_alone(boards: list[Board], tmp_path: Path) -> None:
    files = files_of(boards, "md", COMMAND, complete=True)
    write_files(files, tmp_path)
    (tmp_path / "history.md").write_text("# How it began\n")
    check_files(files, tmp_path, COMMAND)


def test_part_of_the_suites_has_no_index(boards: list[Board]) -> None:
    assert set(dict(files_of(boards, "md", COMMAND, complete=False))) == {"toy.md"}
    assert set(dict(files_of(boards, "csv", COMMAND, complete=True))) == {"toy.csv"}


def test_files_that_have_their_text_already_are_left_as_they_are(tmp_path: Path) -> None:
    write_files([("a.html", "same ±"), ("deep/b.html", "old")], tmp_path)
    before = (tmp_path / "a.html").stat().st_ino
    written = write_files([("a.html", "same ±"), ("deep/b.html", "new")], tmp_path)
    assert written == [tmp_path / "a.html", tmp_path / "deep" / "b.html"]
    assert (tmp_path / "a.html").stat().st_ino == before
    assert (tmp_path / "deep" / "b.html").read_text() == "new"
    assert (tmp_path / "deep" / "b.html").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.rglob("*.html")) == ["a.html", "b.html"]
    assert not list(tmp_path.rglob("*.part"))


def test_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(RunError, match=r"a\.html: cannot be written"):
        write_files([("a.html", "text")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


def test_pages_of_rows_that_are_gone_leave_the_site_and_nothing_else_does(tmp_path: Path) -> None:
    old, new = (f"records/{digit * 16}.html" for digit in "ab")
    write_files([(name, "page") for name in ("index.html", old, new)], tmp_path)
    for name in ("records/theirs.html", f"records/{'a' * 16}.json", "report.html"):
        (tmp_path / name).write_text("not the site's")
    part = write_files([("toy.html", "page"), (new, "page")], tmp_path)
    assert remove_gone_rows(part, tmp_path) == 0  # one suite's: others may have the old page
    whole = write_files([("index.html", "page"), ("toy.html", "page"), (new, "page")], tmp_path)
    assert remove_gone_rows(whole, tmp_path) == 1
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {
        *("index.html", "toy.html", "report.html", new),
        *("records/theirs.html", f"records/{'a' * 16}.json"),
    }
