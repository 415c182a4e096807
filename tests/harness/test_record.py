from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.errors import RecordError
from harness.record import (
    Cost,
    MethodRef,
    Provenance,
    Record,
    Score,
    SuiteRef,
    put_aside,
    read_finished,
    read_record,
    record_schema,
    write_record,
)
from harness.stored import find_records


def record(**changes: Any) -> Record:
    given: dict[str, Any] = {
        "id": "0123456789abcdef",
        "status": "finished",
        "suite": SuiteRef(name="s", version=1, fingerprint="f" * 64, protocol={"parts": 2}),
        "method": MethodRef(
            name="m",
            kind="learned",
            plugin="p",
            plugin_version="1.0",
            version=1,
            preset="quick",
            config={"rate": 0.1, "deep": {"list": [1, None]}},
            sees=["images"],
            capabilities=["detect"],
            fingerprint="e" * 64,
        ),
        "seed": 3,
        "scores": [score()],
        "cost": Cost(
            fit_seconds=1.5,
            predict_seconds=0.5,
            peak_memory_bytes=100,
            parameters=10,
            device="cpu",
            threads=1,
            precision="fp32",
        ),
        "provenance": Provenance(
            harness="0.1.0",
            git=None,
            python="3.11",
            torch=None,
            platform="Linux",
            packages={},
            started="2026-01-01T00:00:00+00:00",
            finished="2026-01-01T00:00:01+00:00",
        ),
    }
    return Record(**{**given, **changes})


def score(**changes: Any) -> Score:
    given: dict[str, Any] = {
        "metric": "error",
        "version": 1,
        "value": 0.25,
        "unit": "%",
        "direction": "lower",
        "n": 6,
        "ci95": (0.2, 0.3),
    }
    return Score(**{**given, **changes})


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_record(record(), tmp_path / "record.json")
    assert read_record(tmp_path / "record.json") == record()


def test_a_record_takes_its_place_once_the_disk_has_the_files_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, named = tmp_path / "record.json", tmp_path / "predictions.npz"
    named.write_bytes(b"predicted")
    (tmp_path / "other.npz").write_bytes(b"not named")
    seen = set()
    monkeypatch.setattr(os, "fsync", lambda file: seen.add((os.fstat(file).st_ino, path.exists())))
    write_record(record(files={"predictions.npz": "a" * 64, "per_image.npz": "b" * 64}), path)
    assert seen == {(named.stat().st_ino, False), (path.stat().st_ino, False)}


@pytest.mark.parametrize(
    "made",
    [
        record(),
        record(status="failed", error="It broke.", scores=[], cost=None),
        record(scores=[score(value=None, ci95=None, n=0, missing="no parts")]),
    ],
    ids=["finished", "failed", "without value"],
)
def test_a_written_record_keeps_the_published_schema(tmp_path: Path, made: Record) -> None:
    write_record(made, tmp_path / "record.json")
    jsonschema.Draft202012Validator.check_schema(record_schema())
    jsonschema.validate(json.loads((tmp_path / "record.json").read_text()), record_schema())


@pytest.mark.parametrize(
    "change",
    [{"status": "perhaps"}, {"extra": 1}, {"seed": "three"}, {"schema_version": 2}],
    ids=str,
)
def test_the_published_schema_refuses_what_is_no_record(change: dict[str, Any]) -> None:
    values = {**json.loads(record().model_dump_json()), **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, record_schema())


def test_a_value_that_is_no_number_is_written_as_null(tmp_path: Path) -> None:
    nan = float("nan")
    write_record(record(scores=[score(value=nan, also={"x": nan})]), tmp_path / "r.json")
    text = (tmp_path / "r.json").read_text()
    assert "NaN" not in text
    read = read_record(tmp_path / "r.json").scores[0]
    assert (read.value, read.also) == (None, {"x": None})


