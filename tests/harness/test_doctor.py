from __future__ import annotations

import os
import sys
from dataclasses import replace
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
    topics = {"python", "device", "extra", "weights", "data", "cache", "plugin"}
    assert {finding.topic for finding in findings} == topics
    assert of(findings, "device")["cpu"].status == "ok"


def test_weights_are_looked_for_in_the_folder_of_torch(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    found = of(examine(toy.known), "weights")
    names = ["vgg19-dcbb9e9d.pth", "vgg16.caffemodel.h5"]
    assert list(found) == [str(folder), *names]
    assert (found[str(folder)].status, found[str(folder)].detail) == ("note", "no such folder")
    assert {found[name].status for name in names} == {"note"}
    expected = "not there; perceptual = vgg16_colour needs it, get it from https://www.robots.ox.ac"
    assert found[names[1]].detail.startswith(expected)
    folder.mkdir(parents=True)
    (folder / names[0]).write_bytes(b"x")
    found = of(examine(toy.known), "weights")
    assert (found[str(folder)].status, found[str(folder)].detail) == ("ok", "")
    assert (found[names[0]].status, found[names[1]].status) == ("ok", "note")
    assert found[names[0]].detail == "for perceptual = vgg19_imagenet"


def test_weights_of_metrics_are_told(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    known, home = toy.known, "https://example.org/net-12ab.pth"
    entry = next(iter(known.metrics))
    weighty = replace(entry, spec=replace(entry.spec, weights=(home,)))
    monkeypatch.setitem(known.metrics.entries, entry.spec.name, [weighty])
    found = of(examine(known), "weights")["net-12ab.pth"]
    user = f"the metric {entry.spec.name}"
    assert found.status == "note"
    assert found.detail == f"not there; {user} needs it, get it from {home}"
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "net-12ab.pth").touch()
    found = of(examine(known), "weights")["net-12ab.pth"]
    assert (found.status, found.detail) == ("ok", f"for {user}")


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
