from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from toy_world import Toy

import harness
from harness import fellows
from harness.api import execute
from harness.errors import ConfigError, UserError
from harness.fellows import Order, check_devices, team_size
from harness.fit_note import FitNote
from harness.plan import Cell
from harness.runner import Outcome

STEPS = "steps=9"


def run(toy: Toy, settings: Sequence[str] = (STEPS,), **options: Any) -> Outcome:
    runner = toy.runner(checkpoint_seconds=0.0, **options)
    return runner.run(toy.cell(settings=tuple(settings)))


def weights(outcome: Outcome) -> dict[str, torch.Tensor]:
    assert outcome.status == "finished", outcome.error
    assert outcome.folder is not None
    return load_file(outcome.folder / "weights.safetensors")


def alive(token: str) -> set[str]:
    """Processes that were started with a text in their environment."""
    found = set()
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and token.encode() in (path / "environ").read_bytes():
                found.add(path.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_two_processes_learn_alike_however_often_they_are_stopped(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with the leading process, stopped by a deadline, then resumed to the end."""
    alone = weights(run(toy))
    toy.output = tmp_path / "whole"
    whole = run(toy, devices=2)
    for name, value in weights(whole).items():
        assert torch.allclose(value, alone[name], atol=1e-5)
    assert whole.record is not None
    assert whole.record.cost is not None
    assert (whole.record.cost.devices, whole.record.cost.resumed) == (2, 0)
    assert not torch.distributed.is_initialized()

    toy.output = tmp_path / "stopped"
    command = [sys.executable, "-m", "harness", "run", "--method", "toy_net", "--suite", "toy"]
    command += ["--no-baselines", "--device", "cpu", "--devices", "2", "--threads", "1", "--set"]
    command += [STEPS, "--checkpoint-seconds", "0", "--output", str(toy.output)]
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "TOY_KILL_AT": "3"}
    before = alive(str(tmp_path))  # what Python keeps beside this process
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert killed.returncode == -9, killed.stderr
    until = time.monotonic() + 60
    while (left := alive(str(tmp_path))) > before and time.monotonic() < until:
        time.sleep(0.1)
    assert left <= before

    seen = itertools.count()
    with monkeypatch.context() as patched:
        patched.setattr("harness.training.run.wall_clock", lambda: 1e12 * (next(seen) > 1))
        stopped = run(toy, deadline=time.time() + 3600)
    assert (stopped.status, stopped.error) == (
        "stopped",
        "step 6 of 9 of the loop 'train' is saved",
    )
    resumed = run(toy)  # goes on with the number of processes it began with
    for name, value in weights(resumed).items():
        assert torch.equal(value, weights(whole)[name])
    assert resumed.record is not None
    assert resumed.record.cost is not None
    assert (resumed.record.cost.devices, resumed.record.cost.resumed) == (2, 2)
    assert whole.folder is not None
    assert resumed.folder is not None
    rows = [(folder / "curves.csv").read_text() for folder in (whole.folder, resumed.folder)]
    assert rows[0] == rows[1]


def test_a_process_that_dies_fails_the_fit_in_one_sentence(toy: Toy) -> None:
    outcome = run(toy, ["fail=follower"], devices=2)
    assert (outcome.status, outcome.exit_code, outcome.trace) == ("failed", 1, "")
    assert outcome.error == (
        "Process 1 of the fit died (out of memory, or killed; exit code -9); run again to resume."
    )


def order(toy: Toy, cell: Cell, **changes: Any) -> Order:
    note = FitNote(
        method="toy_net",
        preset="quick",
        config={},
        parts=2,
        image_size=16,
        suite="toy",
        suite_image_size=16,
        seed=0,
        threads=1,
        devices=2,
        precision="fp32",
        device="cpu",
        **changes,
    )
    return Order(cell, toy.options(), toy.folder, note, 1)


@pytest.mark.filterwarnings("default")
def test_a_process_that_sees_other_data_says_so(toy: Toy) -> None:
    here, there = Pipe()
    fellows._take_part(there, order(toy, toy.cell(), owner="of other data"))
    assert here.recv() == "it sees other data than the first one."


@pytest.mark.filterwarnings("default")
def test_a_process_whose_method_is_broken_says_where(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Order) -> None:
        raise ValueError("no such file")

    monkeypatch.setattr(fellows, "_opened", broken)
    here, there = Pipe()
    fellows._take_part(there, order(toy, toy.cell(), owner=""))
    assert here.recv() == "ValueError: no such file"


class Ended:
    """A process that is over."""

    def __init__(self, exitcode: int | None) -> None:
        self.exitcode = exitcode
        self.sentinel, self._other = Pipe()


def lost(*ends: tuple[int | None, str]) -> str:
    """The error of a fit whose other processes ended so."""
    made = []
    for rank, (exitcode, said) in enumerate(ends, start=1):
        here, there = Pipe()
        if said:
            there.send(said)
        made.append(fellows._Fellow(rank, Ended(exitcode), here))  # type: ignore[arg-type]
    return str(fellows._loss(made))


def test_the_process_that_began_to_fail_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fellows, "LAST_WORDS_SECONDS", 0.2)
    assert lost((0, ""), (0, "DataError: x")) == "Process 2 of the fit failed: DataError: x"
    assert lost((0, ""), (-9, "")).startswith("Process 2 of the fit died (out of memory, or killed")
    assert lost((None, ""), (0, "")) == (
        "A process of the fit cannot be reached any more; run again to resume."
    )


def test_methods_without_shared_batches_run_in_one_process(toy: Toy) -> None:
    options = toy.options(devices=2)
    sizes = {
        name: team_size(toy.cell(name), options) for name in ("toy_net", "toy_centre", "toy_parts")
    }
    assert sizes == {"toy_net": 2, "toy_centre": 1, "toy_parts": 1}
    assert team_size(replace(toy.cell(), preset="untrained"), options) == 1
    assert team_size(toy.cell(), toy.options()) == 1


def refused(
    toy: Toy, method: str = "toy_net", *, executor: str = "local", workers: int = 1, **options: Any
) -> str:
    made = toy.options(**{"devices": 2, **options})
    with pytest.raises(UserError) as caught:
        check_devices(toy.cells(method), made, toy.known, executor=executor, workers=workers)
    return str(caught.value)


def test_what_cannot_be_fitted_together_is_refused(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(toy, "toy_parts") == (
        "--devices 2: toy_parts cannot share its batches among processes; leave --devices out, or "
        "take one of the methods that can: toy_net."
    )
    alone = (
        "--devices 2: one cell on several processes needs the executor local with one worker; "
        "leave --executor and --workers out."
    )
    assert refused(toy, executor="ray") == alone
    assert refused(toy, workers=2) == alone
    assert refused(toy, devices=0) == "--devices 0: expected a whole number from 1 on."
    monkeypatch.setattr(fellows, "pick_device", torch.device)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    assert refused(toy, device="cuda:1") == (
        "--device cuda:1 is a single GPU; use --device cuda with --devices."
    )
    assert refused(toy, device="cuda") == "--devices 2: this machine has 1 of that many GPUs."
    monkeypatch.setattr(fellows, "find_spec", lambda _: None)
    assert refused(toy) == (
        "--devices 2 needs Lightning Fabric, which is not installed: pip install "
        "'harness[parallel]'."
    )


def test_baselines_and_single_processes_are_not_refused(toy: Toy) -> None:
    for method, devices in (("toy_centre", 2), ("toy_net", 2), ("toy_parts", 1)):
        options = toy.options(devices=devices)
        check_devices(toy.cells(method), options, toy.known, executor="local", workers=1)


def test_an_editor_is_not_refused_where_its_generator_shares_batches(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {"generator": toy.cell("toy_net")}
    monkeypatch.setattr(fellows, "asset_cells", lambda *_: shared)
    check_devices(
        toy.cells("toy_parts"), toy.options(devices=2), toy.known, executor="local", workers=1
    )


def test_nothing_runs_where_devices_are_refused(toy: Toy) -> None:
    with pytest.raises(UserError, match="toy_parts cannot share"):
        harness.run("toy_parts", "toy", output=toy.output, devices=2, device="cpu")
    with pytest.raises(ConfigError, match="--devices 0"):
        next(execute(toy.cells(), toy.options(devices=0), toy.known))
    assert not toy.output.exists()


def test_a_process_finds_the_data_of_a_suites_asset(toy: Toy) -> None:
    """Its own part of the labelled images, which it tells by the folder it learns in."""
    asset = {"method": "toy_answers", "preset": "paper"}
    assets = {"generator": {"method": "toy_latents", "preset": "paper"}}
    assets |= {"guide": {**asset, "images": "even"}, "judge": {**asset, "images": "odd"}}
    toy.suite(assets=assets, metrics=[{"name": "toy_edited"}])
    cell = toy.cell("toy_editor", preset="paper")
    for made in toy.runner().prepare(cell).assets.values():
        wanted = replace(order(toy, cell, owner=made.owner), cell=made.cell, folder=made.folder)
        assert fellows._opened(wanted).owner() == made.owner
