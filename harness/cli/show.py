"""`harness show`: all about one method, suite, metric or dataset."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from harness.cli.complete import of_kind
from harness.cli.examples import examples

EPILOG = examples("harness show suite synthetic_faces", "harness show method mean_shape --json")

Details = dict[str, Any]


def show(
    kind: Annotated[str, typer.Argument(help="method, suite, metric, dataset or record-schema.")],
    name: Annotated[
        str, typer.Argument(help="Its name.", show_default=False, autocompletion=of_kind)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Show one method, suite, metric or dataset.

    `harness show record-schema` prints the JSON Schema of a record.
    """
    from harness import details
    from harness.cli import console
    from harness.registry import registry

    if kind == "record-schema":
        from harness.record import record_schema

        console.answer_json(record_schema())
        return
    found = details.show(kind, name, registry())
    if as_json:
        console.answer_json(found)
    else:
        _SHOWN[kind](found)


def _show_method(found: Details) -> None:
    _facts(found, ("kind", "paper", "capabilities", "sees", "extra"))
    _settings(found["settings"])
    for name, preset in found["presets"].items():
        about = preset["about"]
        minutes = f" ({about['minutes']} minutes on 2 cores)" if "minutes" in about else ""
        _heading(f"preset {name}{minutes}")
        _pairs({"about": about.get("text", ""), **_flat(preset["values"])})
    if found["ablations"]:
        _heading("ablations (harness run --ablation METHOD:NAME)")
        _pairs({name: ", ".join(rows) for name, rows in found["ablations"].items()})


def _show_suite(found: Details) -> None:
    _facts(found, ("dataset", "image_size", "parts", "default_preset", "baselines", "oracles"))
    _paragraph(found["description"])
    _heading("roles")
    _pairs({role: _role(use) for role, use in found["roles"].items() if use})
    if found["assets"]:
        _heading("assets")
        _pairs({name: _asset(use) for name, use in found["assets"].items()})
    _heading("metrics")
    _pairs({use["metric"]: _use(use) for use in found["metrics"]})
    if found["dataset_options"]:
        _heading("dataset options")
        _pairs(_flat(found["dataset_options"]))
    if found["published"]:
        _table("published", found["published"], ("method", "metric", "value", "source", "marks"))
    for note in found["notes"]:
        _paragraph(f"Note: {note}")


def _show_metric(found: Details) -> None:
    _facts(found, ("unit", "direction", "needs", "suites"))
    _settings(found["settings"])


def _show_dataset(found: Details) -> None:
    _facts(found, ("home", "licence"))
    if found["layout"]:
        from harness.cli import console

        _heading("files below the data root")
        console.answer(found["layout"].rstrip())
    _settings(found["settings"])


_SHOWN: dict[str, Callable[[Details], None]] = {
    "method": _show_method,
    "suite": _show_suite,
    "metric": _show_metric,
    "dataset": _show_dataset,
}


def _facts(found: Details, keys: tuple[str, ...]) -> None:
    from harness.cli import console

    console.answer_heading(f"{found['name']} (version {found['version']}, {found['package']})")
    _paragraph(found["summary"])
    _pairs({key.replace("_", " "): found[key] for key in keys})


def _settings(rows: list[Details]) -> None:
    if not rows:
        return
    shown = [
        {
            "setting": f"{row['name']}\n  {_default(row)}",
            "meaning": f"{row['description']}\n{' '.join((row['type'], row['limits'])).strip()}",
        }
        for row in rows
    ]
    _table("settings", shown, ("setting", "meaning"))


def _default(row: Details) -> str:
    return "required" if row["required"] else f"= {_text(row['default'])}"


def _table(title: str, rows: list[Details], columns: tuple[str, ...]) -> None:
    from harness.cli import console

    cells = [[_text(row[column]) for column in columns] for row in rows]
    console.answer_table(list(columns), cells, title=title, whole=range(len(columns) // 2))


def _heading(text: str) -> None:
    from harness.cli import console

    console.answer_heading(text, level=2)


def _paragraph(text: str) -> None:
    from harness.cli import console

    if text:
        console.answer_wrapped(" ".join(text.split()))


def _pairs(values: Details) -> None:
    from harness.cli import console

    console.answer_fields([(key, _text(v)) for key, v in values.items()])


def _use(use: Details) -> str:
    params = [f"{key}={_text(value)}" for key, value in use["params"].items()]
    return ", ".join([use["unit"], f"{use['direction']} is better", *params])


def _asset(use: Details) -> str:
    settings = [f"{key}={_text(value)}" for key, value in _flat(use["settings"]).items()]
    share = [] if use["images"] == "all" else [f"labelled images of {use['images']} number"]
    head = f"{use['method']} preset={use['preset']}"
    return ", ".join([head, *settings, *share, f"seed={use['seed']}"])


def _role(use: Details) -> str:
    limit = f", first {use['limit']} images" if use.get("limit") else ""
    return f"split {use['split']}{limit}"


def _flat(values: Details, prefix: str = "") -> Details:
    """Nested tables as dotted keys."""
    flat: Details = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(one) for one in value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
