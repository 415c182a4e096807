"""Where a number comes from: code, packages, machine."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.record import Provenance

#: Packages whose version can move a score.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "pillow", "torch", "torchvision")


def now() -> str:
    """UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def provenance(started: str, command: str, plugin: str) -> Provenance:
    """The provenance of a cell that ends now.

    Args:
        started: from `now()` at its beginning.
        command: the command that repeats it.
        plugin: distribution of the method, whose version is recorded too.
    """
    packages = {name: found for name in (*_PACKAGES, plugin) if (found := _version(name))}
    return Provenance(
        harness=_version("harness") or "unknown",
        git=_commit(),
        python=platform.python_version(),
        torch=_version("torch"),
        platform=f"{platform.system()} {platform.machine()} {_processor()}".strip(),
        packages=packages,
        started=started,
        finished=now(),
        command=command,
    )


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


@cache
def _commit() -> str | None:
    """Commit of the checkout this package runs from; `None` for an installed wheel."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+dirty" if _git(root, "status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
