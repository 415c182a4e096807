from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import InProcess
from made_records import made_run, protocol
from toy_world import Toy


@pytest.fixture
def runs(toy: Toy) -> Path:
    for name in ("a", "b"):
        made_run(toy.output / "toy" / name, protocol(toy), name, {"toy_spread": [0.2, 0.4]})
    return toy.output / "toy"


def test_page_goes_into_the_folder_and_its_path_to_stdout(cli: InProcess, runs: Path) -> None:
    done = cli("report", "runs/toy/a", "runs/toy/b/record.json")
    assert done.code == 0, done.err
    assert done.out.splitlines() == ["runs/toy/a/report.html", "runs/toy/b/report.html"]
    assert (runs / "a" / "report.html").read_text().startswith("<!doctype html>")


def test_pattern_json_and_another_file(cli: InProcess, runs: Path) -> None:
    done = cli("report", "runs/toy/*", "--json")
    assert [page["page"] for page in json.loads(done.out)] == [
        f"runs/toy/{name}/report.html" for name in "ab"
    ]
    done = cli("report", "runs/toy/a", "--out", "pages/a.html", "--json")
    (page,) = json.loads(done.out)
    path = cli.folder / "pages" / "a.html"
    assert page == {
        "run": "runs/toy/a",
        "status": "finished",
        "page": "pages/a.html",
        "bytes": path.stat().st_size,
    }


def test_further_records_stand_beside_the_scores(cli: InProcess, runs: Path, toy: Toy) -> None:
    made_run(
        toy.folder / "more" / "m", protocol(toy), "mean", {"toy_spread": [0.9]}, kind="trivial"
    )
    cli("report", "runs/toy/a", "--out", "alone.html")
    cli("report", "runs/toy/a", "--out", "beside.html", "--records", "more")
    assert "mean, quick" not in (cli.folder / "alone.html").read_text()
    assert "mean, quick" in (cli.folder / "beside.html").read_text()


def test_open_shows_the_page_in_the_browser(
    cli: InProcess, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert cli("report", "runs/toy/a", "--open").code == 0
    assert opened == [(runs / "a" / "report.html").as_uri()]


def test_mistakes_are_one_sentence(cli: InProcess, runs: Path) -> None:
    done = cli("report", "runs/toy/a,runs/toy/b", "--out", "x.html")
    assert (done.code, "--out names the page of one run" in done.error) == (2, True)
    done = cli("report", "runs/toy")
    assert (done.code, "this is no run's folder" in done.error) == (2, True)
    done = cli("report", "runs/toy/a", "--records", "nothing")
    assert (done.code, "nothing: no such folder" in done.error) == (2, True)
