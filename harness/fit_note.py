"""`fit.json`: what the weights beside it belong to and what they cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.errors import RecordError
from harness.files import write_text


class FitNote(BaseModel):
    """What stands in it.

    Attributes:
        threads: CPU threads of each process.
        devices: processes that fit together.
        assets: of an editor, the cache folders of the generator and the guide, by name.
        attributes: of an editor, the names of the attributes that oracles may answer, in order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    preset: str
    config: dict[str, Any]
    parts: int
    image_size: int
    suite: str
    suite_image_size: int
    seed: int
    owner: str
    threads: int
    devices: int = 1
    precision: str
    device: str
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    parameters: int = 0
    resumed: int = 0
    finished: bool = False
    assets: dict[str, str] = {}
    attributes: tuple[str, ...] = ()


def write_note(note: FitNote, folder: Path, *, sync: bool = True) -> None:
    """Write `fit.json` whole or not at all; see `harness.files.replacing` for `sync`."""
    write_text(folder / "fit.json", note.model_dump_json(indent=1) + "\n", sync=sync)


def read_note(folder: Path) -> FitNote | None:
    """The note of a run folder, or `None` when there is none.

    Raises:
        RecordError: the file is damaged.
    """
    path = folder / "fit.json"
    if not path.exists():
        return None
    try:
        return FitNote.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError, json.JSONDecodeError):
        raise RecordError(f"{path}: damaged. Start the run again with --fresh.") from None
