"""Who wants to see cells and training loops go by."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from harness.contract.events import ScalarsLogged
from harness.contract.tracker import Tracker
from harness.plan import Cell
from harness.registry import Registry


class CellWatcher:
    """Told about cells, data and loops; every method does nothing by default."""

    def cell_started(self, cell: Cell, folder: Path) -> None:
        """A cell begins to run."""

    def asset_started(self, name: str, cell: Cell, folder: Path) -> None:
        """An asset that a suite's editors share is not in the cache yet, and begins to learn."""

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


def tell(known: Registry, hook: str, event: object) -> None:
    """Pass an event to every plugin that listens; one that fails is warned about, not obeyed.

    A tracker that fails, such as one without a connection, hears no more of this cell, so that it
    neither holds up every step nor warns at each.
    """
    listening = getattr(known.manager.hook, hook).get_hookimpls()
    for plugin in [implementation.plugin for implementation in listening]:
        others = [other for other in known.manager.get_plugins() if other is not plugin]
        try:
            known.manager.subset_hook_caller(hook, others)(event=event)
        except Exception as error:  # noqa: BLE001 - a listener of anyone's must not fail a run
            name = known.manager.get_name(plugin)
            reason = " ".join(str(error).split())
            sentence = f"The plugin {name} failed in {hook}: {type(error).__name__}: {reason}"
            if isinstance(plugin, Tracker):
                known.manager.unregister(plugin)
                sentence += "; it hears no more of this cell, which goes on."
            warnings.warn(sentence, stacklevel=2)


class Listening(CellWatcher):
    """Passes a loop's news to a watcher and to the plugins that listen."""

    def __init__(self, watcher: CellWatcher, known: Registry, cell: Cell) -> None:
        self._watcher = watcher
        self._known = known
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
        event = ScalarsLogged(cell=self._cell, loop=loop, step=step, scalars=scalars)
        tell(self._known, "harness_scalars_logged", event)
