"""Records of a store from its index: equal to those in the files, and never stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import made_records
import pytest
from made_records import protocol, score
from toy_world import Toy

from harness.errors import DataError, UserError
from harness.leaderboard.board import load_boards
from harness.leaderboard.data import as_json
from harness.record import Record, write_record
from harness.record_index import INDEX
from harness.seal import sealed
from harness.stored import find_records, make_index

pytest.importorskip("pyarrow", reason="needs pip install 'harness[scale]'")


def various(hashed: dict[str, Any], count: int) -> list[Record]:
    """Records of several methods, seeds, protocols and states."""
    found = []
    for number in range(count):
        values: dict[str, Any] = {
            "seed": number % 3,
            "kind": "trivial" if number % 7 == 0 else "learned",
            "config": {"rate": number // 3 / 8, "layers": [1, 2], "name": f"ü{number % 5}"},
            "finished": f"2030-01-01T00:00:{number % 60:02d}+00:00",
            "notes": ["keypoints: part_centres"] * (number % 2),
        }
        if number % 11 == 5:
            values |= {"status": "failed", "error": "it broke", "scores": [], "cost": None}
        else:
            also = {"corner": number / 7, "edge": None}
            low, high = number / 3 - 0.1, number / 3 + 0.1
            values["scores"] = [
                score(number / 3, ci95=(low, high), also=also, excluded={"none found": number}),
                score(None, "toy_overlap", missing="undefined", params={"scale": number % 2}),
            ]
        version = 1 if number % 5 else 2
        one = made_records.record({**hashed, "version": version}, f"net{number % 4}", **values)
        found.append(sealed(one, Path("nowhere")) if number % 3 else one)
    return found


def kept(folder: Path, records: list[Record]) -> Path:
    for number, one in enumerate(records):
        write_record(one, folder / one.suite.name / f"{number:04d}.record.json")
    return folder


def read(place: str | Path, *suites: str) -> list[tuple[str, Record]]:
    """Records with the ends of their paths; fails where something had to be said."""
    found, notes = find_records(place, suites)
    assert notes == []
    return [("/".join(path.parts[-2:]), record) for path, record in found]


def boards(place: Path, toy: Toy) -> str:
    return as_json(load_boards([place], ["toy"], toy.known).boards)


def test_an_index_gives_the_records_and_the_leaderboard_of_the_files(
    toy: Toy, tmp_path: Path
) -> None:
    hashed = protocol(toy)
    folder = kept(tmp_path / "some", various(hashed, 300))
    kept(folder, [made_records.record(hashed, suite="other", seed=s) for s in range(3)])
    from_files, board = read(folder), boards(folder, toy)
    assert make_index(folder) == (303, 303, 0, [])
    assert read(folder) == from_files
    assert [path for path, _ in read(folder, "other")] == [
        f"other/{n:04d}.record.json" for n in range(3)
    ]
    assert boards(folder, toy) == board
    assert '"rank": 1' in board


def test_only_new_and_changed_files_are_read(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = various(protocol(toy), 12)
    folder = kept(tmp_path / "some", records)
    make_index(folder)
    names: list[str] = []
    real = Path.read_bytes

    def noted(path: Path) -> bytes:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    read(folder)
    assert make_index(folder) == (12, 0, 0, [])
    assert names == []
    changed = records[3].model_copy(update={"seed": 7, "digest": ""})
    write_record(changed, folder / "toy" / "0003.record.json")
    (folder / "toy" / "0004.record.json").unlink()
    write_record(records[4], folder / "toy" / "9999.record.json")

    found, notes = find_records(folder)
    assert names == ["0003.record.json", "9999.record.json"]
    assert len(notes) == 1
    assert "has otherwise: 2" in notes[0]
    assert f"harness index --records {folder}" in notes[0]
    assert [record.seed for path, record in found if path.name.startswith("0003")] == [7]
    assert [path.name for path, _ in found if path.name[:4] in ("0004", "9999")] == [
        "9999.record.json"
    ]

    names.clear()
    assert make_index(folder) == (12, 2, 1, [])
    assert names == ["0003.record.json", "9999.record.json"]
    assert dict(read(folder)) == {"/".join(path.parts[-2:]): record for path, record in found}


def test_a_record_of_the_same_size_and_time_is_noticed(toy: Toy, tmp_path: Path) -> None:
    """A file that takes another's place is another file, whatever the clock says."""
    import os

    path = tmp_path / "records" / "a.json"
    write_record(made_records.record(protocol(toy), seed=1), path)
    make_index(tmp_path)
    before = path.stat()
    write_record(made_records.record(protocol(toy), seed=1, value=0.7), path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    found, _ = find_records(tmp_path)
    assert found[0][1].scores[0].value == 0.7


def test_a_file_that_is_no_record_is_told_every_time_and_read_once(
    toy: Toy, tmp_path: Path
) -> None:
    folder = kept(tmp_path / "some", various(protocol(toy), 2))
    broken = folder / "toy" / "x.record.json"
    broken.write_text("{")
    made = make_index(folder)
    assert made.read == 3
    assert "x.record.json: not a valid record" in made.notes[0]
    assert make_index(folder) == (3, 0, 0, [])
    found, notes = find_records(folder, ["toy"])
    assert len(found) == 2
    assert notes == made.notes


@pytest.mark.parametrize("harm", ["cut", "middle", "version", "nothing"])
def test_a_damaged_index_is_not_used_and_made_anew(toy: Toy, tmp_path: Path, harm: str) -> None:
    folder = kept(tmp_path / "some", various(protocol(toy), 12))
    expected = read(folder)
    make_index(folder)
    path = folder / INDEX
    content = path.read_bytes()
    if harm == "version":
        import pyarrow.parquet as pq

        pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    else:
        middle = content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :]
        path.write_bytes({"cut": content[:-9], "middle": middle, "nothing": b""}[harm])
    found, notes = find_records(folder)
    assert [record for _, record in found] == [record for _, record in expected]
    assert len(notes) == 1
    assert notes[0].startswith(f"{path} is ")
    assert f"it is not used; 'harness index --records {folder}' makes it anew" in notes[0]
    made = make_index(folder)
    assert made[:3] == (12, 12, 0)
    assert made.notes[0].endswith(": made anew.")
    assert read(folder) == expected


