"""A bar on stderr while images are read into the cache."""

from __future__ import annotations

from types import TracebackType

from rich.progress import Progress, TaskID

from harness.cli.console import stderr


class Counting:
    """Shows (what, done, total) as bars that vanish at the end; nothing where stderr is a file."""

    def __init__(self) -> None:
        console = stderr()
        self._bars = Progress(console=console, transient=True, disable=not console.is_terminal)
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
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done)
