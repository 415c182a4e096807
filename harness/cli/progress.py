"""Bars on stderr for whatever counts: images read into the cache, steps of a training loop."""

from __future__ import annotations

from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from harness.cli.console import stderr


class Counting:
    """Shows (what, done, total) as bars that vanish at the end; nothing where stderr is a file.

    Args:
        hidden: show nothing on a terminal either.

    Attributes:
        console: where the bars are; lines printed to it do not tear them.
    """

    def __init__(self, *, hidden: bool = False) -> None:
        self.console = stderr()
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[news]}"),
            console=self.console,
            transient=True,
            disable=hidden or not self.console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Counting:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """Move the bar of `what`."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, completed=done, news="")
        self._bars.update(self._tasks[what], completed=done)

    def news(self, what: str, text: str) -> None:
        """Show a text beside the bar of `what`."""
        self._bars.update(self._tasks[what], news=text)

    def drop(self, what: str) -> None:
        """Take the bar of `what` away, where there is one."""
        if what in self._tasks:
            self._bars.remove_task(self._tasks.pop(what))
