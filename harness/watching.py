"""Who wants to see cells and training loops go by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from harness.contract.events import ScalarsLogged
from harness.plan import Cell
from harness.registry import Registry


class CellWatcher:
    """Told about cells, data and loops; every method does nothing by default."""

    def cell_started(self, cell: Cell, folder: Path) -> None:
        """A cell begins to run."""

    def waiting(self, cell: Cell, folder: Path) -> None:
        """Another process runs this cell; this one waits for it."""

    def data_progress(self, what: str, done: int, total: int) -> None:
        """Images are being read into the cache."""

    def loop_started(self, loop: str, step: int, total: int) -> None:
        """A training loop starts or resumes."""

    def loop_advanced(self, loop: str, step: int) -> None:
        """`step` steps are done."""

    def scalars_logged(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        """Curve values were written."""

    def loop_finished(self, loop: str) -> None:
        """A training loop is done."""


class Listening(CellWatcher):
    """Passes a loop's news to a watcher and to the plugins that listen."""

    def __init__(self, watcher: CellWatcher, known: Registry, cell: Cell) -> None:
        self._watcher = watcher
        self._hooks = known.manager.hook
        self._cell = cell.label

    @override
    def loop_started(self, loop: str, step: int, total: int) -> None:
        self._watcher.loop_started(loop, step, total)

    @override
    def loop_advanced(self, loop: str, step: int) -> None:
        self._watcher.loop_advanced(loop, step)

    @override
    def loop_finished(self, loop: str) -> None:
        self._watcher.loop_finished(loop)

    @override
    def scalars_logged(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        self._watcher.scalars_logged(loop, step, scalars)
        self._hooks.harness_scalars_logged(
            event=ScalarsLogged(cell=self._cell, loop=loop, step=step, scalars=scalars)
        )
