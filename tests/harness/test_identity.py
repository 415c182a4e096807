from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from toy_world import Toy

from harness.cache import CachedSplit, load_roles, open_dataset
from harness.identity import fit_owner, method_ref, record_id, repeat_command
from harness.plan import Cell
from harness.record import MethodRef, SuiteRef


def roles(toy: Toy, cell: Cell) -> dict[str, CachedSplit]:
    return load_roles(cell.suite, open_dataset(cell.suite, toy.known), toy.known)


def owner(toy: Toy, method: str = "toy_net", **request: Any) -> str:
    cell = toy.cell(method, **request)
    return fit_owner(cell, roles(toy, cell))


def test_the_record_names_the_method_with_its_owner(toy: Toy) -> None:
    ref = method_ref(toy.cell())
    assert (ref.plugin, ref.plugin_version, ref.name) == ("toy-package", "1.2", "toy_net")
    assert (ref.kind, ref.preset, ref.sees) == ("learned", "quick", ["images"])
    assert ref.config == {"image_size": None, "steps": 4, "rate": 0.05, "fail": ""}


def test_a_method_is_its_owner_name_version_and_configuration(toy: Toy) -> None:
    cell = toy.cell()
    spec = cell.entry.spec
    others = [
        toy.cell("toy_parts"),
        toy.cell(settings=("rate=0.06",)),
        toy.cell(preset="untrained"),
        replace(cell, entry=replace(cell.entry, distribution="another")),
        replace(cell, entry=replace(cell.entry, spec=replace(spec, version=2))),
    ]
    prints = [method_ref(other).fingerprint for other in [cell, *others]]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    "change",
    [{"preset": "paper", "settings": ("steps=4", "rate=0.05")}, {"seeds": (9,)}],
    ids=["preset's name", "seed"],
)
def test_the_name_of_the_preset_and_the_seed_are_no_part_of_a_method(
    toy: Toy, change: dict[str, Any]
) -> None:
    assert method_ref(toy.cell(**change)).fingerprint == method_ref(toy.cell()).fingerprint


def test_an_untrained_method_is_a_trivial_one(toy: Toy) -> None:
    assert method_ref(toy.cell(preset="untrained")).kind == "trivial"


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": (1,)},
        {"settings": ("rate=0.06",)},
        {"settings": ("image_size=8",)},
        {"settings": ("suite.parts=3",)},
        {"settings": ("suite.image_size=20",)},
        {"preset": "untrained"},
    ],
    ids=str,
)
def test_weights_depend_on(toy: Toy, change: dict[str, Any]) -> None:
    assert owner(toy, **change) != owner(toy)


def test_weights_depend_on_the_images(toy: Toy) -> None:
    before = owner(toy)
    toy.suite(dataset_options={"seed": 1})
    assert owner(toy) != before


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": [{"name": "toy_spread", "params": {"scale": 2.0}}]},
        {"version": 2},
        {"summary": "Other."},
    ],
    ids=["metrics", "version", "summary"],
)
def test_weights_do_not_depend_on_how_they_are_scored(toy: Toy, change: dict[str, Any]) -> None:
    before = owner(toy)
    toy.suite(**change)
    assert owner(toy) == before


@pytest.mark.parametrize(("method", "depends"), [("toy_net", False), ("toy_labelled", True)])
def test_weights_depend_on_labels_only_where_they_are_seen(
    toy: Toy, method: str, depends: bool
) -> None:
    before = owner(toy, method)
    toy.suite(dataset_options={"regress_images": 3})
    assert (owner(toy, method) != before) == depends


def test_a_record_is_told_by_suite_method_and_seed(toy: Toy) -> None:
    ref = SuiteRef(name="s", version=1, fingerprint="a", protocol={})
    cell = toy.cell()
    ids = {
        record_id(cell, ref),
        record_id(cell, ref.model_copy(update={"fingerprint": "b"})),
        record_id(toy.cell(seeds=(1,)), ref),
        record_id(toy.cell("toy_parts"), ref),
    }
    assert len(ids) == 4
    assert {len(name) for name in ids} == {16}


def test_the_command_repeats_the_cell(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre", "untrained"])
    settings = ("rate=0.2", "suite.scale=2", 'fail=""')
    commands = [repeat_command(cell) for cell in toy.cells(seeds=(3,), settings=settings)]
    suite = "--set suite.scale=2"
    assert commands == [
        f"harness run --method toy_centre --suite toy --seed 3 {suite}",
        "harness run --method toy_net --suite toy --preset untrained --seed 3 "
        f"--set rate=0.2 {suite} --set 'fail=\"\"'",
        "harness run --method toy_net --suite toy --preset quick --seed 3 "
        f"--set rate=0.2 {suite} --set 'fail=\"\"'",
    ]


def test_the_command_leaves_out_settings_of_other_methods(toy: Toy) -> None:
    cells = toy.cells("toy_net", "toy_centre", settings=("rate=0.2",))
    assert [("rate" in repeat_command(cell)) for cell in cells] == [True, False]


def test_a_later_setting_counts_only_where_it_is_not_its_default(toy: Toy) -> None:
    """Records from before the setting and new ones share a row."""
    cell = toy.cell()

    class Later(type(cell.config)):  # type: ignore[misc]
        later_settings = ("twist",)
        twist: float = 0.0

    def ref(**settings: float) -> MethodRef:
        config = Later(**cell.config.model_dump(), **settings)
        return method_ref(replace(cell, config=config))

    assert ref() == ref(twist=0.0) == method_ref(cell)
    assert ref(twist=0.5).config == {**method_ref(cell).config, "twist": 0.5}
    assert ref(twist=0.5).fingerprint != ref().fingerprint


def test_what_a_configuration_lets_a_method_see_stands_in_the_record(toy: Toy) -> None:
    cell = toy.cell()

    class Weights(type(cell.config)):  # type: ignore[misc]
        def also_sees(self) -> tuple[str, ...]:
            return ("imagenet weights",)

    seeing = replace(cell, config=Weights(**cell.config.model_dump()))
    assert method_ref(seeing).sees == ["images", "imagenet weights"]
