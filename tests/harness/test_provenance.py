from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from harness import provenance as module
from harness.provenance import now, provenance


@pytest.fixture(autouse=True)
def _forget() -> None:
    module._commit.cache_clear()


def test_the_time_is_utc_to_the_second() -> None:
    moment = datetime.fromisoformat(now())
    assert moment.utcoffset() == UTC.utcoffset(None)
    assert moment.microsecond == 0


def test_versions_of_what_can_move_a_score_are_kept() -> None:
    made = provenance("2026-01-01T00:00:00+00:00", "harness run", "pluggy")
    assert made.packages["numpy"] == version("numpy")
    assert made.packages["pluggy"] == version("pluggy")
    assert (made.torch, made.python) == (version("torch"), platform.python_version())
    assert made.harness == version("harness")
    assert made.started == "2026-01-01T00:00:00+00:00"
    assert made.started < made.finished
    assert made.command == "harness run"


def test_a_package_that_is_not_installed_is_left_out() -> None:
    assert "no-such-package" not in provenance(now(), "", "no-such-package").packages


@pytest.mark.parametrize("dirty", [False, True], ids=["clean", "changed"])
def test_the_commit_says_whether_the_checkout_was_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dirty: bool
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "harness").mkdir()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "harness" / "provenance.py"))
    answers = {"rev-parse": "abc", "status": " M file" if dirty else ""}
    monkeypatch.setattr(module, "_git", lambda root, verb, *_: answers[verb])
    assert module._commit() == ("abc+dirty" if dirty else "abc")


def test_an_installed_wheel_has_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "harness" / "provenance.py"))
    assert module._commit() is None


@pytest.mark.parametrize(
    "problem",
    [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 10)],
    ids=["no git", "slow git"],
)
def test_a_git_that_does_not_answer_gives_no_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, problem: Exception
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "harness" / "provenance.py"))

    def fail(*_: object) -> str:
        raise problem

    monkeypatch.setattr(module, "_git", fail)
    assert module._commit() is None
