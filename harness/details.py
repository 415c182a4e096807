"""All about one method, suite, metric or dataset: the content of `harness show`.

Only light modules of a plugin are loaded: its configuration model, never its target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from harness.ablations import ablation_files, load_ablation
from harness.errors import UserError
from harness.listing import list_suites
from harness.names import unknown_name
from harness.presets import preset_about, preset_files
from harness.registry import Entry, Registry
from harness.scoring import resolved_uses
from harness.suite import load_suite
from harness.toml import read_toml

Details = dict[str, Any]


def show(kind: str, name: str, known: Registry) -> Details:
    """Everything about one installed thing, as plain JSON values.

    Args:
        kind: one of `KINDS`.
        name: short, or `distribution/name`.
        known: the installed plugins.

    Raises:
        UnknownName: there is no such kind or name; the nearest one is offered.
        UserError: no name is given.
        ContractError: the name has two owners, or the plugin cannot be loaded.
    """
    if kind not in KINDS:
        raise unknown_name("kind", kind, [*KINDS, "record-schema"])
    if not name:
        raise UserError(f"Which {kind}? 'harness list {kind}s' shows all names.")
    return KINDS[kind](name, known)


def show_method(name: str, known: Registry) -> Details:
    """Summary, paper, capabilities, presets with their values, and every setting."""
    entry = known.methods.get(name)
    spec = entry.spec
    return _head(entry) | {
        "kind": spec.kind,
        "paper": spec.paper,
        "capabilities": list(spec.capabilities),
        "sees": list(spec.sees),
        "extra": spec.extra,
        "parallel": spec.parallel,
        "presets": {
            preset: {
                "about": preset_about(path),
                "values": {k: v for k, v in read_toml(path).items() if k != "about"},
            }
            for preset, path in preset_files(spec).items()
        },
        "ablations": {
            name: [variant.name for variant in load_ablation(entry, name).variants]
            for name in ablation_files(spec)
        },
        "settings": settings(entry.load(spec.config)),
    }


def show_suite(name: str, known: Registry) -> Details:
    """Protocol, roles, metrics with all their parameters, published rows."""
    entry = known.suites.get(name)
    suite = load_suite(entry.spec)
    metrics = [
        {
            "metric": use.name,
            "unit": spec.unit,
            "direction": spec.direction,
            "params": params.model_dump(mode="json"),
        }
        for use, spec, params in resolved_uses(suite, known)
    ]
    values = suite.model_dump(mode="json") | {"metrics": metrics}
    return _head(entry) | values | {"file": entry.spec.path.name}


def show_metric(name: str, known: Registry) -> Details:
    """Unit, direction, needs and parameters."""
    entry = known.metrics.get(name)
    spec = entry.spec
    used = [row["name"] for row in list_suites(known) if spec.name in row.get("metrics", ())]
    return _head(entry) | {
        "unit": spec.unit,
        "direction": spec.direction,
        "needs": list(spec.needs),
        "settings": settings(entry.load(spec.params)),
        "suites": used,
    }


def show_dataset(name: str, known: Registry) -> Details:
    """Home, licence, expected layout and options."""
    entry = known.datasets.get(name)
    spec = entry.spec
    return _head(entry) | {
        "embedded": spec.embedded,
        "home": spec.home,
        "licence": spec.licence,
        "layout": spec.layout,
        "settings": settings(entry.load(spec.options)),
    }


#: The kinds of `harness show` that have names.
KINDS: dict[str, Callable[[str, Registry], Details]] = {
    "method": show_method,
    "suite": show_suite,
    "metric": show_metric,
    "dataset": show_dataset,
}


def settings(model: type[BaseModel]) -> list[Details]:
    """Every field of a configuration: name, type, default, limits, description.

    Fields of a nested model come with a dotted name.
    """
    return list(_settings(model, ""))


def _settings(model: type[BaseModel], prefix: str) -> Iterator[Details]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _settings(inner, f"{prefix}{name}.")
            continue
        schema = model.model_json_schema()["properties"].get(name, {})
        yield {
            "name": f"{prefix}{name}",
            "type": _type(schema),
            "required": field.is_required(),
            "default": _default(field),
            "limits": _limits(schema),
            "description": field.description or "",
        }


def _default(field: FieldInfo) -> Any:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


def _type(schema: Details) -> str:
    """A JSON type in words, such as `integer or null` or `one of centre, corner`."""
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_type(schema['items'])}"
    return str(schema.get("type", schema.get("const", "any")))


def _limits(schema: Details) -> str:
    """Allowed values, such as `>= 8, <= 2048`; empty without any."""
    signs = {
        "minimum": ">=",
        "exclusiveMinimum": ">",
        "maximum": "<=",
        "exclusiveMaximum": "<",
    }
    for option in [schema, *schema.get("anyOf", [])]:
        found = [f"{sign} {option[key]:g}" for key, sign in signs.items() if key in option]
        if found:
            return ", ".join(found)
    return ""


def _head(entry: Entry[Any]) -> Details:
    return {
        "name": entry.spec.name,
        "full_name": entry.full_name,
        "summary": entry.spec.summary,
        "package": f"{entry.distribution} {entry.package_version}",
        "version": entry.spec.version,
    }
