"""Frozen events that listeners receive; fields are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A cell begins.

    Attributes:
        cell: identifier `suite/method/preset/seed-N`.
        folder: the cell's folder.
        config: the resolved configuration.
    """

    cell: str
    folder: Path
    config: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ScalarsLogged:
    """Curve values of one step; `loop` is the name of the training loop."""

    cell: str
    loop: str
    step: int
    scalars: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RunFinished:
    """A cell is finished; `record` is the path of its JSON."""

    cell: str
    record: Path
    scores: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RunFailed:
    """A cell failed; `error` is the one-sentence reason."""

    cell: str
    record: Path
    error: str
