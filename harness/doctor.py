"""What this machine and this installation offer: the content of `harness doctor`."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Literal

from harness.environment import cache_root, default_data_root
from harness.errors import HarnessError
from harness.listing import problems
from harness.registry import Registry
from harness.suite import load_suite

Status = Literal["ok", "note", "wrong"]

#: What is said of a folder that is not there.
ABSENT = "no such folder"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: `python`, `device`, `extra`, `weights`, `data`, `cache` or `plugin`.
        what: the thing.
        status: `ok`, `note` for what is absent but not needed, `wrong` for what stops work.
        detail: more about it.
    """

    topic: str
    what: str
    status: Status
    detail: str = ""


def examine(known: Registry) -> list[Finding]:
    """Everything worth knowing before a run; nothing is changed."""
    return [
        *_machine(),
        *_extras(),
        *_weights(known),
        *_data(known),
        *_cache(),
        *_plugins(known),
    ]


def is_usable(findings: list[Finding]) -> bool:
    """Whether nothing stops work."""
    return all(finding.status != "wrong" for finding in findings)


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _machine() -> Iterator[Finding]:
    yield Finding("python", platform.python_version(), "ok", platform.platform())
    try:
        import torch
    except ImportError as error:
        yield Finding("device", "torch", "wrong", f"cannot be imported: {error}")
        return
    from harness.training.machine import free_cores

    cores = f"{free_cores()} of {os.cpu_count()} cores free"
    yield Finding("device", "cpu", "ok", f"torch {torch.__version__}, {cores}")
    if not torch.cuda.is_available():
        yield Finding("device", "cuda", "note", "no CUDA device is visible")
    for index in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(index)
        yield Finding(
            "device", f"cuda:{index}", "ok", f"{facts.name}, {facts.total_memory / 2**30:.0f} GiB"
        )


def _extras() -> Iterator[Finding]:
    """The optional dependency groups of this package, and what each lacks."""
    needs: dict[str, list[str]] = {
        extra: [] for extra in metadata("harness").get_all("Provides-Extra") or ()
    }
    for requirement in requires("harness") or ():
        name, _, marker = requirement.partition(";")
        for extra, packages in needs.items():
            if f"extra == '{extra}'" in marker.replace('"', "'"):
                packages.append(_bare(name))
    for extra, packages in needs.items():
        absent = [name for name in packages if not _installed(name)]
        hint = f"{', '.join(absent)} not installed: pip install 'harness[{extra}]'"
        yield Finding(
            "extra", extra, "note" if absent else "ok", hint if absent else ", ".join(packages)
        )


def _weights(known: Registry) -> Iterator[Finding]:
    """The folder of downloaded weights, and what is there of those that losses and metrics read."""
    try:
        from harness.vision.perceptual.vgg import HOMES
        from harness.vision.weights import weights_folder, weights_path

        folder = weights_folder()
    except ImportError:  # without torch, which is said above
        return
    users = {home: f"perceptual = {net}" for net, home in HOMES.items()}
    for entry in known.metrics:
        users |= dict.fromkeys(entry.spec.weights, f"the metric {entry.spec.name}")
    found = folder.is_dir()
    yield Finding("weights", str(folder), "ok" if found else "note", "" if found else ABSENT)
    for home, user in users.items():
        path = weights_path(home)
        missing = f"not there; {user} needs it, get it from {home}"
        found = path.is_file()
        yield Finding(
            "weights", path.name, "ok" if found else "note", f"for {user}" if found else missing
        )


def _data(known: Registry) -> Iterator[Finding]:
    root = default_data_root()
    found = root.is_dir()
    yield Finding("data", str(root), "ok" if found else "note", "" if found else ABSENT)
    for entry in known.suites:
        try:
            suite = load_suite(entry.spec)
            dataset = known.datasets.get(suite.dataset).spec
        except HarnessError as error:
            yield Finding("data", entry.spec.name, "note", str(error))
            continue
        if dataset.embedded:
            yield Finding("data", suite.name, "ok", "embedded")
            continue
        folders = [f for f in (root / suite.name, root / suite.dataset) if f.is_dir()]
        detail = str(folders[0]) if folders else "not below the data root; name it with --data"
        yield Finding("data", suite.name, "ok" if folders else "note", detail)


def _cache() -> Iterator[Finding]:
    root = cache_root()
    near = next(folder for folder in (root, *root.parents) if folder.exists())
    if not os.access(near, os.W_OK):
        yield Finding("cache", str(root), "wrong", "cannot be written; set HARNESS_CACHE")
        return
    used = folder_bytes(root) / 2**20 if root.is_dir() else 0.0
    free = shutil.disk_usage(near).free / 2**30
    yield Finding("cache", str(root), "ok", f"{used:.0f} MiB used, {free:.0f} GiB free")


def _plugins(known: Registry) -> Iterator[Finding]:
    loaded = sum(not plugin.error for plugin in known.plugins)
    yield Finding("plugin", f"{loaded} loaded", "ok" if loaded else "wrong")
    for sentence in problems(known):
        yield Finding("plugin", "problem", "note", sentence)


def _bare(requirement: str) -> str:
    """The package name of a requirement such as `opencv-python-headless>=4.9`."""
    name = requirement.strip()
    for stop in "<>=!~[ (":
        name = name.partition(stop)[0]
    return name


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
