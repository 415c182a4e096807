"""Configurations: preset < preset for this suite < `--set key=value`, in one function."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.contract.config import MethodConfig
from harness.contract.specs import MethodSpec
from harness.errors import ConfigError, ContractError
from harness.names import unknown_name
from harness.registry import Entry
from harness.toml import read_toml, validate

#: The preset of methods that have nothing to configure: baselines and oracles.
DEFAULT = "default"
#: The preset that leaves a method at step 0; its configuration is the suite's default preset.
UNTRAINED = "untrained"
#: Characters of a wrong setting that a message shows.
_SHOWN = 200


def preset_files(spec: MethodSpec) -> dict[str, Path]:
    """The preset files of a method by name.

    Raises:
        ContractError: the package that should hold them cannot be found.
    """
    try:
        folder = Path(str(files(spec.presets))) / "presets"
    except ImportError as error:
        raise ContractError(f"{spec.name}: no package {spec.presets!r} of presets.") from error
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def preset_about(path: Path) -> dict[str, Any]:
    """The `[about]` table of a preset: `text`, and `minutes` on two cores where it was measured.

    Raises:
        ConfigError: the file cannot be read, or the table is none.
    """
    about = _table(read_toml(path), "about", path)
    minutes = about.get("minutes", 0)
    if not isinstance(minutes, int | float) or not 0 <= minutes < float("inf"):
        raise ConfigError(f"{path}: about.minutes must be a number from 0 on, got {minutes!r}.")
    return about


def choose_preset(entry: Entry[MethodSpec], wanted: str | None, default: str) -> str:
    """The preset to use: the one asked for, else the suite's; baselines have only `default`.

    Raises:
        UnknownName: the method has no such preset.
    """
    spec = entry.spec
    if spec.kind != "learned":
        return DEFAULT
    name = wanted or default
    known = [*preset_files(spec), UNTRAINED]
    if name not in known:
        hint = "" if wanted else "The suite names it as its default_preset."
        raise unknown_name(f"preset of {spec.name}", name, known, hint)
    return name


def resolve_config(
    entry: Entry[MethodSpec],
    preset: str,
    *,
    suite: str,
    settings: Mapping[str, Any],
    base_preset: str,
) -> MethodConfig:
    """The complete configuration of one cell.

    Args:
        entry: the method.
        preset: from `choose_preset`.
        suite: name of the suite, for the preset's table `[suite.<name>]`.
        settings: values of `--set key=value` that are meant for methods.
        base_preset: whose values the preset `untrained` takes.

    Raises:
        UnknownName: a key does not exist.
        ConfigError: a value is of the wrong type or out of range.
        ContractError: the plugin brings no such preset.
    """
    name = base_preset if preset == UNTRAINED else preset
    path = preset_files(entry.spec).get(name)
    if path is None:
        raise ContractError(
            f"{entry.full_name}: 'presets/{name}.toml' is missing in the package "
            f"{entry.spec.presets}."
        )
    values = read_toml(path)
    values.pop("about", None)
    overrides = _table(_table(values, "suite", path), suite, path)
    values.pop("suite", None)
    model: type[MethodConfig] = entry.load(entry.spec.config)
    merged = {**values, **overrides, **settings}
    return validate(model, merged, f"{entry.spec.name}, preset {name}")


def _table(values: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    """A table of a preset file; empty where it is not there."""
    found = values.get(key, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {key} must be a table, got {found!r}.")
    return found


def parse_settings(pairs: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`key=value` texts into settings for methods and settings for the suite (`suite.key=value`).

    A value is read as TOML, and as plain text when it is no TOML value. Dots in a suite's key lead
    into its tables.

    Raises:
        ConfigError: a text has no `=`.

    >>> parse_settings(["points=4", "suite.left_eye=[0, 1]", "mode=cone"])
    ({'points': 4, 'mode': 'cone'}, {'left_eye': [0, 1]})
    """
    methods: dict[str, Any] = {}
    suite: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {pair[:_SHOWN]}: expected key=value.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):  # no TOML, or nested beyond all reason
            value = text
        scope, dot, name = key.strip().partition(".")
        if dot and scope == "suite":
            *tables, last = name.split(".")
            table = suite
            for part in tables:
                table = table.setdefault(part, {})
                if not isinstance(table, dict):
                    raise ConfigError(f"--set {pair}: {part!r} is set to a value already.")
            table[last] = value
        else:
            methods[key.strip()] = value
    return methods, suite
