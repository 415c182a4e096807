"""`harness edit` in a process of its own: it answers, and Ctrl-C ends it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from commands import ROOT, Command, finish
from toy_runs import painter_run
from toy_world import Toy, install

pytest.importorskip("starlette", reason="the extra 'edit' is not installed")


def test_the_installed_command_serves_until_it_is_interrupted(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "toy-package", {"toy": "toy_plugin.plugin"})
    world = Toy(tmp_path)
    world.suite()
    monkeypatch.setenv("TOY_SUITES", str(world.suites))
    run = painter_run(tmp_path / "run")
    command = Command(tmp_path, cache, [tmp_path / "site", ROOT / "tests"])
    process = command.start("edit", str(run), "--port", "0")
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), process.communicate()

    with urlopen(f"{address}api/about", timeout=60) as answer:
        assert json.load(answer)["method"] == "toy_painter"
    wanted = json.dumps({"seed": "1", "image": 0, "operations": ["move=0:+0.1,0"]}).encode()
    request = Request(f"{address}api/save", wanted, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        saved = json.load(answer)
    assert {Path(saved["picture"]).parent, Path(saved["edit"]).parent} == {run / "edits"}

    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.code, done.err.splitlines()[-1]) == (0, "Closed.")
