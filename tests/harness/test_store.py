"""Places of records: folders, and what fsspec opens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, RunError, UserError
from harness.store import LocalStore, RemoteStore, Store, open_store

PLACES = ("folder", "file", "memory")


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, memory: Any) -> Store:
    """A store with a file `toy/a.record.json`."""
    names = {"folder": tmp_path / "s", "file": f"file://{tmp_path}/s", "memory": "memory://b/s"}
    opened = open_store(names[request.param])
    opened.write("toy/a.record.json", b"one")
    return opened


each_place = pytest.mark.parametrize("store", PLACES, indirect=True)


@each_place
def test_what_is_written_is_there(store: Store) -> None:
    assert sorted(store.listing()) == ["toy/a.record.json"]
    assert list(store.contents(["toy/a.record.json"])) == [("toy/a.record.json", b"one")]
    assert (store.exists("toy/a.record.json"), store.exists("toy/b.json")) == (True, False)
    with store.open("toy/a.record.json") as file:
        assert file.read() == b"one"


@each_place
def test_a_stamp_changes_with_its_file_only(store: Store) -> None:
    def stamp() -> str:
        (path,) = store.listing()
        return store.stamp(path)

    before = stamp()
    assert stamp() == before != ""
    store.write("toy/a.record.json", b"two")
    assert stamp() not in (before, "")


@each_place
def test_only_records_are_listed(store: Store) -> None:
    names = ["index.parquet", "record.json", "x/records/y/z.json", "x/other.json", ".record.json"]
    for name in names:
        store.write(name, b"")
    assert sorted(store.listing()) == ["record.json", "toy/a.record.json", "x/records/y/z.json"]


@each_place
def test_a_file_that_cannot_be_read_leaves_the_others(store: Store) -> None:
    one, two = store.contents(["toy/none.json", "toy/a.record.json"])
    assert isinstance(one[1], OSError)
    assert two[1] == b"one"


def test_an_address_of_files_is_a_folder(tmp_path: Path) -> None:
    assert isinstance(open_store(f"file://{tmp_path}"), LocalStore)
    assert isinstance(open_store("memory://a"), RemoteStore)


@pytest.mark.parametrize(
    ("address", "words"),
    [("nonsense://a", "nonsense://a: Protocol not known: nonsense"), ("s3://a", "Install s3fs")],
)
def test_an_address_that_cannot_be_opened_is_refused(
    address: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UserError, match=words):
        open_store(address)


class Renaming:
    """A file system whose files can be seen half written, so that they must be renamed."""

    protocol = "sftp"

    def __init__(self, fails: str = "") -> None:
        self.files: dict[str, bytes] = {"/r/a.json": b"old"}
        self.calls: list[str] = []
        self.fails = fails

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.fails:
            raise ConnectionError("the line\nis cut.")

    def makedirs(self, path: str, exist_ok: bool) -> None:
        self._call("makedirs")

    def pipe_file(self, path: str, content: bytes) -> None:
        self._call("pipe_file")
        self.files[path] = content

    def mv(self, old: str, new: str) -> None:
        self._call("mv")
        self.files[new] = self.files.pop(old)

    def exists(self, path: str) -> bool:
        self._call("exists")
        return path in self.files


def test_elsewhere_a_file_is_written_aside_and_renamed() -> None:
    system = Renaming()
    RemoteStore("sftp://h/r", system, "/r").write("a.json", b"new")
    assert system.files == {"/r/a.json": b"new"}
    assert system.calls == ["makedirs", "pipe_file", "mv"]


@pytest.mark.parametrize("fails", ["makedirs", "pipe_file", "mv"])
def test_a_failed_write_leaves_the_old_file(fails: str) -> None:
    system = Renaming(fails)
    store = RemoteStore("sftp://h/r", system, "/r")
    with pytest.raises(RunError, match=r"sftp://h/r/a.json: cannot be written: the line is cut\.$"):
        store.write("a.json", b"new")
    assert system.files["/r/a.json"] == b"old"


def test_a_store_that_does_not_answer_is_told_in_one_sentence() -> None:
    store = RemoteStore("sftp://h/r", Renaming("exists"), "/r")
    with pytest.raises(DataError, match=r"^sftp://h/r: cannot be read: the line is cut\.$"):
        store.exists("a.json")
