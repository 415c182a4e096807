"""TOML files into validated models, with errors that name the file and the key."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from harness.errors import ConfigError, UnknownName
from harness.names import unknown_name

M = TypeVar("M", bound=BaseModel)

#: Characters of a wrong value that a message shows.
_LONGEST = 200


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # not TOML, not UTF-8, or a number of 5,000 digits
        raise ConfigError(f"{path}: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{path}: its values are nested too deeply to be read.") from None


def read_toml_head(path: Path, tail: str) -> tuple[dict[str, Any], int]:
    """A TOML file without its array of tables `[[tail]]`, and how many of these there are.

    Where they end the file, as rows of numbers do, they are counted and not parsed: in the bundled
    suites that is most of the text, and parsing it would take longer than all else of a listing.

    Args:
        path: the file.
        tail: name of the array.

    Raises:
        ConfigError: the file cannot be read or is not TOML; what is only counted is not checked.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}.") from None
    mark = f"[[{tail}]]"
    first = lines.index(mark) if mark in lines else len(lines)
    tables = [line for line in lines[first:] if line.startswith("[")]
    if tables and set(tables) == {mark}:
        try:
            return tomllib.loads("\n".join(lines[:first])), len(tables)
        except (ValueError, RecursionError):
            pass  # Read as a whole, for the line of the fault, or for a mark inside a text.
    values = read_toml(path)
    rows = values.get(tail)
    if isinstance(rows, list):
        del values[tail]
        return values, len(rows)
    return values, 0


def validate(model: type[M], values: Mapping[str, Any], where: str) -> M:
    """Values into a model.

    Args:
        model: a pydantic model that forbids unknown keys.
        values: what a file and `--set` gave.
        where: the file or option to name in the message.

    Raises:
        UnknownName: a key does not exist; the nearest one is offered.
        ConfigError: a value has the wrong type or range.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise _explained(model, error, where) from None


def as_toml(value: object) -> str:
    """A plain value as TOML text: the inverse of what `--set` reads.

    >>> as_toml([True, "a", {"b": 1.5}])
    '[true, "a", {"b" = 1.5}]'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))} = {as_toml(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    return str(value)


def _explained(
    model: type[BaseModel], error: ValidationError, where: str
) -> ConfigError | UnknownName:
    problems = error.errors()
    # A misspelt key is also a missing one: the misspelling is what the user has to see.
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        unknown = unknown_name("key", key, _keys(model, first["loc"]))
        return UnknownName(f"{where}: {unknown}")
    got = first.get("input")
    detail = f", got {_shown(got)}" if not isinstance(got, Mapping) else ""
    if first["type"] == "value_error":
        # Said by a validator of the model itself, which names the values where they are several.
        place, reason = f"{key}: " if key else "", first["ctx"]["error"]
    else:
        place, reason = f"{key or model.__name__}: ", first["msg"]
    return ConfigError(f"{where}: {place}{reason}{detail}.")


def _shown(value: object) -> str:
    """A value as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _keys(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The valid keys beside the one at this place, dotted like it."""
    inner: Any = model
    for part in place[:-1]:
        if isinstance(part, str):
            inner = _model_in(inner.model_fields[part].annotation)
    before = "".join(f"{part}." for part in place[:-1])
    return [before + name for name in inner.model_fields]


def _model_in(annotation: Any) -> Any:
    """The model in an annotation such as `list[Model]` or `Model | None`."""
    candidates = [annotation, *get_args(annotation)]
    return next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
