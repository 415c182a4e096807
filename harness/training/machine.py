"""Making the machine serve a training loop: threads, allocator, precision.

The effect of each is printed by `benchmarks/machine.py`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import sys
import time
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from harness.errors import UserError

Precision = Literal["fp32", "bf16"]

#: glibc's names for mallopt (malloc.h).
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
#: Blocks up to this size come from the heap, whose pages are kept (glibc's upper limit).
_MMAP_THRESHOLD_BYTES = 32 * 2**20
#: Freed heap memory stays with the process up to this size.
_TRIM_THRESHOLD_BYTES = 2**31 - 1
#: The heap grows by this much at once.
_TOP_PAD_BYTES = 256 * 2**20
#: Freed memory that stays with the process between cells: a short one would fault it in again.
_LEFT_BYTES = 16 * 2**20


def keep_freed_pages() -> bool:
    """Tell glibc's allocator to keep freed pages instead of faulting them in again.

    Returns:
        Whether the allocator could be set (Linux with glibc).
    """
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    options = (
        (_M_MMAP_THRESHOLD, _MMAP_THRESHOLD_BYTES),
        (_M_TRIM_THRESHOLD, _TRIM_THRESHOLD_BYTES),
        (_M_TOP_PAD, _TOP_PAD_BYTES),
    )
    return all(mallopt(option, value) == 1 for option, value in options)


def forget_peak_memory() -> bool:
    """Measure this process's peak memory anew from here on.

    Else a cell would be charged with what an earlier one of the same process held. Freed pages that
    `keep_freed_pages` kept are given back first, but for 16 MB.

    Returns:
        Whether the system can (Linux; memory is trimmed with glibc only).
    """
    if sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(_LEFT_BYTES)
    try:
        # 5 sets the peak back to what is held now: the kernel's Documentation/filesystems/proc.rst.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory since it was forgotten: of the process, or of what was allocated on a GPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_cores(seconds: float = 0.3) -> int:
    """Cores that are idle right now, at least 1; all usable ones where that cannot be seen.

    Two threads beside a busy core wait for each other in every small operator, so a training run
    takes only cores that are really free.

    Args:
        seconds: how long to look.
    """
    cores = usable_cores()
    stat = Path("/proc/stat")
    if not stat.exists():
        return cores
    before = _busy_ticks(stat)
    time.sleep(seconds)
    busy = (_busy_ticks(stat) - before) / (os.sysconf("SC_CLK_TCK") * seconds)
    return max(1, min(cores, round((os.cpu_count() or cores) - busy)))


def _busy_ticks(stat: Path) -> int:
    """Clock ticks spent working by all cores since boot (user, nice, system, irq, steal)."""
    user, nice, system, _idle, _wait, irq, soft, steal = (
        int(field) for field in stat.read_text().split("\n", 1)[0].split()[1:9]
    )
    return user + nice + system + irq + soft + steal


def pick_device(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N` to a device that is there.

    Raises:
        UserError: the name is wrong or the device is absent.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"--device {name}: expected auto, cpu, cuda or cuda:N.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(f"--device {name}: this machine has no such CUDA device.")
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected auto, cpu, cuda or cuda:N.")
    return device


def pick_precision(name: str, device: torch.device) -> Precision:
    """`auto`, `fp32` or `bf16`; auto takes bfloat16 where the hardware multiplies in it.

    Raises:
        UserError: the name is wrong.
    """
    if name not in ("auto", "fp32", "bf16"):
        raise UserError(f"--precision {name}: expected auto, fp32 or bf16.")
    if name == "auto":
        return "bf16" if _has_fast_bf16(device) else "fp32"
    return "bf16" if name == "bf16" else "fp32"


def _has_fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return _processor_has_bf16()


@cache
def _processor_has_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    flags = info.read_text() if info.exists() else ""
    return "amx_bf16" in flags or "avx512_bf16" in flags
