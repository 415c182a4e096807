"""What a tracker implements."""

from __future__ import annotations


class Tracker:
    """A listener that a run asks for by `--track NAME[=PLACE]`, one object a cell.

    Its methods are named like the events, such as `harness_run_started`, and marked by
    `@harness.contract.hook`. It writes nothing before the first event. One that raises while it
    hears an event is warned about, and hears no more of this cell, which goes on.

    Args:
        place: where to write, as the user named it; empty for the tracker's own place.

    Raises:
        UserError: a package is not installed or the place is impossible; nothing is run.
    """

    def __init__(self, place: str = "") -> None:
        self.place = place

    def close(self) -> None:
        """The cell ended, was interrupted or failed; called once, whatever happened before."""
