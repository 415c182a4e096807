from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from toy_world import Toy

from harness.doctor import Finding, examine, folder_bytes, is_usable
from harness.registry import Plugin


def of(findings: list[Finding], topic: str) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings if finding.topic == topic}


def test_healthy_installation_is_usable_and_every_topic_is_there(toy: Toy) -> None:
    findings = examine(toy.known)
    assert is_usable(findings)
    topics = {"python", "device", "extra", "data", "cache", "plugin"}
    assert {finding.topic for finding in findings} == topics
    assert of(findings, "device")["cpu"].status == "ok"


def test_data_that_are_absent_are_a_note(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.suite("outside", dataset="toy_folder")
    toy.suite("strange", dataset="gone")
    toy.suite("wrong", image_size="large")
    found = of(examine(toy.known), "data")
    assert (found["toy"].status, found["toy"].detail) == ("ok", "embedded")
    assert (found["outside"].status, "--data" in found["outside"].detail) == ("note", True)
    assert found["strange"].status == found["wrong"].status == "note"
    root = toy.folder / "my data"
    (root / "toy_folder").mkdir(parents=True)
    monkeypatch.setenv("HARNESS_DATA", str(root))
    assert of(examine(toy.known), "data")["outside"].detail == str(root / "toy_folder")


def test_cache_size_is_told(toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = tmp_path / "big"
    cache.mkdir()
    (cache / "a.bin").write_bytes(b"x" * 3 * 2**20)
    monkeypatch.setenv("HARNESS_CACHE", str(cache))
    assert of(examine(toy.known), "cache")[str(cache)].detail.startswith("3 MiB used")
    assert folder_bytes(cache) == 3 * 2**20


def test_cache_that_cannot_be_written_stops_work(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    findings = examine(toy.known)
    assert not is_usable(findings)
    assert "HARNESS_CACHE" in next(iter(of(findings, "cache").values())).detail


def test_broken_torch_stops_work(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    findings = examine(toy.known)
    assert of(findings, "device")["torch"].status == "wrong"
    assert not is_usable(findings)


def test_broken_plugin_is_a_note_as_long_as_others_load(toy: Toy) -> None:
    known = toy.known
    known.plugins.append(Plugin("bad", "bad", "bad-pkg", "1", 0.0, "ValueError: no"))
    findings = examine(known)
    assert is_usable(findings)
    assert "bad-pkg" in of(findings, "plugin")["problem"].detail
    known.plugins[:] = [known.plugins[-1]]
    assert not is_usable(examine(known))


def test_absent_extra_says_how_to_get_it(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "harness.doctor.requires", lambda name: ["no-such-package[x]>=1; extra == 'grabcut'"]
    )
    found = of(examine(toy.known), "extra")["grabcut"]
    assert found.status == "note"
    assert found.detail == "no-such-package not installed: pip install 'harness[grabcut]'"
