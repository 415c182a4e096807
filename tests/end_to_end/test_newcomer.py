"""What somebody sees who runs the first command, looks around and runs it again."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from commands import SMALL_FACES, TOY, Command, Done, InProcess

from harness.record import Record, read_record

COMPANIONS = ("mean_shape", "random_keypoints", "toy_colours", "part_centre_oracle")


@pytest.fixture(scope="module")
def first_run(
    tmp_path_factory: pytest.TempPathFactory, cache: Path, toy_site: Path
) -> tuple[Path, Done]:
    """The folder of runs of the first command, and what it said."""
    folder = tmp_path_factory.mktemp("newcomer")
    return folder / "runs", Command(folder, cache, [toy_site])(*TOY)


def records_in(runs: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in runs.glob("*/*/record.json")}


def test_first_command_says_what_it_will_do(first_run: tuple[Path, Done]) -> None:
    _, done = first_run
    assert done.code == 0, done.err
    plan = done.err.splitlines()[:2]
    assert plan[0] == "suite toy_discs: toy_colours (preset quick, seed 0)"
    assert plan[1].endswith(
        "mean_shape, random_keypoints, toy_colours untrained, part_centre_oracle"
    )


def test_first_command_ends_with_scores_beside_the_baselines(first_run: tuple[Path, Done]) -> None:
    _, done = first_run
    rows = [line.split()[0] for line in done.out.splitlines() if " ±" in line]
    assert sorted(set(rows)) == sorted(COMPANIONS)


def test_first_command_names_files_that_exist(first_run: tuple[Path, Done]) -> None:
    runs, done = first_run
    named = dict(line.split("  ", 1) for line in done.err.splitlines() if "  runs/" in line)
    folder, board = (runs.parent / named[what].strip() for what in CLOSING)
    assert (folder / "record.json").exists()
    assert (folder / "pictures" / "predictions.png").exists()
    assert "| mean_shape" in board.read_text()


#: How the last lines of a run begin.
CLOSING = ("record and pictures", "leaderboard")


def test_every_record_keeps_the_published_schema(
    first_run: tuple[Path, Done], cli: InProcess
) -> None:
    done = cli("show", "record-schema")
    assert done.code == 0
    validator = jsonschema.Draft202012Validator(json.loads(done.out))
    found = records_in(first_run[0])
    assert len(found) == 5
    for content in found.values():
        validator.validate(json.loads(content))


def test_second_call_keeps_every_record(first_run: tuple[Path, Done], cli: InProcess) -> None:
    runs, _ = first_run
    before = records_in(runs)
    done = cli(*TOY, "--output", str(runs))
    assert done.code == 0
    assert done.err.count("kept: ") == 5
    assert "running " not in done.err
    assert records_in(runs) == before


def test_json_prints_one_record_a_line_and_nothing_else(
    first_run: tuple[Path, Done], cli: InProcess
) -> None:
    done = cli(*TOY, "--output", str(first_run[0]), "--json")
    printed = [Record.model_validate_json(line) for line in done.out.splitlines()]
    assert {record.method.name for record in printed} == set(COMPANIONS)
    assert len(printed) == 5


def test_fresh_repeats_the_cell_to_the_same_scores(cli: InProcess) -> None:
    arguments = (*TOY, "--preset", "smoke", "--no-baselines")
    assert cli(*arguments).code == 0
    (path,) = records_in(Path("runs"))
    first = read_record(path)
    done = cli(*arguments, "--fresh")
    assert "finished: " in done.err
    assert read_record(path).scores == first.scores


def test_dry_run_prints_the_plan_and_writes_nothing(cli: InProcess) -> None:
    done = cli(*TOY, "--seed", "3,4", "--dry-run")
    assert done.code == 0
    assert "toy_colours (preset quick, seed 3), toy_colours (preset quick, seed 4)" in done.out
    assert not list(cli.folder.iterdir())
    rows = json.loads(cli(*TOY, "--seed", "3,4", "--dry-run", "--json").out)
    assert [row["seed"] for row in rows if row["asked"]] == [3, 4]
    assert not list(cli.folder.iterdir())


def test_quiet_says_nothing_but_the_answer(cli: InProcess) -> None:
    done = cli("run", "--method", "random_keypoints", *SMALL_FACES, "--no-baselines", "--quiet")
    assert done.code == 0
    assert "random_keypoints" in done.out
    assert all(line.startswith(CLOSING) for line in done.err.splitlines())


def test_smaller_edition_of_a_suite_keeps_its_other_options(cli: InProcess) -> None:
    small = [word.replace("synthetic_faces", "synthetic_faces_wild") for word in SMALL_FACES]
    done = cli("run", "--method", "mean_shape", *small, "--no-baselines")
    assert done.code == 0, done.err
    (path,) = records_in(Path("runs"))
    options = read_record(path).suite.protocol["dataset_options"]
    assert options == {"difficulty": "wild", "fit": 48, "regress": 40, "test": 24}


def test_failing_cell_does_not_stop_the_others(cli: InProcess) -> None:
    done = cli(*TOY, "--method", "toy_failing", "--preset", "smoke", "--no-baselines")
    assert done.code == 1
    assert "failed: toy_discs/toy_failing/smoke/seed-0: ValueError: the toy fell off" in done.err
    records = {r.method.name: r for r in map(read_record, records_in(Path("runs")))}
    assert records["toy_failing"].status == "failed"
    assert "the toy fell off the table" in records["toy_failing"].error
    assert records["toy_colours"].status == "finished"


def test_failing_cell_first_does_not_stop_the_next_ones(cli: InProcess) -> None:
    arguments = [word.replace("toy_colours", "toy_failing,toy_colours") for word in TOY]
    done = cli(*arguments, "--preset", "smoke", "--no-baselines", "--json")
    assert done.code == 1
    printed = [Record.model_validate_json(line) for line in done.out.splitlines()]
    assert [(r.method.name, r.status) for r in printed][-1] == ("toy_colours", "finished")


def test_traceback_flag_shows_the_place_of_a_failure(cli: InProcess) -> None:
    arguments = [word.replace("toy_colours", "toy_failing") for word in TOY]
    done = cli(*arguments, "--preset", "smoke", "--no-baselines", "--traceback")
    assert done.code == 1
    assert "harness_toy/failing.py" in done.err


def test_terminal_that_knows_only_ascii_gets_the_table_too(
    first_run: tuple[Path, Done], cache: Path, toy_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = Command(first_run[0].parent, cache, [toy_site])("leaderboard", "--records", "runs")
    assert done.code == 0, done.err
    assert "landmark_error" in done.out
