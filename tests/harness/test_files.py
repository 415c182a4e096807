from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from harness.errors import RunError
from harness.files import replacing, write_text


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    write_text(path, "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]


def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "y")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, problem: type[BaseException]
) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise problem

    with pytest.raises(problem):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_file_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_full_disk_is_a_failed_run_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"x\.txt: cannot be written: No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_data_are_synced_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.txt"
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.exists()))
    write_text(path, "new")
    assert seen == [False]


def test_files_written_before_are_synced_with_it_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "x.txt", tmp_path / "before.txt"
    seen = set()
    monkeypatch.setattr(os, "fsync", lambda file: seen.add((os.fstat(file).st_ino, path.exists())))
    write_text(before, "of before", sync=False)
    assert seen == set()
    write_text(path, "new", after=[before])
    assert seen == {(before.stat().st_ino, False), (path.stat().st_ino, False)}


def test_a_file_written_before_that_the_disk_refuses_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "x.txt", tmp_path / "before.txt"
    write_text(path, "old")
    write_text(before, "of before", sync=False)

    def full(file: int) -> None:
        if os.fstat(file).st_ino == before.stat().st_ino:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"x\.txt: cannot be written: No space left on device"):
        write_text(path, "new", after=[before])
    assert path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [before, path]


def test_a_folder_that_is_a_file_is_a_failed_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        write_text(tmp_path / "file" / "x.txt", "new")


@pytest.mark.parametrize("before", [True, False], ids=["its_folder", "the_file"])
def test_a_read_only_folder_is_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir" if before else "write_text", refused)
    with pytest.raises(RunError, match="cannot be written: Permission denied"):
        write_text(tmp_path / "x.txt", "new")