def test_without_pyarrow_the_files_are_read_and_no_index_is_made(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept(tmp_path / "some", various(protocol(toy), 3))
    make_index(folder)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    found, notes = find_records(folder)
    assert len(found) == 3
    assert "pip install 'harness[scale]'" in notes[0]
    with pytest.raises(UserError, match=r"pip install 'harness\[scale\]'"):
        make_index(folder)


def test_a_store_in_memory_is_read_and_indexed(toy: Toy, memory: Any, tmp_path: Path) -> None:
    folder = kept(tmp_path / "some", various(protocol(toy), 6))
    place = "memory://bucket/some"
    memory.put(str(folder), "/bucket/some", recursive=True)
    expected = read(folder)
    assert read(place) == expected
    assert make_index(place) == (6, 6, 0, [])
    assert make_index(place) == (6, 0, 0, [])
    assert read(place) == expected
    other = expected[0][1].model_copy(update={"seed": 9, "digest": ""})
    memory.pipe_file(f"/bucket/some/{expected[0][0]}", other.model_dump_json().encode())
    found, notes = find_records(place)
    assert found[0][1].seed == 9
    assert "has otherwise: 1" in notes[0]


def test_a_store_that_does_not_tell_changes_is_always_read(
    toy: Toy, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made_records.record(protocol(toy))
    memory.pipe_file("/b/records/a.json", one.model_dump_json().encode())
    monkeypatch.setattr("harness.store._CHANGES", ("ETag",))
    assert make_index("memory://b") == (1, 1, 0, [])
    assert make_index("memory://b") == (1, 1, 0, [])


@pytest.mark.parametrize("place", ["absent", "memory://absent"])
def test_a_place_that_is_not_there_is_refused(
    place: str, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=f"{place}: no such folder"):
        find_records(place)


def test_json_files_that_are_not_named_as_records_are_told(toy: Toy, tmp_path: Path) -> None:
    (one,) = various(protocol(toy), 1)
    write_record(one, tmp_path / "mine" / "toy" / "one.json")
    found, notes = find_records(tmp_path / "mine")
    assert found == []
    assert notes == [
        f"{tmp_path / 'mine'} has JSON files but no records: a record is a file named record.json "
        "or NAME.record.json, or any JSON file below a folder named 'records'."
    ]
    (tmp_path / "mine").rename(tmp_path / "records")
    assert len(read(tmp_path / "records")) == 1
    (tmp_path / "empty").mkdir()
    assert read(tmp_path / "empty") == []
