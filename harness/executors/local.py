"""Cells on this machine: in this process, or in several worker processes.

Cells that another command on the same output folder is running are left for the end, so that
several commands share the cells; then each is waited for, and run here where its process has died.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import active_children, get_context

from harness.executors.sharing import busy_last
from harness.plan import Cell, RunOptions
from harness.registry import Registry, registry
from harness.runner import Outcome, Runner
from harness.training.machine import pick_device, pick_precision, usable_cores
from harness.watching import CellWatcher
from harness.workers import when_parent_ends

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
            yield from busy_last(
                cells, lambda some, wait: (runner.run(cell, wait=wait) for cell in some)
            )
            return
        share = max(1, usable_cores() // self.workers)
        yield from self._share_out(cells, replace(options, threads=options.threads or share))

    def _share_out(self, cells: Sequence[Cell], options: RunOptions) -> Iterator[Outcome]:
        others = set(active_children())
        pool = ProcessPoolExecutor(
            self.workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(options,)
        )
        waiting: dict[Future[Outcome], Cell] = {}

        def submitted(some: Sequence[Cell], wait: bool) -> Iterator[Outcome]:
            nonlocal waiting
            waiting = {pool.submit(_run_alone, cell, wait): cell for cell in some}
            return (_outcome(future, waiting[future]) for future in as_completed(waiting))

        try:
            yield from busy_last(cells, submitted)
        finally:
            if not all(future.done() for future in waiting):
                for worker in set(active_children()) - others:
                    worker.terminate()
            pool.shutdown(cancel_futures=True)


def _outcome(future: Future[Outcome], cell: Cell) -> Outcome:
    """What a worker sent, or why it could not."""
    try:
        return future.result()
    except BrokenProcessPool:
        reason = "a worker process died (out of memory, or killed); run again to resume"
    except Exception as error:  # noqa: BLE001 - what a worker cannot send or receive
        reason = f"{type(error).__name__}: {error}"
    return Outcome(cell, "failed", error=reason, exit_code=1)


#: In a worker: what runs its cells, so that the data of a suite are opened once.
_runner: Runner


def _begin(options: RunOptions) -> None:
    """Prepare a worker.

    An interrupt at the terminal reaches it once, through its parent; and it does not outlive its
    parent, however that ends.
    """
    global _runner
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As at its request: the running cell is saved.
    when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    _runner = Runner(options, registry())


def _run_alone(cell: Cell, wait: bool) -> Outcome:
    """One cell in a worker process, without progress; an interrupted worker begins no other."""
    try:
        return _runner.run(cell, wait=wait)
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
