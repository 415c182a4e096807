from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_world import Toy

from harness.contract import MethodSpec
from harness.errors import ConfigError, ContractError, UnknownName
from harness.presets import (
    choose_preset,
    parse_settings,
    preset_about,
    preset_files,
    resolve_config,
)
from harness.registry import Entry


def entry(toy: Toy, name: str = "toy_net") -> Entry[MethodSpec]:
    return toy.known.methods.get(name)


def resolve(toy: Toy, preset: str, suite: str = "toy", **settings: Any) -> Any:
    return resolve_config(entry(toy), preset, suite=suite, settings=settings, base_preset="paper")


def test_presets_are_the_files_of_the_package(toy: Toy) -> None:
    files = preset_files(entry(toy).spec)
    assert list(files) == ["default", "paper", "quick"]
    assert preset_about(files["quick"]) == {"text": "A few steps.", "minutes": 1.5}
    assert preset_about(files["paper"]) == {}


def test_a_field_that_nothing_names_has_its_default(toy: Toy) -> None:
    assert resolve(toy, "quick").rate == 0.05


def test_a_preset_goes_before_the_default(toy: Toy) -> None:
    assert (resolve(toy, "paper").steps, resolve(toy, "paper").rate) == (8, 0.1)


def test_the_table_of_a_suite_goes_before_the_preset(toy: Toy) -> None:
    config = resolve(toy, "quick", "toy_wild")
    assert (config.rate, config.steps) == (0.5, 4)


def test_a_setting_goes_before_everything(toy: Toy) -> None:
    assert resolve(toy, "quick", "toy_wild", rate=0.7).rate == 0.7


def test_untrained_has_the_values_of_its_base(toy: Toy) -> None:
    assert resolve(toy, "untrained") == resolve(toy, "paper")


def test_a_wrong_setting_offers_the_nearest_key(toy: Toy) -> None:
    with pytest.raises(UnknownName, match=r"toy_net, preset quick.*'rtae'.*'rate'"):
        resolve(toy, "quick", rtae=1)


def test_a_setting_out_of_range_names_method_preset_and_value(toy: Toy) -> None:
    with pytest.raises(ConfigError, match=r"toy_net, preset quick: rate:.*got -1"):
        resolve(toy, "quick", rate=-1)


def test_a_wrong_setting_of_an_untrained_method_names_the_preset_that_it_takes(toy: Toy) -> None:
    with pytest.raises(ConfigError, match=r"toy_net, preset paper: rate:.*got -1"):
        resolve(toy, "untrained", rate=-1)


def test_the_preset_asked_for_goes_before_the_suites(toy: Toy) -> None:
    assert choose_preset(entry(toy), "paper", "quick") == "paper"
    assert choose_preset(entry(toy), None, "quick") == "quick"


def test_a_baseline_has_one_preset_whatever_is_asked(toy: Toy) -> None:
    assert choose_preset(entry(toy, "toy_centre"), "paper", "quick") == "default"


def test_an_unknown_preset_offers_the_nearest_one(toy: Toy) -> None:
    with pytest.raises(UnknownName, match=r"preset of toy_net 'papre'.*'paper'"):
        choose_preset(entry(toy), "papre", "quick")


def test_a_plugin_without_the_preset_is_named(toy: Toy) -> None:
    bare = replace(entry(toy), spec=replace(entry(toy).spec, presets="json"))
    with pytest.raises(ContractError, match=r"toy-package/toy_net.*presets/quick\.toml.*json"):
        resolve_config(bare, "quick", suite="toy", settings={}, base_preset="quick")


def test_a_plugin_without_the_package_of_presets_is_named(toy: Toy) -> None:
    with pytest.raises(ContractError, match="toy_net: no package 'no_such_package'"):
        preset_files(replace(entry(toy).spec, presets="no_such_package"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2.5e-3", -0.0025),
        ("true", True),
        ('"3"', "3"),
        ("plain words", "plain words"),
        ("[1, 2]", [1, 2]),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_a_setting_is_read_as_toml_and_else_as_text(text: str, value: object) -> None:
    assert parse_settings([f"key={text}"]) == ({"key": value}, {})


def test_settings_of_the_suite_are_told_apart() -> None:
    pairs = ["a=1", "suite.b=2", "suitable.c=3"]
    assert parse_settings(pairs) == ({"a": 1, "suitable.c": 3}, {"b": 2})


@pytest.mark.parametrize("text", ["steps", "=3", " =3"])
def test_a_setting_without_key_or_sign_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        parse_settings([text])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("suite = 3", "suite must be a table, got 3"),
        ("[suite]\ntoy = 'x'", "toy must be a table, got 'x'"),
        ("about = []", r"about must be a table, got \[\]"),
        ("[about]\nminutes = 'ten'", "about.minutes must be a number from 0 on, got 'ten'"),
        ("[about]\nminutes = nan", "about.minutes must be a number"),
    ],
)
def test_a_table_of_a_preset_that_is_none_is_named(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(text)
    monkeypatch.setattr("harness.presets.preset_files", lambda _: {"paper": path})
    with pytest.raises(ConfigError, match=rf"paper\.toml: {words}"):
        preset_about(path) if "about" in text else resolve(toy, "paper")


def test_a_wrong_preset_of_a_suite_is_told_from_one_that_was_asked_for(toy: Toy) -> None:
    with pytest.raises(UnknownName, match="The suite names it as its default_preset"):
        choose_preset(entry(toy), None, "papre")


def test_a_setting_nested_beyond_all_reason_is_text() -> None:
    deep = "[" * 3000
    assert parse_settings([f"key={deep}"]) == ({"key": deep}, {})
