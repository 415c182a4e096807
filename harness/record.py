"""The record: the JSON of one finished cell, and the only thing leaderboards read."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from harness.errors import RecordError
from harness.files import write_text
from harness.seal import is_as_named

#: Version of the record's schema.
SCHEMA = 1


class Part(BaseModel):
    """Base of the record's pieces: unknown keys are refused, NaN is written as null."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class SuiteRef(Part):
    """Which protocol was measured."""

    name: str
    version: int
    fingerprint: str = Field(description="sha256 of protocol, data and ranking metric.")
    protocol: dict[str, Any] = Field(description="What was hashed.")


class MethodRef(Part):
    """What was measured."""

    name: str
    kind: Literal["learned", "trivial", "oracle", "external"]
    plugin: str = Field(description="Distribution that brought the method.")
    plugin_version: str
    version: int = Field(description="The method's own version.")
    preset: str
    config: dict[str, Any] = Field(description="The resolved configuration, complete.")
    sees: list[str] = Field(description="What the method was allowed to look at.")
    capabilities: list[str]
    fingerprint: str = Field(description="sha256 of plugin, name, version and configuration.")


class Score(Part):
    """One metric's answer."""

    metric: str
    version: int = Field(
        description="The metric's version; with `params` it decides which scores are comparable."
    )
    value: float | None = Field(description="Null when undefined or not applicable.")
    unit: str
    direction: Literal["higher", "lower"]
    ci95: tuple[float, float] | None = Field(
        default=None, description="Percentile bootstrap over test images."
    )
    n: int = Field(description="Test images that were counted.")
    params: dict[str, Any] = Field(default_factory=dict)
    also: dict[str, float | None] = Field(
        default_factory=dict, description="The value under other conventions."
    )
    details: dict[str, float | None] = Field(
        default_factory=dict, description="The numbers behind the value, by name."
    )
    excluded: dict[str, int] = Field(
        default_factory=dict, description="What was left out, by reason."
    )
    per_image: str | None = Field(
        default=None, description="Array name in the file of per-image values."
    )
    missing: str = Field(default="", description="Why there is no value.")

    @property
    def settings(self) -> dict[str, Any]:
        """The metric's version and parameters: scores are comparable only where these are equal."""
        return {"version": self.version, "params": self.params}


class Cost(Part):
    """What the cell cost."""

    fit_seconds: float
    predict_seconds: float
    peak_memory_bytes: int
    parameters: int
    device: str
    threads: int
    precision: str
    devices: int = Field(default=1, description="Processes that fitted it together, one a GPU.")
    resumed: int = Field(default=0, description="How often the fit was interrupted and resumed.")


class Provenance(Part):
    """Where the numbers come from."""

    harness: str
    git: str | None = Field(description="Commit of a source checkout, with +dirty; else null.")
    python: str
    torch: str | None
    platform: str
    packages: dict[str, str]
    started: str = Field(description="UTC, ISO 8601.")
    finished: str = Field(description="UTC, ISO 8601.")
    command: str = Field(default="", description="The command that repeats it.")


class Record(Part):
    """One (method, preset, suite, seed), finished or failed.

    Attributes:
        notes: what a reader must know, such as how keypoints were obtained.
        artifacts: files beside the record, by name, relative to its folder.
    """

    schema_version: Literal[1] = 1
    id: str = Field(description="First 16 digits of the hash of suite, method and seed.")
    status: Literal["finished", "failed"]
    error: str = ""
    suite: SuiteRef
    method: MethodRef
    seed: int
    scores: list[Score] = Field(default_factory=list)
    cost: Cost | None = None
    provenance: Provenance
    notes: list[str] = Field(default_factory=list)
    artifacts: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(
        default_factory=dict, description="sha256 of predictions and per-image values, by file."
    )
    digest: str = Field(
        default="", description="sha256 of all else in canonical JSON; empty: not signed."
    )

    def score(self, metric: str) -> Score | None:
        """The score of a metric, or `None` when the record has none."""
        return next((score for score in self.scores if score.metric == metric), None)


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a record."""
    return Record.model_json_schema(mode="serialization")


def write_record(record: Record, path: Path) -> None:
    """Write a record whole or not at all, once the disk has the files beside it that it names.

    Raises:
        RunError: the file cannot be written.
    """
    beside = [file for name in record.files if (file := path.parent / name).is_file()]
    write_text(path, record.model_dump_json(indent=1) + "\n", after=beside)


def read_record(path: Path, *, intact: bool = True) -> Record:
    """Read and check a record.

    Args:
        path: the file.
        intact: refuse one whose content does not have the hash that it names.

    Raises:
        RecordError: the file is missing, is not JSON, does not keep the schema or was changed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not a readable record: {error}.") from None
    return parse_record(content, str(path), intact=intact)


