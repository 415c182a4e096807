"""What lies in a run's folder: finished, failed, or not at its end yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.curve_rows import Row, read_rows
from harness.errors import RecordError
from harness.finished import FinishedRun
from harness.fit_note import FitNote, read_note
from harness.record import Record, read_record


@dataclass(frozen=True)
class RunFolder:
    """A run's folder.

    Attributes:
        path: the folder.
        record: of a finished or failed run; `None` while there is none.
        note: what it learned with; `None` for predictions made outside, and before it began.
    """

    path: Path
    record: Record | None
    note: FitNote | None

    @property
    def status(self) -> str:
        """`finished`, `failed` or `unfinished`."""
        return "unfinished" if self.record is None else self.record.status

    @property
    def name(self) -> str:
        """Method, preset and seed in words."""
        if self.record is not None:
            method = self.record.method
            return f"{method.name}, {method.preset}, seed {self.record.seed}"
        assert self.note is not None
        return f"{self.note.method}, {self.note.preset}, seed {self.note.seed}"

    @property
    def suite(self) -> str:
        """The suite's name."""
        if self.record is not None:
            return self.record.suite.name
        assert self.note is not None
        return self.note.suite

    def finished(self) -> FinishedRun | None:
        """The run with what lies beside its record; `None` where it is not finished."""
        if self.record is None or self.record.status != "finished":
            return None
        return FinishedRun(self.path, self.record)

    def curve_rows(self) -> list[Row]:
        """What was logged, empty where nothing was.

        Raises:
            RecordError: the file is damaged.
        """
        path = self.path / "curves.csv"
        return read_rows(path) if path.exists() else []

    def pictures(self) -> list[Path]:
        """Picture files, sorted by name."""
        return sorted((self.path / "pictures").glob("*.png"))


def open_folder(path: Path) -> RunFolder:
    """A run's folder.

    Args:
        path: the folder, or the record in it.

    Raises:
        RecordError: it holds no run, or its record is damaged or was changed.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / "record.json"
    if not path.exists():
        raise RecordError(f"{path}: no such folder; 'harness run' prints the folders it writes.")
    if path.is_file() and path.name != "record.json":
        raise RecordError(f"{path}: name the folder of a run, or the record.json in it.")
    note = read_note(folder)
    if not file.exists() and note is None:
        raise RecordError(
            f"{folder}: neither record.json nor fit.json: this is no run's folder; 'harness run' "
            "prints the folders it writes."
        )
    return RunFolder(folder, read_record(file) if file.exists() else None, note)
