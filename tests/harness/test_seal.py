from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from made_records import record
from toy_plugin.methods import FITS
from toy_world import Toy

from harness.errors import RecordError
from harness.record import Record, put_aside, read_finished, read_record, write_record
from harness.seal import check_file, is_intact, sealed
from harness.stored import find_records

HASHED = {"version": 1}


def kept(folder: Path, **changes: Any) -> tuple[Path, Record]:
    """A sealed record on disk with predictions beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "predictions.npz").write_bytes(b"abc")
    made = sealed(record(HASHED, **changes), folder)
    write_record(made, folder / "record.json")
    return folder / "record.json", made


def test_digest_is_the_sha256_of_sorted_compact_json_without_itself(tmp_path: Path) -> None:
    path, made = kept(tmp_path)
    content = json.loads(path.read_text())
    del content["digest"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert made.digest == hashlib.sha256(text.encode()).hexdigest()
    assert made.files == {"predictions.npz": hashlib.sha256(b"abc").hexdigest()}
    assert read_record(path) == made


def test_sealing_twice_changes_nothing(tmp_path: Path) -> None:
    _, made = kept(tmp_path)
    assert sealed(made, tmp_path) == made


def test_every_number_and_letter_is_hashed_as_it_stands_in_the_file(tmp_path: Path) -> None:
    numbers = [1e-08, 1.5e-05, 1e16, 1e22, 5e-324, 0.1 + 0.2, -0.0, 1.0, 2**70, -(10**30), True]
    path, made = kept(tmp_path, config={"numbers": numbers, "ü": "é\u2028😀\x7f"})
    text = path.read_text(encoding="utf-8")
    assert is_intact(text)
    assert read_record(path) == made
    path.write_text(text.replace("1e-8", "1e-9").replace("1e-08", "1e-09"), encoding="utf-8")
    with pytest.raises(RecordError, match="changed after it was written"):
        read_record(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value": 0.5', '"value": 0.4'),
        ('"seed": 0', '"seed": 1'),
        ('"device": "cpu"', '"device": "gpu"'),
        ('"predictions.npz": "ba', '"predictions.npz": "bb'),
    ],
    ids=["score", "seed", "cost", "hash of a file"],
)
def test_changed_record_is_found(tmp_path: Path, old: str, new: str) -> None:
    path, _ = kept(tmp_path)
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises(RecordError, match=r"changed after it was written.*harness verify"):
        read_record(path)
    assert read_finished(path) is None
    records, problems = find_records(tmp_path)
    assert (records, len(problems)) == ([], 1)
    assert read_record(path, intact=False).digest


def test_other_layout_of_the_same_content_is_no_change(tmp_path: Path) -> None:
    path, made = kept(tmp_path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items())), indent=7))
    assert read_record(path) == made


def test_field_that_a_later_version_adds_changes_no_hash(tmp_path: Path) -> None:
    """An older file lacks the field; the model fills it in, the hash is that of the file."""
    path, _ = kept(tmp_path)
    content = json.loads(path.read_text())
    del content["notes"]
    del content["digest"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps({**content, "digest": digest}))
    assert read_record(path).notes == []
    new = record({"version": 2})
    put_aside(path, new)
    (aside,) = (tmp_path / "records").iterdir()
    assert read_record(aside).digest == digest


def test_record_without_a_hash_is_read(tmp_path: Path) -> None:
    write_record(record(HASHED), tmp_path / "record.json")
    assert read_record(tmp_path / "record.json").digest == ""


@pytest.mark.parametrize("text", ["{", "[]", '{"digest": "x", "a": NaN}'])
def test_what_is_no_record_is_not_intact(text: str) -> None:
    assert not is_intact(text)


def test_changed_and_missing_files_are_named(tmp_path: Path) -> None:
    _, made = kept(tmp_path)
    check_file(made, tmp_path, "predictions.npz")
    (tmp_path / "predictions.npz").write_bytes(b"abx")
    with pytest.raises(RecordError, match=r"predictions\.npz: changed after the record"):
        check_file(made, tmp_path, "predictions.npz")
    with pytest.raises(RecordError, match=r"per_image\.npz: missing"):
        check_file(made, tmp_path, "per_image.npz")


def test_file_of_a_record_without_hashes_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "predictions.npz").write_bytes(b"anything")
    check_file(record(HASHED), tmp_path, "predictions.npz")


def test_finished_run_has_the_hashes_of_its_content_and_files(toy: Toy) -> None:
    outcome = toy.runner().run(toy.cell())
    assert outcome.folder is not None
    made = read_record(outcome.folder / "record.json")
    assert made == outcome.record
    assert made.digest
    assert set(made.files) == {"predictions.npz", "per_image.npz"}
    for name in made.files:
        check_file(made, outcome.folder, name)


def test_cell_whose_record_was_changed_by_hand_is_measured_again(toy: Toy) -> None:
    first = toy.runner().run(toy.cell())
    assert first.folder is not None
    path = first.folder / "record.json"
    text = path.read_text()
    path.write_text(text.replace('"seed": 0', '"seed": 5'))
    again = toy.runner().run(toy.cell())
    assert (again.status, len(FITS)) == ("finished", 1)
    assert read_record(path).scores == Record.model_validate_json(text).scores
