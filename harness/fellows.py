"""The processes that fit one cell together with this one: started, connected, ended.

This process leads: it alone writes, hears signals and knows the deadline. The others open the same
data, build the same method and run the same fit; they end with this process, however that ends.
"""

from __future__ import annotations

import os
import signal
import socket
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.errors import ConfigError, Disconnected, HarnessError, OutOfTime, RunError, UserError
from harness.fit_note import FitNote
from harness.plan import Cell, RunOptions, asset_cells
from harness.presets import UNTRAINED
from harness.registry import Registry
from harness.training.machine import pick_device
from harness.workers import when_parent_ends

if TYPE_CHECKING:
    from harness.fitting import Fitting

#: Seconds in which a process that is lost has ended, or said why.
LAST_WORDS_SECONDS = 5.0


@dataclass(frozen=True)
class Order:
    """What a process needs to take part.

    Attributes:
        cell: the cell.
        options: how it runs.
        folder: where its weights and checkpoints lie.
        note: of the fit.
        rank: the process's number, from 1 on.
    """

    cell: Cell
    options: RunOptions
    folder: Path
    note: FitNote
    rank: int


@dataclass(frozen=True)
class _Fellow:
    rank: int
    process: SpawnProcess
    connection: Connection

    def tell(self, port: int) -> None:
        """Let it join the others.

        Raises:
            Disconnected: it is gone.
        """
        try:
            self.connection.send(port)
        except OSError:
            raise Disconnected("It is gone.") from None

    def said(self) -> str:
        """Why it failed; empty where it has said nothing."""
        try:
            return str(self.connection.recv() or "") if self.connection.poll() else ""
        except (EOFError, OSError):
            return ""


def check_devices(
    cells: Sequence[Cell], options: RunOptions, known: Registry, *, executor: str, workers: int
) -> None:
    """Refuse several processes a cell where they are impossible, before anything runs.

    Raises:
        ConfigError: the number is below 1.
        UserError: a method cannot share its batches, cells run several at a time or elsewhere, or a
            package or a GPU is missing.
    """
    count = options.devices
    if count < 1:
        raise ConfigError(f"--devices {count}: expected a whole number from 1 on.")
    if count == 1:
        return
    for cell in cells:
        spec = cell.entry.spec
        if cell.asked and spec.kind == "learned" and not _gains(cell, known):
            able = ", ".join(entry.spec.name for entry in known.methods if entry.spec.parallel)
            raise UserError(
                f"--devices {count}: {spec.name} cannot share its batches among processes; leave "
                f"--devices out, or take one of the methods that can: {able}."
            )
    if executor != "local" or workers > 1:
        raise UserError(
            f"--devices {count}: one cell on several processes needs the executor local with one "
            "worker; leave --executor and --workers out."
        )
    check_team(pick_device(options.device), count)


def _gains(cell: Cell, known: Registry) -> bool:
    """Whether the method shares its batches, or something that its suite's editors share does."""
    assets = asset_cells(cell.suite, known).values()
    return any(one.entry.spec.parallel for one in (cell, *assets))


def check_team(device: torch.device, count: int) -> None:
    """Refuse what this machine cannot do.

    Args:
        device: the asked one.
        count: processes, 2 or more.

    Raises:
        UserError: a package or a GPU is missing, or the device names a single GPU.
    """
    if find_spec("lightning_fabric") is None:
        raise UserError(
            f"--devices {count} needs Lightning Fabric, which is not installed: pip install "
            "'harness[parallel]'."
        )
    if device.type == "cpu":
        return
    if ":" in str(device):
        raise UserError(f"--device {device} is a single GPU; use --device cuda with --devices.")
    if (found := torch.cuda.device_count()) < count:
        raise UserError(f"--devices {count}: this machine has {found} of that many GPUs.")


def team_size(cell: Cell, options: RunOptions) -> int:
    """How many processes fit a cell; 1 for baselines and what else does not share batches."""
    return options.devices if cell.entry.spec.parallel and cell.preset != UNTRAINED else 1


