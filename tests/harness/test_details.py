from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from toy_world import Toy

from harness.details import settings, show
from harness.errors import UnknownName, UserError


class Inner(BaseModel):
    weight: float = Field(default=1.0, gt=0, description="Of the loss.")


class Model(BaseModel):
    steps: int = Field(ge=1, le=9, description="Steps.")
    mode: Literal["a", "b"] = "a"
    size: int | None = Field(default=None, ge=8)
    eyes: tuple[int, ...] = (0, 1)
    inner: Inner = Inner()


def test_settings_tell_type_default_and_limits() -> None:
    rows = {row["name"]: row for row in settings(Model)}
    assert rows["steps"] == {
        "name": "steps",
        "type": "integer",
        "required": True,
        "default": None,
        "limits": ">= 1, <= 9",
        "description": "Steps.",
    }
    assert rows["mode"]["type"] == "one of a, b"
    assert (rows["size"]["type"], rows["size"]["limits"]) == ("integer or null", ">= 8")
    assert (rows["eyes"]["type"], rows["eyes"]["default"]) == ("list of integer", [0, 1])


def test_fields_of_a_nested_model_have_dotted_names() -> None:
    rows = {row["name"]: row for row in settings(Model)}
    assert (rows["inner.weight"]["default"], rows["inner.weight"]["limits"]) == (1.0, "> 0")


def test_method_shows_presets_with_values_and_settings(toy: Toy) -> None:
    found = show("method", "toy_net", toy.known)
    assert found["package"] == "toy-package 1.2"
    assert found["capabilities"] == ["detect", "segment"]
    assert all("about" not in preset["values"] for preset in found["presets"].values())
    assert {row["name"] for row in found["settings"]} == {"image_size", "steps", "rate", "fail"}


def test_suite_shows_metrics_with_all_their_parameters(toy: Toy) -> None:
    found = show("suite", "toy", toy.known)
    assert found["metrics"][0] == {
        "metric": "toy_spread",
        "unit": "fraction",
        "direction": "lower",
        "params": {"scale": 1.0},
    }
    assert found["roles"]["test"]["split"] == "test"


def test_metric_shows_the_suites_that_use_it(toy: Toy) -> None:
    assert show("metric", "toy_spread", toy.known)["suites"] == ["toy"]
    assert show("metric", "toy_pooled", toy.known)["suites"] == []


def test_suite_that_cannot_be_read_does_not_hide_a_metric(toy: Toy) -> None:
    toy.suite("wrong", image_size="large")
    assert show("metric", "toy_spread", toy.known)["suites"] == ["toy"]


def test_dataset_shows_home_and_layout(toy: Toy) -> None:
    found = show("dataset", "toy_folder", toy.known)
    assert (found["home"], found["layout"]) == ("https://example.org/toy", "toy/\n  images/")


def test_wrong_words_are_answered_with_the_nearest(toy: Toy) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'method'"):
        show("metod", "toy_net", toy.known)
    with pytest.raises(UnknownName, match="Did you mean 'toy_net'"):
        show("method", "toy_nett", toy.known)
    with pytest.raises(UserError, match="harness list suites"):
        show("suite", "", toy.known)
