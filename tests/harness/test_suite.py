from __future__ import annotations

from typing import Any

import pytest
from toy_world import SUITE, Toy

from harness.errors import ConfigError, UnknownName
from harness.suite import Suite, load_suite, with_metric_params


def read(toy: Toy, name: str = "toy", **settings: Any) -> Suite:
    return load_suite(toy.known.suites.get(name).spec, settings)


def test_a_suite_takes_its_name_from_its_file(toy: Toy) -> None:
    suite = read(toy, toy.suite("other"))
    assert (suite.name, suite.image_size, suite.roles.test.split) == ("other", 16, "test")


def test_a_suite_that_calls_itself_otherwise_is_refused(toy: Toy) -> None:
    toy.suite(name_in_file=None)
    (toy.suites / "toy.toml").write_text(
        'name = "elsewhere"\n' + (toy.suites / "toy.toml").read_text()
    )
    with pytest.raises(ConfigError, match="not 'elsewhere'"):
        read(toy)


def test_a_misspelt_key_offers_the_right_one_and_names_the_file(toy: Toy) -> None:
    toy.suite(image_siez=64)
    with pytest.raises(UnknownName, match=r"toy\.toml.*'image_siez'.*'image_size'"):
        read(toy)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": "big"},
        {"image_size": 4},
        {"parts": 0},
        {"metrics": []},
        {"version": None},
        {"roles": {"fit": {"split": "train"}}},
        {"roles": {"fit": {"split": "train", "limit": 0}, "test": {"split": "test"}}},
    ],
    ids=["type", "too small", "no parts", "no metrics", "no version", "no test", "limit 0"],
)
def test_a_wrong_value_is_refused_with_the_file(toy: Toy, changes: dict[str, Any]) -> None:
    toy.suite(**changes)
    with pytest.raises(ConfigError, match=r"toy\.toml"):
        read(toy)


def test_a_published_row_of_an_unused_metric_is_refused(toy: Toy) -> None:
    row = {"method": "Old", "metric": "toy_pooled", "value": 1.0, "source": "Table 1"}
    toy.suite(published=[row])
    with pytest.raises(ConfigError, match=r"'Old'.*'toy_pooled'"):
        read(toy)


def test_a_published_row_of_a_used_metric_is_kept(toy: Toy) -> None:
    row = {"method": "Old", "metric": "toy_spread", "value": 1.0, "source": "Table 1"}
    toy.suite(published=[row])
    assert read(toy).published[0].value == 1.0


def test_a_metric_used_twice_is_refused(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_spread"}, {"name": "toy_spread", "params": {"scale": 2}}])
    with pytest.raises(ConfigError, match="'toy_spread' is used twice"):
        read(toy)


def test_settings_replace_fields_of_the_suite(toy: Toy) -> None:
    assert read(toy, image_size=32).image_size == 32


def test_a_metric_parameter_reaches_every_metric_that_has_it(toy: Toy) -> None:
    suite = with_metric_params(read(toy), {"scale": 3}, toy.known)
    assert [use.params for use in suite.metrics] == [{"scale": 3}, {}, {}]


def test_a_parameter_of_no_metric_is_refused_with_the_metrics(toy: Toy) -> None:
    with pytest.raises(ConfigError, match=r"suite\.scael.*toy_spread, toy_distance, toy_overlap"):
        with_metric_params(read(toy), {"scael": 3}, toy.known)


def test_the_protocol_holds_no_texts_rows_or_baselines() -> None:
    plain = Suite.model_validate({"name": "s", **SUITE})
    row = {"method": "Old", "metric": "toy_spread", "value": 1.0, "source": "Table 1"}
    talkative = Suite.model_validate(
        {
            "name": "s",
            **SUITE,
            "summary": "Other words.",
            "description": "More.",
            "notes": ["A note."],
            "published": [row],
            "baselines": ["toy_centre"],
            "oracles": ["toy_oracle"],
            "default_preset": "paper",
            "metrics": [*SUITE["metrics"], {"name": "toy_pooled"}],
        }
    )
    assert talkative.protocol() == plain.protocol()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "t"},
        {"version": 2},
        {"dataset": "toy_folder"},
        {"dataset_options": {"seed": 1}},
        {"image_size": 32},
        {"parts": 3},
        {"roles": {"fit": {"split": "train", "limit": 2}, "test": {"split": "test"}}},
        {"official_overlap": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_protocol_holds_all_that_changes_a_score(change: dict[str, Any]) -> None:
    plain = Suite.model_validate({"name": "s", **SUITE})
    assert Suite.model_validate({"name": "s", **SUITE, **change}).protocol() != plain.protocol()
