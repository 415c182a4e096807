import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from trees import write_files, write_zip

from harness.errors import DataError
from harness_datasets.stores import FolderStore, Store, ZipStore

FILES = {
    "b.jpg": b"1",
    "a/c.PNG": b"22",
    "a/notes.txt": b"",
    ".hidden/x.jpg": b"",
    "a/._c.png": b"",
}


@pytest.fixture(params=["folder", "zip"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(write_files(tmp_path, FILES))
    return ZipStore(write_zip(tmp_path / "x.zip", {**FILES, "__MACOSX/b.jpg": b""}))


def test_names_are_sorted_and_without_hidden_files(store: Store) -> None:
    assert store.names() == ["a/c.PNG", "a/notes.txt", "b.jpg"]


def test_photos_are_known_by_their_ending_in_any_case(store: Store) -> None:
    assert store.photos() == ["a/c.PNG", "b.jpg"]


def test_files_are_read_by_name(store: Store) -> None:
    assert "a/c.PNG" in store
    assert "c.PNG" not in store
    assert store.read("a/c.PNG") == b"22"


def test_file_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(DataError, match=r"'nowhere.jpg' cannot be read"):
        store.read("nowhere.jpg")


def test_stamp_changes_with_a_file(tmp_path: Path) -> None:
    before = FolderStore(write_files(tmp_path / "f", {"a.jpg": b"1", "b.jpg": b"2"}))
    first = before.stamp(["a.jpg", "b.jpg"])
    assert first == before.stamp(["b.jpg", "a.jpg"])
    assert first["files"] == 2
    assert before.stamp(["a.jpg"]) != first
    write_files(tmp_path / "f", {"a.jpg": b"123"})
    assert before.stamp(["a.jpg", "b.jpg"])["content"] != first["content"]


def test_stamp_of_a_folder_sees_a_file_written_again(tmp_path: Path) -> None:
    store = FolderStore(write_files(tmp_path, {"a.jpg": b"1"}))
    first = store.stamp(["a.jpg"])
    os.utime(tmp_path / "a.jpg", (1, 1))
    assert store.stamp(["a.jpg"])["modified"] != first["modified"]


def test_stamp_of_a_zip_sees_changed_bytes_of_the_same_length(tmp_path: Path) -> None:
    one = ZipStore(write_zip(tmp_path / "1.zip", {"a.jpg": b"1"})).stamp(["a.jpg"])
    two = ZipStore(write_zip(tmp_path / "2.zip", {"a.jpg": b"2"})).stamp(["a.jpg"])
    assert one["content"] != two["content"]


def test_zip_is_read_by_many_threads_at_once(tmp_path: Path) -> None:
    files = {f"{number}.jpg": bytes([number]) * 20_000 for number in range(40)}
    store = ZipStore(write_zip(tmp_path / "x.zip", files))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(store.read, list(files) * 5))
    assert got == list(files.values()) * 5


def test_every_thread_and_process_opens_the_zip_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ZipStore(write_zip(tmp_path / "x.zip", {"a.jpg": b"1"}))
    here = store._archive()
    assert store._archive() is here
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(store._archive).result() is not here
    monkeypatch.setattr("harness_datasets.stores.os.getpid", lambda: -1)
    assert store._archive() is not here


def test_zip_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.jpg": b"1" * 999})
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"x.zip: not a whole zip archive"):
        ZipStore(path)


def test_damaged_member_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.jpg": b"1" * 999})
    path.write_bytes(path.read_bytes().replace(b"111111", b"111211"))
    with pytest.raises(DataError, match=r"'a.jpg' cannot be read: Bad CRC"):
        ZipStore(path).read("a.jpg")


def test_name_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.jpg": b"1", "b.jpg": b"2"})
    path.write_bytes(path.read_bytes().replace(b"b.jpg", b"a.jpg"))
    with pytest.raises(DataError, match=r"holds 'a.jpg' twice"):
        ZipStore(path)


def test_missing_folder_and_missing_archive_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder; pass another one with --data"):
        FolderStore(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"nowhere.zip: there is no such archive"):
        ZipStore(tmp_path / "nowhere.zip")


def test_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    for name, target in (("loop.jpg", "loop.jpg"), ("lost.jpg", "nowhere")):
        (tmp_path / name).symlink_to(target)
        with pytest.raises(DataError, match=f"'{name}' cannot be read"):
            FolderStore(tmp_path).stamp([name])
