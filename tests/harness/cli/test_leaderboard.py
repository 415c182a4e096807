from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import InProcess
from made_records import keep, protocol, record, score
from toy_world import Toy


@pytest.fixture
def runs(toy: Toy) -> Path:
    here = protocol(toy)
    scores = [score(0.25, ci95=(0.2, 0.3)), *(score(0.1, f"toy_{n}") for n in ("distance", "x"))]
    return keep(toy.output, record(here, scores=scores), record(here, "mean", 0.5, kind="trivial"))


@pytest.mark.parametrize("columns", ["80", "120"])
def test_tables_on_the_terminal_fit_its_width(
    cli: InProcess, runs: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = cli("leaderboard")
    assert done.code == 0, done.err
    assert max(len(line) for line in done.out.splitlines()) <= int(columns)
    for text in ("toy_spread ↓", "0.2500", "0.2000 to 0.3000", "trivial", "12.3 k"):
        assert text in done.out


def test_wide_table_repeats_the_names(
    cli: InProcess, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    wide, narrow = cli("leaderboard").out, ""
    monkeypatch.setenv("COLUMNS", "200")
    narrow = cli("leaderboard").out
    assert wide.count("toy_net") > narrow.count("toy_net")


def test_formats_go_to_stdout(cli: InProcess, runs: Path) -> None:
    assert cli("leaderboard", "--format", "md").out.startswith("<!-- Generated")
    assert cli("leaderboard", "--format", "csv").out.startswith("suite,fingerprint")
    assert json.loads(cli("leaderboard", "--json").out)[0]["suite"] == "toy"


def test_check_passes_on_fresh_pages_and_fails_on_edited_ones(cli: InProcess, runs: Path) -> None:
    done = cli("leaderboard", "--out", "boards")
    assert done.out.splitlines() == ["boards/toy.md", "boards/README.md"]
    assert cli("leaderboard", "--out", "boards", "--check").code == 0
    page = cli.folder / "boards" / "toy.md"
    page.write_text(page.read_text() + "better\n")
    done = cli("leaderboard", "--out", "boards", "--check")
    assert done.code == 1
    assert done.error.startswith("boards/toy.md does not say what the records say")
    assert page.read_text().endswith("better\n")


def test_pages_name_no_folder_of_the_machine(cli: InProcess, runs: Path) -> None:
    folders = ["--records", str(runs), "--out", str(cli.folder / "boards")]
    assert cli("leaderboard", *folders).code == 0
    text = (cli.folder / "boards" / "toy.md").read_text()
    assert "harness leaderboard --records runs --out boards" in text
    assert str(cli.folder) not in text


def test_site_has_an_index_and_pages_that_check_accepts(cli: InProcess, runs: Path) -> None:
    words = ("leaderboard", "--format", "html", "--out", "site")
    done = cli(*words)
    assert done.code == 0, done.err
    assert done.out.splitlines() == ["site/index.html", "site/toy.html"]
    assert "and 2 pages of records below site/records" in done.err
    assert len(list((cli.folder / "site" / "records").iterdir())) == 2
    done = cli(*words, "--check")
    assert (done.code, "files checked: 4" in done.err) == (0, True)
    page = cli.folder / "site" / "toy.html"
    page.write_text(page.read_text().replace("0.2500", "0.0500"))
    assert cli(*words, "--check").error.startswith("site/toy.html does not say")


def test_site_without_a_folder_is_a_mistake(cli: InProcess, runs: Path) -> None:
    done = cli("leaderboard", "--format", "html")
    assert (done.code, "name its folder with --out" in done.error) == (2, True)


def test_several_folders_of_records_make_one_board(cli: InProcess, runs: Path, toy: Toy) -> None:
    keep(toy.folder / "more", record(protocol(toy), "other", 0.1))
    out = cli("leaderboard", "--records", "runs", "--records", "more").out
    assert "other" in out
    assert "toy_net" in out


def test_broken_record_is_a_warning(cli: InProcess, runs: Path) -> None:
    (runs / "bad").mkdir()
    (runs / "bad" / "record.json").write_text("{}")
    for words in (["leaderboard"], ["leaderboard", "--out", "boards"]):
        done = cli(*words)
        assert done.code == 0
        assert "warning: runs/bad/record.json: not a valid record" in done.err


def test_check_without_out_and_missing_folder_are_mistakes(cli: InProcess) -> None:
    done = cli("leaderboard", "--check")
    assert (done.code, "--out" in done.error) == (2, True)
    done = cli("leaderboard")
    assert (done.code, "--records" in done.error) == (2, True)


def test_folder_without_records_says_so(cli: InProcess, toy: Toy) -> None:
    toy.output.mkdir()
    done = cli("leaderboard")
    assert (done.code, done.out) == (0, "")
    assert "No records yet" in done.err


def test_explain_says_which_field_differs(cli: InProcess, toy: Toy) -> None:
    here, there = protocol(toy), protocol(toy, parts=7)
    keep(toy.output, record(here, seed=1), record(there))
    done = cli("leaderboard", "--explain", "runs/cell-0", "runs/cell-1/record.json")
    assert done.code == 0, done.err
    assert "Not comparable" in done.out
    rows = [line.split() for line in done.out.splitlines()]
    assert ["parts", "2", "7"] in rows
    assert ["seed", "1", "0"] in rows
    done = cli("leaderboard", "--explain", "runs/cell-0", "runs/cell-0", "--json")
    assert json.loads(done.out) == {
        "comparable": True,
        **{name: {} for name in ("protocol", "metrics", "method", "environment")},
    }
    assert "Comparable" in cli("leaderboard", "--explain", "runs/cell-0", "runs/cell-0").out


def test_explain_of_a_missing_record_is_a_mistake(cli: InProcess, runs: Path) -> None:
    done = cli("leaderboard", "--explain", "runs/cell-0", "runs/nothing")
    assert (done.code, "runs/nothing" in done.error) == (2, True)


def test_a_long_table_is_cut_on_the_terminal_and_whole_in_files(
    cli: InProcess, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli.leaderboard._SHOWN", 12)
    keep(toy.output, *(record(protocol(toy), f"net_{n:02d}", n / 90) for n in range(14)))
    shown = cli("leaderboard").out
    assert "net_11" in shown
    assert "net_12" not in shown
    assert "and 2 more rows; --format csv has them." in shown
    assert "net_13" in cli("leaderboard", "--format", "csv").out
