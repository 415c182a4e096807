"""What foreign code may not change: the process's settings, and files outside of its folder."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

#: How the kit's own temporary folders begin.
PREFIX = "harness-conform-"
#: Who looks at what is written.
_LOOKING: list[Writes] = []
#: Who looks at which image files are read, and how their names end.
_READING: list[dict[str, None]] = []
_IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff")
#: Whether the hook is there; Python cannot take one away.
_HOOKED: list[bool] = []
#: Flags of `os.open` that write.
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
#: Paths that everybody may write: compiled modules, devices.
_FREE = ("__pycache__", "/dev/", "/proc/")


@dataclass
class Writes:
    """Files that were written outside of the allowed folders.

    Attributes:
        allowed: folders in which anything may be written.
        found: paths outside of them.
    """

    allowed: tuple[Path, ...]
    found: list[str] = field(default_factory=list)

    def note(self, path: object) -> None:
        """Look at one path."""
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a file descriptor
        text = os.fsdecode(path)
        whole = Path(os.path.realpath(text))
        if any(mark in str(whole) for mark in _FREE):
            return
        temporary = Path(os.path.realpath(tempfile.gettempdir()))
        own = any(part.startswith(PREFIX) for part in whole.parts)
        if whole.is_relative_to(temporary) and not own:
            return
        if not any(whole.is_relative_to(folder) for folder in self.allowed):
            self.found.append(text)


@contextmanager
def writes_outside(*allowed: Path) -> Iterator[Writes]:
    """Files that Python code opens for writing, makes, moves or removes outside of folders.

    What libraries in C write by themselves, such as `torch.save`, is only seen where it lands in
    the working folder.

    Temporary files are nobody's business, but those of the kit itself are.

    Args:
        allowed: folders in which anything may be written.
    """
    _hook()
    folder = Path.cwd()
    before = set(folder.iterdir())
    seen = Writes(tuple(Path(os.path.realpath(path)) for path in allowed))
    _LOOKING.append(seen)
    try:
        yield seen
    finally:
        _LOOKING.remove(seen)
        if folder.is_dir():
            for path in set(folder.iterdir()) - before:
                seen.note(path)


@contextmanager
def image_files_opened() -> Iterator[list[str]]:
    """Image files that are opened for reading, each once, in their order."""
    _hook()
    found: dict[str, None] = {}
    names: list[str] = []
    _READING.append(found)
    try:
        yield names
    finally:
        _READING.remove(found)
        names += found


def _hook() -> None:
    if not _HOOKED:
        sys.addaudithook(_listen)
        _HOOKED.append(True)


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).lower().endswith(_IMAGES):
        for found in _READING:
            found[str(arguments[0])] = None
    if not _LOOKING:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else flags & _WRITING
        paths = [path] if writes else []
    elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"):
        paths = [arguments[0]]
    elif event == "os.rename":
        paths = list(arguments[:2])
    else:
        return
    for seen in _LOOKING:
        for path in paths:
            seen.note(path)


def settings() -> dict[str, Any]:
    """Settings of this process that belong to nobody but its owner, by what they are."""
    return {
        "the working folder": os.getcwd(),
        "torch's default type": torch.get_default_dtype(),
        "torch's number of threads": torch.get_num_threads(),
        "torch's gradient mode": torch.is_grad_enabled(),
        "torch's deterministic mode": torch.are_deterministic_algorithms_enabled(),
        # What libraries add when they are imported is their own.
        "environment variables": dict(os.environ),
        "numpy's error handling": np.geterr(),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Which settings differ; environment variables may be added, as libraries do."""
    environment = "environment variables"
    kept = {name: after[environment].get(name) for name in before[environment]}
    now = {**after, environment: kept}
    return [name for name in before if before[name] != now[name]]


def restore(before: dict[str, Any]) -> None:
    """Bring back what `settings` gave."""
    os.chdir(before["the working folder"])
    torch.set_default_dtype(before["torch's default type"])
    torch.set_num_threads(before["torch's number of threads"])
    torch.set_grad_enabled(before["torch's gradient mode"])
    torch.use_deterministic_algorithms(before["torch's deterministic mode"])
    for name in set(os.environ) - set(before["environment variables"]):
        del os.environ[name]
    os.environ.update(before["environment variables"])
    np.seterr(**before["numpy's error handling"])


def chance() -> dict[str, Any]:
    """The states of the global random generators, as values that can be compared."""
    numpy: Any = np.random.get_state()
    name, keys, *rest = numpy
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (name, keys.tobytes(), *rest),
        "random": random.getstate(),
    }


@contextmanager
def other_chance(seed: int) -> Iterator[None]:
    """Global random generators in states of their own; the old ones come back afterwards."""
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    torch.set_rng_state(torch.Generator().manual_seed(seed).get_state())
    np.random.set_state(np.random.RandomState(seed).get_state())
    random.setstate(random.Random(seed).getstate())
    try:
        yield
    finally:
        torch.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])


@contextmanager
def quiet_process(folder: Path) -> Iterator[None]:
    """One thread, a working folder and a cache of its own; all settings come back afterwards.

    Args:
        folder: an empty folder for both.
    """
    before = settings()
    try:
        for name in ("work", "cache"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(1)
        os.environ["HARNESS_CACHE"] = str(folder / "cache")
        os.chdir(folder / "work")
        yield
    finally:
        restore(before)
