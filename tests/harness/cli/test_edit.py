from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from commands import InProcess
from toy_world import Toy

pytest.importorskip("starlette", reason="the extra 'edit' is not installed")

from harness.edit.server import bound_socket


def fitted(toy: Toy, method: str = "toy_painter") -> str:
    outcome = toy.runner().run(toy.cell(method))
    assert outcome.folder is not None, outcome.error
    return str(outcome.folder.relative_to(toy.folder))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served."""
    seen: list[Any] = []
    monkeypatch.setattr("harness.training.machine.free_cores", lambda: 7)
    monkeypatch.setattr("harness.edit.server.serve", lambda *given: seen.append(given))
    return seen


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many threads were asked for."""
    asked: list[int] = []
    monkeypatch.setattr("torch.set_num_threads", asked.append)
    return asked


def test_the_address_is_the_answer(
    cli: InProcess, toy: Toy, served: list[Any], threads: list[int]
) -> None:
    run = fitted(toy)
    done = cli("edit", run, "--port", "0", "-n", "5", "--device", "cpu", "--threads", "3")
    assert done.code == 0, done.err
    assert threads[-1] == 3
    ((session, bound),) = served
    assert done.out.startswith("http://127.0.0.1:")
    assert done.out.endswith("/\n")
    assert (session.run, session.count) == (Path(run), 5)
    assert bound.fileno() == -1
    assert done.err.splitlines()[-1] == "Closed."


def test_ctrl_c_ends_the_server_well(
    cli: InProcess, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.edit.server.serve", interrupted)
    done = cli("edit", fitted(toy), "--port", "0")
    assert (done.code, done.err.splitlines()[-1]) == (0, "Closed.")


def test_the_browser_is_opened_where_asked_and_free_cores_are_used(
    cli: InProcess,
    toy: Toy,
    served: list[Any],
    threads: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run = fitted(toy)
    done = cli("edit", run, "--port", "0")
    assert (done.code, opened, threads[-1]) == (0, [], 7)
    done = cli("edit", run, "--port", "0", "--open")
    assert opened == [done.out.strip()]


def test_what_cannot_be_edited_is_one_sentence(cli: InProcess, toy: Toy, served: list[Any]) -> None:
    done = cli("edit", "no run", "--port", "0")
    assert done.code == 2
    assert done.error.startswith("no run holds no finished run")
    done = cli("edit", fitted(toy, "toy_centre"), "--port", "0")
    assert done.code == 2
    assert done.error.startswith("toy_centre draws nothing that could be edited")
    done = cli("edit", fitted(toy), "--port", "0", "-n", "0")
    assert (done.code, done.error) == (2, "-n must be at least 1, got 0.")
    assert not served


def test_a_port_in_use_is_one_sentence(cli: InProcess, served: list[Any]) -> None:
    with bound_socket(0) as taken:
        port = taken.getsockname()[1]
        done = cli("edit", "no run", "--port", str(port))
    assert done.code == 2
    assert done.error.startswith(f"Port {port} of 127.0.0.1 cannot be used")
    assert "--port" in done.error


def test_without_the_extra_the_command_to_install_it_is_told(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.cli.edit._NEEDS", ("starlette", "not_there"))
    done = cli("edit", "no run")
    assert (done.code, done.error) == (
        2,
        "harness edit needs not_there, not installed here: pip install 'harness[edit]'.",
    )