@pytest.mark.parametrize(
    "change",
    [
        {"suite": SuiteRef(name="s", version=1, fingerprint="a" * 64, protocol={"parts": 3})},
        {"scores": [score(version=2)]},
        {"scores": [score(params={"scale": 2.0})]},
        {"scores": [score(metric="other")]},
    ],
    ids=["fingerprint", "version", "parameters", "metric"],
)
def test_a_record_that_a_new_one_does_not_repeat_is_put_aside(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "record.json"
    write_record(record(), path)
    put_aside(path, record(**change))
    (kept,) = (tmp_path / "records").iterdir()
    assert read_record(kept) == record()


def test_a_record_that_a_new_one_repeats_is_not_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    put_aside(path, record())
    write_record(record(), path)
    put_aside(path, record(scores=[score(value=0.3), score(metric="other")]))
    write_record(record(status="failed", scores=[]), path)
    put_aside(path, record(scores=[]))
    assert [found.name for found in tmp_path.iterdir()] == ["record.json"]


def test_records_of_one_cell_are_put_aside_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    for scale in (1.0, 2.0, 1.0):
        write_record(record(scores=[score(params={"scale": scale})]), path)
        put_aside(path, record(scores=[score(params={"scale": 9.0})]))
    scales = [kept.scores[0].params["scale"] for _, kept in find_records(tmp_path / "records")[0]]
    assert sorted(scales) == [1.0, 2.0]


def test_only_a_readable_record_of_a_finished_cell_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    assert read_finished(path) is None
    path.write_text("{")
    assert read_finished(path) is None
    write_record(record(status="failed", scores=[]), path)
    assert read_finished(path) is None
    write_record(record(), path)
    assert read_finished(path) == record()


def test_a_score_is_found_by_its_metric() -> None:
    assert record().score("error") == score()
    assert record().score("other") is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"id": ', "Invalid JSON"),
        ("[]", "not a valid record"),
        ("{}", "Field required"),
        (record(seed=1).model_dump_json().replace('"seed":1', '"seed":"x"'), "seed"),
        (record().model_dump_json()[:-1] + ',"extra":1}', "extra"),
    ],
    ids=["half", "list", "empty", "type", "unknown key"],
)
def test_a_damaged_record_is_named_with_the_reason(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=word) as caught:
        read_record(path)
    assert str(path) in str(caught.value)


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"record\.json"):
        read_record(tmp_path / "record.json")


def test_a_record_of_bytes_is_named(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=r"record\.json"):
        read_record(tmp_path / "record.json")


def test_damaged_records_do_not_hide_the_others(tmp_path: Path) -> None:
    write_record(record(seed=1), tmp_path / "a" / "record.json")
    write_record(record(seed=2), tmp_path / "c" / "record.json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "record.json").write_text("{")
    records, problems = find_records(tmp_path)
    assert [r.seed for _, r in records] == [1, 2]
    assert len(problems) == 1
    assert str(tmp_path / "b" / "record.json") in problems[0]


def test_only_records_are_read(tmp_path: Path) -> None:
    write_record(record(seed=1), tmp_path / "runs" / "record.json")
    write_record(record(seed=2), tmp_path / "boards" / "records" / "deep" / "any name.json")
    (tmp_path / "runs" / "fit.json").write_text("{}")
    (tmp_path / "runs" / ".record.json").write_text("{}")
    records, problems = find_records(tmp_path)
    assert sorted(r.seed for _, r in records) == [1, 2]
    assert problems == []


def test_a_folder_named_records_may_be_given_itself(tmp_path: Path) -> None:
    write_record(record(seed=2), tmp_path / "records" / "x.json")
    assert [r.seed for _, r in find_records(tmp_path / "records")[0]] == [2]


def test_the_place_of_the_folder_does_not_matter(tmp_path: Path) -> None:
    runs = tmp_path / "records" / "my" / "runs"
    write_record(record(seed=1), runs / "record.json")
    (runs / "fit.json").write_text("{}")
    records, problems = find_records(runs)
    assert ([r.seed for _, r in records], problems) == ([1], [])


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused_wherever_they_stand(tmp_path: Path, number: str) -> None:
    path = tmp_path / "record.json"
    write_record(record(), path)
    whole = path.read_text()
    read_record(path)
    path.write_text(whole.replace('"protocol": {', f'"protocol": {{"odd": {number},'))
    assert path.read_text() != whole
    with pytest.raises(
        RecordError, match=rf"record\.json: .*it holds {number}, which is no number"
    ):
        read_record(path)
