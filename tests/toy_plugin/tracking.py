"""A tracker that notes what it hears."""

from __future__ import annotations

from harness.contract import RunFinished, RunStarted, ScalarsLogged, Tracker, hook
from harness.errors import UserError

#: What trackers were told: a word, and the tracker's place.
TOLD: list[tuple[str, str]] = []


class ToyTracker(Tracker):
    """Its place may be a word at which it raises, or `nowhere`, which is none."""

    def __init__(self, place: str = "") -> None:
        super().__init__(place)
        if place == "nowhere":
            raise UserError("--track toy_tracker=nowhere: there is no such place.")

    @hook
    def harness_run_started(self, event: RunStarted) -> None:
        self._note("started")

    @hook
    def harness_scalars_logged(self, event: ScalarsLogged) -> None:
        self._note("logged")

    @hook
    def harness_run_finished(self, event: RunFinished) -> None:
        self._note("finished")

    def close(self) -> None:
        self._note("closed")

    def _note(self, word: str) -> None:
        TOLD.append((word, self.place))
        if word == self.place:
            raise ConnectionError("no\nserver")
