"""TOML files into validated models, with errors that name file, key and line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

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


def _explained(
    model: type[BaseModel], error: ValidationError, where: str
) -> ConfigError | UnknownName:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        unknown = unknown_name("key", key, model.model_fields)
        return UnknownName(f"{where}: {unknown}")
    got = first.get("input")
    detail = f", got {got!r}" if not isinstance(got, Mapping) else ""
    name = key or model.__name__
    return ConfigError(f"{where}: {name}: {first['msg']}{detail}.")
