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


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}.") from None


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
    detail = f", got {got!r}" if not isinstance(got, Mapping) else ""
    if first["type"] == "value_error":
        # Said by a validator of the model itself, which names the values where they are several.
        place, reason = f"{key}: " if key else "", first["ctx"]["error"]
    else:
        place, reason = f"{key or model.__name__}: ", first["msg"]
    return ConfigError(f"{where}: {place}{reason}{detail}.")


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
