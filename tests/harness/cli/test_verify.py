from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import InProcess
from made_records import protocol, record
from toy_world import Toy

from harness.record import write_record


@pytest.fixture
def run(toy: Toy) -> Path:
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    return outcome.folder


def test_run_that_holds_is_told_score_by_score(cli: InProcess, run: Path) -> None:
    done = cli("verify", str(run))
    assert done.code == 0, done.err
    lines = [line.split() for line in done.out.splitlines() if line.startswith("toy_")]
    assert [line[:2] for line in lines] == [
        [f"toy_{name}", "holds"] for name in ("spread", "distance", "overlap")
    ]
    assert "content, predictions.npz and per_image.npz as they were written" in " ".join(
        done.out.split()
    )


def test_changed_record_fails_and_says_where(cli: InProcess, run: Path) -> None:
    path = run / "record.json"
    content = json.loads(path.read_text())
    content["scores"][0]["value"] /= 2
    path.write_text(json.dumps(content))
    done = cli("verify", str(run), "--json")
    assert (done.code, done.error.startswith(f"{path} does not hold")) == (1, True)
    (found,) = json.loads(done.out)
    assert (found["holds"], found["signed"], len(found["problems"])) == (False, True, 1)
    assert found["scores"][0]["status"] == "differs"
    assert found["scores"][0]["found"] == pytest.approx(2 * found["scores"][0]["recorded"])


def test_record_alone_is_not_scored_and_said_to_be_unsigned(
    cli: InProcess, run: Path, toy: Toy
) -> None:
    write_record(record(protocol(toy)), toy.folder / "boards" / "alone.json")
    done = cli("verify", str(run), "boards/alone.json")
    assert (done.code, "predictions.npz does not lie beside it" in done.error) == (2, True)
    assert "unsigned" in done.out
    assert "toy_spread" in done.out


def test_folder_without_a_record_is_a_mistake(cli: InProcess) -> None:
    (cli.folder / "nothing").mkdir()
    done = cli("verify", "nothing")
    assert (done.code, "nothing/record.json" in done.error) == (2, True)
