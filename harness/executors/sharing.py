"""Cells that several commands on one output folder share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.plan import Cell
from harness.runner import Outcome


def busy_last(
    cells: Sequence[Cell], run: Callable[[Sequence[Cell], bool], Iterable[Outcome]]
) -> Iterator[Outcome]:
    """The outcome of each cell once; those that other commands are running come last.

    Args:
        cells: the cells.
        run: runs cells; with `False` one that another process runs is `busy` at once, with `True`
            it is waited for.
    """
    for wait in (False, True):
        busy: list[Cell] = []
        for outcome in run(cells, wait):
            if outcome.status == "busy":
                busy.append(outcome.cell)
            else:
                yield outcome
        cells = busy
