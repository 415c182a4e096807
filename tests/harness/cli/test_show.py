from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from commands import InProcess
from toy_world import Toy

from harness.cli.complete import of_kind

THINGS = [
    ("method", "toy_net"),
    ("suite", "toy"),
    ("metric", "toy_spread"),
    ("dataset", "toy_folder"),
]


@pytest.mark.parametrize(("kind", "name"), THINGS, ids=[kind for kind, _ in THINGS])
def test_text_and_json_name_the_thing(cli: InProcess, kind: str, name: str) -> None:
    done = cli("show", kind, name)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{name} (version 1, toy-package 1.2)")
    assert json.loads(cli("show", kind, name, "--json").out)["name"] == name


def test_settings_are_shown_with_default_and_meaning(cli: InProcess) -> None:
    out = cli("show", "method", "toy_net").out
    assert "Training steps." in out
    assert "= 4" in out
    assert "preset quick" in out


def test_suite_shows_roles_metrics_and_published_rows(cli: InProcess, toy: Toy) -> None:
    row = {"method": "Nobody", "metric": "toy_spread", "value": 1.5, "source": "Paper"}
    roles = {"fit": {"split": "train", "limit": 3}, "test": {"split": "test"}}
    toy.suite(published=[row], notes=["Take care."], roles=roles, dataset_options={"seed": 4})
    out = cli("show", "suite", "toy").out
    for text in ("split train, first 3 images", "scale=1.0", "Nobody", "1.5", "Take care.", "seed"):
        assert text in out


def test_record_schema_is_the_schema_of_records(cli: InProcess) -> None:
    schema = json.loads(cli("show", "record-schema").out)
    assert {"suite", "method", "scores", "provenance"} <= set(schema["required"]) | {"scores"}


@pytest.mark.parametrize(
    ("kind", "offered"), [("method", ["toy_named", "toy_net"]), ("toys", []), (None, [])]
)
def test_completion_offers_names_of_the_kind(
    toy: Toy, kind: str | None, offered: list[str]
) -> None:
    context = SimpleNamespace(params={"kind": kind})
    assert of_kind(context, "toy_n") == offered  # type: ignore[arg-type]