def parse_record(content: bytes, name: str, *, intact: bool = True) -> Record:
    """Check the content of a record's file.

    Args:
        content: of the file.
        name: of the file, for messages.
        intact: refuse one whose content does not have the hash that it names.

    Raises:
        RecordError: it is not JSON, does not keep the schema or was changed.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"{name}: not a readable record: {error}.") from None
    try:
        held = from_json(text)
        record = Record.model_validate(held)
    except ValueError:
        raise _refusal(text, name) from None
    if not _is_sound(held, text, name, intact=intact):
        raise RecordError(
            f"{name}: the record was changed after it was written: its content does not have the "
            f"hash that it names; 'harness verify' says which numbers still hold."
        )
    return record


def _refusal(text: str, name: str) -> RecordError:
    """What is wrong with a record, in words of JSON."""
    try:
        Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        return RecordError(f"{name}: not a valid record: {where}: {first['msg']}.")
    return RecordError(f"{name}: not a valid record.")


def _is_sound(held: dict[str, Any], text: str, name: str, *, intact: bool) -> bool:
    """Whether a record's content has the hash that it names, where that is asked for.

    Hashing writes all numbers anew and finds those that are not finite, so that only what is not
    hashed is searched for them.

    Raises:
        RecordError: it holds a number that is not finite.
    """
    named = intact and bool(held.get("digest"))
    try:
        if named:
            return is_as_named(held)
    except ValueError:
        pass  # not finite; which number it is, is said below
    _refuse_endless(text, name)
    return not named


def _refuse_endless(text: str, name: str) -> None:
    """Do nothing where all numbers of a record are finite, as JSON wants them.

    Raises:
        RecordError: one is not, such as NaN, which Python reads and other programs do not.
    """

    def finite(number: str) -> float:
        if not math.isfinite(float(number)):
            raise RecordError(f"{name}: not a valid record: it holds {number}, which is no number.")
        return float(number)

    json.loads(text, parse_constant=finite, parse_float=finite)


def read_finished(path: Path) -> Record | None:
    """The record of a finished cell, or `None` where no such record can be read."""
    try:
        record = read_record(path)
    except RecordError:
        return None
    return record if record.status == "finished" else None


def put_aside(path: Path, new: Record) -> None:
    """Keep a finished record, whose place a new one takes, below `records/` beside it.

    It is kept when it is of another suite fingerprint, or has a score that the new one lacks or
    has with another version or parameters of the metric. Its file is named by the hash of its
    content, so that it takes no other record's place.

    Raises:
        RunError: it cannot be written.
    """
    old = read_finished(path)
    if old is None:
        return
    settings = {score.metric: score.settings for score in new.scores}
    repeated = all(settings.get(score.metric) == score.settings for score in old.scores)
    if old.suite.fingerprint != new.suite.fingerprint or not repeated:
        digest = hashlib.sha256(old.model_dump_json().encode()).hexdigest()
        # As it stands in the file: written anew by a later version it might lose its own hash.
        write_text(path.parent / "records" / f"{digest}.json", path.read_text(encoding="utf-8"))


def is_record(name: str, *, in_records: bool) -> bool:
    """Whether a file is taken for a record.

    Any `*.json` in or below a folder named `records` is one, and any `record.json` or
    `*.record.json`.

    Args:
        name: of the file.
        in_records: whether it lies in or below a folder named `records`.

    >>> is_record("record.json", in_records=False), is_record("a.json", in_records=False)
    (True, False)
    """
    if name.startswith(".") or not name.endswith(".json"):
        return False
    return in_records or name == "record.json" or name.endswith(".record.json")
