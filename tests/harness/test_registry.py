from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from types import ModuleType

import pytest

from harness.contract import MethodSpec, MetricSpec, hook
from harness.contract.specs import ExecutorSpec
from harness.errors import ContractError, UnknownName
from harness.registry import Registry, load, registry


def method(name: str = "blobs", **changes: object) -> MethodSpec:
    given: dict[str, object] = {
        "summary": "Finds blobs.",
        "target": "collections:OrderedDict",
        "config": "harness.contract:MethodConfig",
        "presets": "json",
        "capabilities": ("detect",),
        **changes,
    }
    return MethodSpec(name=name, **given)  # type: ignore[arg-type]


def metric(name: str = "gap", **changes: object) -> MetricSpec:
    given: dict[str, object] = {
        "summary": "A gap.",
        "target": "x:Y",
        "params": "x:Y",
        "unit": "1",
        "direction": "lower",
        "needs": ("keypoints",),
        **changes,
    }
    return MetricSpec(name=name, **given)  # type: ignore[arg-type]


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EntryPoint]:
    """Makes the entry point of a module with the given hooks, owned by a package."""

    def make(package: str, **hooks: object) -> EntryPoint:
        module = ModuleType(f"{package}_plugin")
        for name, answer in hooks.items():

            def answering(answer: object = answer) -> object:
                return answer() if callable(answer) else answer

            answering.__name__ = name
            setattr(module, name, hook(answering))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return entry(tmp_path, package, module.__name__)

    return make


def entry(folder: Path, package: str, module: str) -> EntryPoint:
    info = folder / f"{package}-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 3.1\n")
    (info / "entry_points.txt").write_text(f"[harness]\n{package} = {module}\n")
    found = next(d for d in distributions(path=[str(folder)]) if d.name == package)
    return next(iter(found.entry_points))


def error_of(found: Registry, name: str) -> str:
    return next(plugin.error for plugin in found.plugins if plugin.name == name)


def test_a_plugin_offers_its_specs_with_its_owner(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("good", harness_methods=[method()])])
    blobs = found.methods.get("blobs")
    assert (blobs.full_name, blobs.package_version) == ("good/blobs", "3.1")
    assert found.plugins[0].offers == ("blobs",)
    assert found.plugins[0].error == ""


def test_a_plugin_that_cannot_be_imported_is_named_and_the_others_load(
    plug: Callable[..., EntryPoint], tmp_path: Path
) -> None:
    broken = entry(tmp_path, "broken", "no_such_module_anywhere")
    found = load([broken, plug("good", harness_methods=[method()])])
    assert found.methods.names() == ["blobs"]
    assert "no_such_module_anywhere" in error_of(found, "broken")
    assert error_of(found, "good") == ""


def test_a_plugin_that_exits_while_it_loads_is_contained(plug: Callable[..., EntryPoint]) -> None:
    def leave() -> None:
        sys.exit("bye")

    found = load([plug("rude", harness_methods=leave)])
    assert "SystemExit: bye" in error_of(found, "rude")


def test_two_owners_of_a_name_are_both_named(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("one", harness_methods=[method()]), plug("two", harness_methods=[method()])])
    with pytest.raises(ContractError, match="two owners: one/blobs and two/blobs"):
        found.methods.get("blobs")
    assert found.duplicates() == ["method 'blobs': one/blobs and two/blobs"]


def test_the_full_name_settles_which_of_two_owners_is_meant(
    plug: Callable[..., EntryPoint],
) -> None:
    found = load([plug("one", harness_methods=[method()]), plug("two", harness_methods=[method()])])
    assert found.methods.get("two/blobs").distribution == "two"
    with pytest.raises(UnknownName):
        found.methods.get("three/blobs")


