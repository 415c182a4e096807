"""`harness publish`, `harness run --publish`, `harness index` and leaderboards of a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_records
import pytest
from commands import InProcess
from made_records import keep, protocol
from toy_plugin.methods import FITS
from toy_world import Toy

RUN = ("run", "--method", "toy_net", "--suite", "toy", "--threads", "1")
BOARD = ("leaderboard", "toy", "--format", "json")


def test_records_are_published_once_and_read_from_there(
    cli: InProcess, toy: Toy, memory: Any
) -> None:
    hashed = protocol(toy)
    made = [made_records.record(hashed, seed=s) for s in range(3)]
    failed = made_records.record(hashed, "net_b", status="failed", error="it broke")
    keep(toy.folder / "runs", *made, failed)
    done = cli("publish", "runs", "--to", "memory://bucket/all")
    assert done.code == 0
    assert done.out == (
        "memory://bucket/all: records sent 3, there already 0; "
        "left out: failed cells 1, unsound files 0\n"
    )
    names = sorted(memory.find("/bucket/all"))
    assert [name.rpartition("/")[0] for name in names] == ["/bucket/all/toy"] * 3
    assert {name.rpartition("/")[2][:16] for name in names} == {one.id for one in made}
    assert "sent 0, there already 3" in cli("publish", "runs", "--to", "memory://bucket/all").out

    keep(toy.folder / "finished", *made)
    there = cli(*BOARD, "--records", "memory://bucket/all")
    assert json.loads(there.out) == json.loads(cli(*BOARD, "--records", "finished").out)
    assert json.loads(there.out)[0]["records"] == 3


def test_a_record_that_was_measured_anew_takes_no_place(
    cli: InProcess, toy: Toy, memory: Any
) -> None:
    hashed = protocol(toy)
    for value in (0.5, 0.25):
        keep(toy.folder / "runs", made_records.record(hashed, value=value))
        cli("publish", "runs/cell-0", "--to", "memory://bucket")
    assert len(memory.find("/bucket")) == 2


def test_unsound_files_are_named_and_the_others_sent(cli: InProcess, toy: Toy, memory: Any) -> None:
    keep(toy.folder / "runs", made_records.record(protocol(toy)))
    (toy.folder / "runs" / "x").mkdir()
    (toy.folder / "runs" / "x" / "record.json").write_text("{")
    done = cli("publish", "runs", "--to", "memory://bucket")
    assert done.code == 2
    assert "runs/x/record.json: not a valid record" in done.err
    assert "sent 1" in done.out


def test_nothing_to_publish_is_refused(cli: InProcess, toy: Toy) -> None:
    (toy.folder / "runs").mkdir()
    done = cli("publish", "runs", "--to", "memory://bucket")
    assert done.code == 2
    assert done.error == "runs: no records; 'harness run' writes them."


def test_a_run_publishes_what_it_finishes_and_what_it_finds_finished(
    cli: InProcess, toy: Toy, memory: Any
) -> None:
    toy.suite(baselines=["toy_centre"])
    assert cli(*RUN).code == 0
    done = cli(*RUN, "--seed", "0,1", "--publish", "memory://bucket")
    assert done.code == 0, done.err
    sent = [json.loads(memory.cat_file(name)) for name in memory.find("/bucket")]
    assert sorted((one["method"]["name"], one["seed"]) for one in sent) == [
        ("toy_centre", 0),
        ("toy_net", 0),
        ("toy_net", 1),
    ]
    assert cli(*BOARD, "--records", "memory://bucket").out == cli(*BOARD, "--records", "runs").out


def test_a_store_that_fails_loses_no_record(
    cli: InProcess, toy: Toy, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = memory.pipe_file, []

    def failing(path: str, content: bytes) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise TimeoutError("no answer")
        real(path, content)

    monkeypatch.setattr(memory, "pipe_file", failing)
    done = cli(*RUN, "--seed", "0,1", "--publish", "memory://bucket")
    assert done.code == 1
    assert "toy/toy_net/quick/seed-0 is not published: memory://bucket/toy/" in done.err
    assert "cannot be written: no answer." in done.err
    assert len(list((toy.folder / "runs").rglob("record.json"))) == 2
    assert len(memory.find("/bucket")) == 1
    (line,) = [line for line in done.err.splitlines() if "harness publish" in line]
    command = line.partition("harness publish ")[2].split()
    assert "sent 1, there already 0" in cli("publish", *command).out
    assert len(memory.find("/bucket")) == 2


def test_a_store_that_cannot_be_opened_is_refused_before_anything_runs(
    cli: InProcess, toy: Toy
) -> None:
    done = cli(*RUN, "--publish", "nonsense://bucket")
    assert done.code == 2
    assert done.error.startswith("nonsense://bucket: Protocol not known: nonsense")
    assert FITS == []


def test_an_index_is_made_and_used(cli: InProcess, toy: Toy) -> None:
    pytest.importorskip("pyarrow", reason="needs pip install 'harness[scale]'")
    keep(toy.folder / "runs", *(made_records.record(protocol(toy), seed=s) for s in range(3)))
    before = cli(*BOARD)
    assert cli("index").out == "runs/index.parquet: files 3, read 3, gone 0\n"
    after = cli(*BOARD)
    assert (after.out, after.err) == (before.out, "")
    (toy.folder / "runs" / "index.parquet").write_bytes(b"x")
    damaged = cli(*BOARD)
    assert damaged.out == before.out
    assert "runs/index.parquet is damaged" in damaged.err
    assert "made anew" in cli("index").err
    assert cli(*BOARD).err == ""


def test_pages_name_no_password(cli: InProcess, toy: Toy, memory: Any) -> None:
    from harness.cli.leaderboard import _command

    made = _command(["toy"], ["sftp://me:secret@host/records"], "csv", Path("out"))
    assert made == "harness leaderboard toy --records sftp://host/records --format csv --out out"
