from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from harness.errors import UserError
from harness.training import machine
from harness.training.machine import (
    forget_peak_memory,
    free_cores,
    keep_freed_pages,
    peak_memory_bytes,
    pick_device,
    pick_precision,
    usable_cores,
)


def stat_line(busy: int, idle: int) -> str:
    return f"cpu {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n"


@pytest.mark.parametrize(
    ("busy_ticks", "free"),
    [(0, 4), (100, 3), (390, 1), (800, 1)],
    ids=["idle", "one busy", "all busy", "more than all"],
)
def test_free_cores_are_those_that_do_nothing(
    monkeypatch: pytest.MonkeyPatch, busy_ticks: int, free: int
) -> None:
    ticks = iter([1000, 1000 + busy_ticks])
    monkeypatch.setattr(machine, "_busy_ticks", lambda _: next(ticks))
    monkeypatch.setattr(machine.time, "sleep", lambda _: None)
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(machine.os, "sysconf", lambda _: 100)
    assert free_cores(seconds=1.0) == free


def test_no_more_cores_are_free_than_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_busy_ticks", lambda _: 0)
    monkeypatch.setattr(machine, "usable_cores", lambda: 1)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 64)
    assert free_cores(seconds=0.0001) == 1


def test_working_time_is_read_from_the_system(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 20 30 999 888 1 2 3 4 5\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    assert machine._busy_ticks(stat) == 10 + 20 + 30 + 1 + 2 + 3


def test_a_real_machine_has_a_free_core() -> None:
    assert 1 <= free_cores(0.02) <= usable_cores() <= (os.cpu_count() or 1)


def test_the_automatic_device_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == torch.device("cuda")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "meta", "mps"])
def test_a_device_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="expected auto, cpu, cuda or cuda:N"):
        pick_device(name)


def test_a_device_that_is_absent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(UserError, match="--device cuda:1: this machine has no such"):
        pick_device("cuda:1")


@pytest.mark.parametrize(("fast", "expected"), [(True, "bf16"), (False, "fp32")])
def test_the_automatic_precision_follows_the_hardware(
    monkeypatch: pytest.MonkeyPatch, fast: bool, expected: str
) -> None:
    monkeypatch.setattr(machine, "_has_fast_bf16", lambda _: fast)
    assert pick_precision("auto", torch.device("cpu")) == expected


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_precision_that_is_named_is_taken(name: str) -> None:
    assert pick_precision(name, torch.device("cpu")) == name


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(UserError, match="--precision fp16: expected auto, fp32 or bf16"):
        pick_precision("fp16", torch.device("cpu"))


def test_freed_pages_are_kept_where_the_allocator_can_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import platform
    import sys

    glibc = sys.platform.startswith("linux") and platform.libc_ver()[0] == "glibc"
    assert keep_freed_pages() is glibc
    monkeypatch.setattr(machine.platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_pages() is False


def test_memory_of_an_earlier_cell_is_not_counted_again() -> None:
    """Pieces of 4 MB come from the heap, whose freed pages would stay with the process."""
    device = torch.device("cpu")
    keep_freed_pages()
    pieces = [torch.ones(2**20) for _ in range(100)]
    with_pieces = peak_memory_bytes(device)
    del pieces
    assert peak_memory_bytes(device) == with_pieces
    if not forget_peak_memory():
        pytest.skip("this system cannot forget the peak")
    assert peak_memory_bytes(device) < with_pieces - 300 * 2**20


def test_system_that_cannot_forget_the_peak_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refused)
    assert not forget_peak_memory()