def test_one_name_in_two_kinds_is_no_conflict(plug: Callable[..., EntryPoint]) -> None:
    executor = ExecutorSpec(name="blobs", summary="Runs.", target="x:Y")
    found = load([plug("one", harness_methods=[method()], harness_executors=[executor])])
    assert found.duplicates() == []
    assert found.methods.get("blobs").spec != found.executors.get("blobs").spec


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        ([{"name": "blobs"}], "got dict"),
        (method(), "got MethodSpec"),
        ([method(), metric()], "got MetricSpec"),
    ],
    ids=["dict", "no list", "other spec"],
)
def test_a_hook_that_returns_something_else_is_refused_whole(
    plug: Callable[..., EntryPoint], answer: object, got: str
) -> None:
    found = load([plug("wrong", harness_methods=answer, harness_metrics=[metric("sound")])])
    assert "'harness_methods' must return" in error_of(found, "wrong")
    assert got in error_of(found, "wrong")
    assert found.methods.names() == []
    assert found.metrics.names() == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (method(name=3), "a name must be one word without '/', ',' and '=', got 3"),
        (method(name="a b"), "got 'a b'"),
        (method(name=""), "got ''"),
        (method(summary=None), "'blobs': summary must be a str, got None"),
        (method(target=None), "'blobs': target must be a str, got None"),
    ],
)
def test_a_spec_with_fields_of_other_types_is_refused(
    plug: Callable[..., EntryPoint], spec: MethodSpec, words: str
) -> None:
    found = load([plug("odd", harness_methods=[spec])])
    assert words in error_of(found, "odd")
    assert found.methods.names() == []


def test_a_plugin_of_another_contract_is_refused_with_both_versions(
    plug: Callable[..., EntryPoint],
) -> None:
    found = load([plug("old", harness_methods=[method(contract=99)])])
    assert "'blobs' was built for contract 99, this harness has 1" in error_of(found, "old")
    assert found.methods.names() == []


def test_a_misspelt_hook_is_refused(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("typo", harness_method=[method()])])
    assert "unknown hook 'harness_method'" in error_of(found, "typo")


@pytest.mark.parametrize(
    ("hooks", "word"),
    [
        ({"harness_methods": [method(capabilities=("detekt",))]}, "detekt"),
        ({"harness_methods": [method(sees=("images", "the answers"))]}, "the answers"),
        ({"harness_metrics": [metric(needs=("luck",))]}, "luck"),
    ],
    ids=["capability", "input", "need"],
)
def test_a_word_the_contract_does_not_know_is_refused(
    plug: Callable[..., EntryPoint], hooks: dict[str, object], word: str
) -> None:
    found = load([plug("wordy", **hooks)])
    assert repr(word) in error_of(found, "wordy")


def test_an_unknown_name_offers_the_nearest_one(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("good", harness_methods=[method(), method("stripes")])])
    with pytest.raises(UnknownName) as caught:
        found.methods.get("blbos")
    assert str(caught.value) == (
        "Unknown method 'blbos'. Did you mean 'blobs'? 'harness list methods' shows all 2."
    )


def test_a_target_that_does_not_exist_names_the_package(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("good", harness_methods=[method(target="json:Nothing")])])
    blobs = found.methods.get("blobs")
    with pytest.raises(ContractError, match=r"good/blobs.*'json:Nothing'.*good 3\.1"):
        blobs.load(blobs.spec.target)


def test_loading_follows_no_order_of_the_entry_points(plug: Callable[..., EntryPoint]) -> None:
    points = [plug("b", harness_methods=[method("x")]), plug("a", harness_methods=[method("y")])]
    assert [p.name for p in load(points).plugins] == ["a", "b"]
    assert [p.name for p in load(points[::-1]).plugins] == ["a", "b"]


def test_the_environment_limits_which_plugins_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_PLUGINS", "executors")
    registry.cache_clear()
    try:
        found = registry()
    finally:
        registry.cache_clear()
    assert [plugin.name for plugin in found.plugins] == ["executors"]
    assert found.executors.names() == ["local", "ray"]


def test_an_error_is_traced_to_the_plugin_in_whose_code_it_happened(
    plug: Callable[..., EntryPoint], tmp_path: Path
) -> None:
    found = load([plug("good", harness_methods=[method()])])
    space = {"__name__": "good_plugin.inner"}
    exec("def fall(): raise KeyError('x')", space)
    with pytest.raises(KeyError) as caught:
        space["fall"]()  # type: ignore[operator]
    plugin, module = found.plugin_of(caught.value) or (None, "")
    assert plugin is not None
    assert (plugin.name, module) == ("good", "good_plugin.inner")


def test_an_error_of_the_core_belongs_to_no_plugin(plug: Callable[..., EntryPoint]) -> None:
    found = load([plug("good", harness_methods=[method()])])
    with pytest.raises(UnknownName) as caught:
        found.methods.get("nothing")
    assert found.plugin_of(caught.value) is None
