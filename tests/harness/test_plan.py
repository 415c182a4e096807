from __future__ import annotations

import re
from typing import Any

import pytest
from toy_world import Toy

from harness.errors import ConfigError, HarnessError, UnknownName, UserError


def labels(toy: Toy, *methods: str, **request: Any) -> list[str]:
    return [cell.label for cell in toy.cells(*methods, **request)]


def test_every_method_runs_on_every_suite_with_every_seed(toy: Toy) -> None:
    toy.suite("other")
    found = labels(toy, "toy_net", "toy_parts", suites=("toy", "other"), seeds=(0, 2))
    assert found == [
        f"{suite}/{method}/quick/seed-{seed}"
        for suite in ("toy", "other")
        for method in ("toy_net", "toy_parts")
        for seed in (0, 2)
    ]


def test_a_repeated_name_runs_once(toy: Toy) -> None:
    found = labels(
        toy, "toy_net", "toy_net", "toy-package/toy_net", suites=("toy", "toy"), seeds=(1, 1)
    )
    assert found == ["toy/toy_net/quick/seed-1"]


def test_baselines_come_first_once_and_with_the_first_seed(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre", "toy_centre"], oracles=["toy_oracle"])
    cells = toy.cells("toy_net", "toy_parts", seeds=(5, 6))
    assert [(c.entry.spec.name, c.preset, c.seed, c.asked) for c in cells] == [
        ("toy_centre", "default", 5, False),
        ("toy_oracle", "default", 5, False),
        ("toy_net", "quick", 5, True),
        ("toy_net", "quick", 6, True),
        ("toy_parts", "quick", 5, True),
        ("toy_parts", "quick", 6, True),
    ]


def test_a_baseline_that_is_asked_for_is_not_run_twice(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre"])
    (cell,) = toy.cells("toy_centre")
    assert cell.asked


def test_baselines_can_be_left_out(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre", "untrained"])
    assert labels(toy, baselines=False) == ["toy/toy_net/quick/seed-0"]


def test_untrained_stands_beside_every_learned_method(toy: Toy) -> None:
    toy.suite(baselines=["untrained"])
    found = labels(toy, "toy_net", "toy_parts", "toy_centre")
    assert found[:2] == ["toy/toy_net/untrained/seed-0", "toy/toy_parts/untrained/seed-0"]
    assert len(found) == 5


def test_untrained_has_the_configuration_of_what_it_stands_beside(toy: Toy) -> None:
    toy.suite(baselines=["untrained"])
    untrained, trained = toy.cells(preset="paper", settings=("steps=3",))
    assert untrained.preset == "untrained"
    assert untrained.config == trained.config


def test_untrained_can_be_asked_for_alone(toy: Toy) -> None:
    toy.suite(baselines=["untrained"], default_preset="paper")
    (cell,) = toy.cells(preset="untrained")
    assert (cell.asked, cell.preset, cell.config.model_dump()["steps"]) == (True, "untrained", 8)


def test_the_default_preset_is_the_suites(toy: Toy) -> None:
    toy.suite(default_preset="paper")
    assert labels(toy) == ["toy/toy_net/paper/seed-0"]


def test_a_setting_reaches_the_methods_that_have_it(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre"])
    centre, net = toy.cells("toy_net", "toy_centre", settings=("steps=9",))[::-1]
    assert net.config.model_dump()["steps"] == 9
    assert "steps" not in centre.config.model_dump()


def test_a_setting_of_the_suite_reaches_suite_and_metrics(toy: Toy) -> None:
    cell = toy.cell(settings=("suite.image_size=32", "suite.scale=2.5"))
    assert cell.suite.image_size == 32
    assert cell.suite.metrics[0].params == {"scale": 2.5}


def test_the_metrics_asked_for_are_kept_in_the_cells(toy: Toy) -> None:
    cell = toy.cell(metrics=("toy_overlap",))
    assert cell.metrics == ("toy_overlap",)
    assert len(cell.suite.metrics) == 3


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        ({"methods": ("toy_nte",)}, UnknownName, "method 'toy_nte'.*'toy_net'"),
        ({"suites": ("tyo",)}, UnknownName, "suite 'tyo'.*'toy'"),
        ({"preset": "qick"}, UnknownName, "preset of toy_net 'qick'.*'quick'"),
        ({"settings": ("stesp=1",)}, UnknownName, "setting of toy_net 'stesp'.*'steps'"),
        ({"settings": ("steps=few",)}, ConfigError, "steps.*got 'few'"),
        ({"settings": ("rate=nan",)}, ConfigError, "rate.*finite"),
        ({"settings": ("suite.nothing=1",)}, ConfigError, r"suite\.nothing"),
        ({"settings": ("suite.image_size=3",)}, ConfigError, "image_size"),
        ({"metrics": ("toy_spraed",)}, UnknownName, "metric 'toy_spraed'.*'toy_spread'"),
        ({"metrics": ("toy_pooled",)}, UnknownName, "metric of the suite toy 'toy_pooled'"),
        ({"methods": ()}, UserError, "at least one --method"),
        ({"suites": ()}, UserError, "at least one"),
        ({"seeds": ()}, UserError, "at least one"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_mistake_is_found_before_anything_runs(
    toy: Toy, request_: dict[str, Any], kind: type[HarnessError], words: str
) -> None:
    from harness.plan import Request, make_plan

    asked = Request(**{"methods": ("toy_net",), "suites": ("toy",), **request_})
    with pytest.raises(kind) as caught:
        make_plan(asked, toy.known)
    assert re.search(words, str(caught.value))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "toy_dtaa"}, "dataset 'toy_dtaa'.*'toy_data'"),
        ({"baselines": ["toy_center"]}, "method 'toy_center'.*'toy_centre'"),
        ({"metrics": [{"name": "toy_spraed"}]}, "metric 'toy_spraed'"),
        ({"metrics": [{"name": "toy_spread", "params": {"scael": 1}}]}, "'scael'.*'scale'"),
        ({"default_preset": "qick"}, "preset of toy_net 'qick'"),
    ],
    ids=["dataset", "baseline", "metric", "parameter", "preset"],
)
def test_a_mistake_in_a_suite_is_found_before_anything_runs(
    toy: Toy, changes: dict[str, Any], words: str
) -> None:
    toy.suite(**changes)
    with pytest.raises(UnknownName) as caught:
        toy.cells()
    assert re.search(words, str(caught.value))


def test_settings_of_methods_without_settings_are_refused(toy: Toy) -> None:
    with pytest.raises(UnknownName, match="setting of toy_centre 'steps'"):
        toy.cells("toy_centre", settings=("steps=1",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": [{"name": "toy_spred"}]}, "suite toy: Unknown metric 'toy_spred'"),
        ({"dataset": "toy_dat"}, "suite toy: Unknown dataset 'toy_dat'"),
        ({"baselines": ["toy_center"]}, "suite toy: Unknown method 'toy_center'"),
    ],
)
def test_an_unknown_name_in_a_suite_names_the_suite(
    toy: Toy, changes: dict[str, Any], words: str
) -> None:
    toy.suite(**changes)
    with pytest.raises(UnknownName, match=words):
        toy.cells()
