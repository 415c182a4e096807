"""Cells on this machine: in this process, or in several worker processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import active_children, get_context

from harness.plan import Cell, RunOptions
from harness.registry import Registry, registry
from harness.runner import Outcome, Runner
from harness.training.machine import pick_device, pick_precision, usable_cores
from harness.watching import CellWatcher

#: Exit code of an interrupted process.
INTERRUPTED = 130


class Local:
    """Runs cells here.

    Args:
        workers: processes at a time; with more than one the cores are shared out among them.
    """

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def run(
        self, cells: Sequence[Cell], options: RunOptions, known: Registry, watcher: CellWatcher
    ) -> Iterator[Outcome]:
        """Outcomes as they come; a worker that dies fails its cell and the ones not yet begun.

        When the caller stops early or is interrupted, the running cells are interrupted, so that
        they can be resumed, and no further one is begun.

        Raises:
            UserError: there is no such device or precision; nothing was run.
        """
        pick_precision(options.precision, pick_device(options.device))
        if self.workers == 1:
            runner = Runner(options, known, watcher)
            yield from map(runner.run, cells)
            return
        share = max(1, usable_cores() // self.workers)
        yield from self._share_out(cells, replace(options, threads=options.threads or share))

    def _share_out(self, cells: Sequence[Cell], options: RunOptions) -> Iterator[Outcome]:
        others = set(active_children())
        pool = ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_parent
        )
        waiting: dict[Future[Outcome], Cell] = {}
        try:
            waiting = {pool.submit(_run_alone, cell, options): cell for cell in cells}
            for future in as_completed(waiting):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    reason = "a worker process died (out of memory, or killed); run again to resume"
                    yield Outcome(waiting[future], "failed", error=reason, exit_code=1)
                except Exception as error:  # noqa: BLE001 - what a worker cannot send or receive
                    reason = f"{type(error).__name__}: {error}"
                    yield Outcome(waiting[future], "failed", error=reason, exit_code=1)
        finally:
            if not all(future.done() for future in waiting):
                for worker in set(active_children()) - others:
                    worker.terminate()
            pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    """In a worker: an interrupt at the terminal reaches it once, through its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run_alone(cell: Cell, options: RunOptions) -> Outcome:
    """One cell in a worker process, without progress; an interrupted worker begins no other."""
    try:
        return Runner(options, registry()).run(cell)
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
