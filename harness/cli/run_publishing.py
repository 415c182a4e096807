"""The records of `harness run --publish`: sent as cells finish, and never lost here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli import console
from harness.errors import HarnessError
from harness.publishing import publish
from harness.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from harness.runner import Outcome


class Publishing:
    """Sends the records of finished cells; a failure is told and remembered.

    Args:
        place: a folder or an address; `None` sends nothing.

    Raises:
        UserError: the address cannot be opened.
    """

    def __init__(self, place: str | None) -> None:
        self._store = None if place is None else open_store(place)
        self._unsent: list[Path] = []

    def take(self, outcome: Outcome) -> None:
        """Send the record of a cell that is finished, now or before."""
        done = outcome.status in ("finished", "kept")
        if self._store is None or outcome.folder is None or not done:
            return
        try:
            publish(outcome.folder / "record.json", self._store)
        except HarnessError as error:
            self._unsent.append(outcome.folder)
            console.warn(f"{outcome.cell.label} is not published: {error}")

    def close(self) -> int:
        """Say how what was not sent is sent; how many records that is."""
        if self._store is not None and self._unsent:
            folders = " ".join(map(str, self._unsent))
            console.say(
                f"Records that could not be published: {len(self._unsent)}; they are kept here. "
                f"Send them with: harness publish {folders} --to {self._store.name}"
            )
        return len(self._unsent)