@contextmanager
def fellows(
    cell: Cell, options: RunOptions, folder: Path, note: FitNote, device: torch.device
) -> Iterator[None]:
    """Start the other processes of a fit, and let this one lead them.

    Args:
        cell: the cell.
        options: how it runs.
        folder: where its weights and checkpoints lie.
        note: of the fit; does nothing where it has one process.
        device: where to compute.

    Raises:
        RunError: a process died or failed.
        UserError: this machine lacks a package or GPUs for so many processes.
    """
    count = note.devices
    if count == 1:
        yield
        return
    check_team(device, count)
    from harness.training.fabric import joined

    orders = [Order(cell, options, folder, note, rank) for rank in range(1, count)]
    started: list[_Fellow] = []
    try:
        started += map(_started, orders)
        _await(started)
        port = _free_port()
        for fellow in started:
            fellow.tell(port)
        with joined(0, count, port, device):
            yield
    except Disconnected:
        raise _loss(started) from None
    finally:
        for fellow in started:
            fellow.process.kill()
            fellow.process.join()
            fellow.connection.close()


def _started(order: Order) -> _Fellow:
    """A new process, which hears no request to end: it is ended by this one, or with it."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_take_part, args=(there, order), daemon=True)
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process.start()  # what is blocked here stays blocked there
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)
    there.close()
    return _Fellow(order.rank, process, here)


def _await(started: Sequence[_Fellow]) -> None:
    """Wait until all are ready.

    Raises:
        RunError: one died or failed.
    """
    for fellow in started:
        wait([fellow.connection, fellow.process.sentinel])
        if not fellow.connection.poll():
            raise _loss(started)
        try:
            failure = fellow.connection.recv()
        except EOFError:
            raise _loss(started) from None
        if failure:
            raise RunError(f"Process {fellow.rank} of the fit failed: {failure}")


def _loss(started: Sequence[_Fellow]) -> RunError:
    """The error of a fit that lost a process, with the reason that can be found."""
    until = time.monotonic() + LAST_WORDS_SECONDS
    while time.monotonic() < until:
        for fellow in started:
            if reason := fellow.said():
                return RunError(f"Process {fellow.rank} of the fit failed: {reason}")
        for fellow in started:
            # One that was itself left alone ends with 0.
            if fellow.process.exitcode:
                return RunError(
                    f"Process {fellow.rank} of the fit died (out of memory, or killed; exit code "
                    f"{fellow.process.exitcode}); run again to resume."
                )
        wait([fellow.process.sentinel for fellow in started], timeout=0.05)
        time.sleep(0.05)
    return RunError("A process of the fit cannot be reached any more; run again to resume.")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _take_part(connection: Connection, order: Order) -> None:
    """In another process: open the data, say so, and run the fit."""
    when_parent_ends(lambda: os._exit(1))
    warnings.simplefilter("ignore")  # the leading process gives the same ones
    try:
        fitting = _opened(order)
        from harness.training.fabric import joined

        device = pick_device(order.note.device)
        connection.send(None)
        port = connection.recv()
        with joined(order.rank, order.note.devices, port, device):
            fitting.follow(order.note, device)
    except (Disconnected, EOFError, KeyboardInterrupt, OutOfTime):
        return
    except Exception as error:  # noqa: BLE001 - a dataset or method of anyone's
        known = isinstance(error, HarnessError)
        connection.send(str(error) if known else f"{type(error).__name__}: {error}")


def _opened(order: Order) -> Fitting:
    """The same fit, in this process.

    Raises:
        RunError: this process sees other data.
    """
    from harness.fitting import Fitting
    from harness.registry import registry
    from harness.runner import Runner
    from harness.watching import CellWatcher

    known, watcher = registry(), CellWatcher()
    prepared = Runner(order.options, known).prepare(order.cell)
    assets = (asset.roles for asset in prepared.assets.values() if asset.folder == order.folder)
    roles = next(assets, prepared.roles)
    fitting = Fitting(order.cell, roles, order.folder, order.options, known, watcher)
    if fitting.owner() != order.note.owner:
        raise RunError("it sees other data than the first one.")
    return fitting
