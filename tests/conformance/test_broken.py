"""For every check of the kit there is a toy that breaks it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conforming import broken_methods, datasets, metrics
from toy_world import inline

from harness.conformance import conform
from harness.conformance import datasets as dataset_checks
from harness.conformance import suites as suite_checks
from harness.conformance.methods.checks import CHECKS as METHOD_CHECKS
from harness.conformance.metrics.checks import CHECKS as METRIC_CHECKS
from harness.contract.specs import Spec, SuiteSpec
from harness.registry import Entry, Registry, registry

#: A suite that keeps the contract.
SUITE: dict[str, Any] = {
    "version": 1,
    "summary": "A toy.",
    "dataset": "synthetic_faces",
    "dataset_options": {"fit": 8, "regress": 8, "test": 4},
    "image_size": 16,
    "parts": 2,
    "baselines": ["mean_shape", "untrained"],
    "oracles": ["part_centre_oracle"],
    "roles": {
        "fit": {"split": "fit"},
        "regress": {"split": "regress"},
        "test": {"split": "test"},
    },
    "metrics": [{"name": "landmark_error"}],
    "published": [
        {"method": "A", "metric": "landmark_error", "value": 1.0, "source": "B 2021, table 1"}
    ],
}
#: Changes of it by the check that they break, and it alone.
BROKEN_SUITES: dict[str, dict[str, Any]] = {
    "loads": {"summary": "two\nlines"},
    "names": {"baselines": ["nobody"]},
    "values": {"metrics": [{"name": "landmark_error", "params": {"origin": "moon"}}]},
    "roles": {"roles": {**SUITE["roles"], "regress": {"split": "nowhere"}}},
    "learned_and_tested": {"roles": {**SUITE["roles"], "test": {"split": "regress"}}},
    "truth_of_metrics": {
        "dataset": "good",
        "dataset_options": {},
        "roles": {"fit": {"split": "fit"}, "test": {"split": "test"}},
        "metrics": [{"name": "attribute_accuracy"}],
        "published": [],
    },
    "methods_of_metrics": {
        "metrics": [{"name": "landmark_error"}, {"name": "keypoint_edit_error"}]
    },
    "published": {
        "published": [
            {"method": "A", "metric": "landmark_error", "value": 1.0, "source": "somewhere"}
        ]
    },
}


def failed(kind: str, spec: Spec, **given: Any) -> dict[str, str]:
    """What fails of a thing, with the reasons."""
    known = Registry()
    catalogue: Any = getattr(known, f"{kind}s")
    catalogue.add(Entry(spec, "toys", "1"))
    found = conform.results(kind, spec.name, known=known, **given)
    return {one.check: one.detail for one in found if one.status == "failed"}


@pytest.mark.parametrize("spec", broken_methods.ALL_GOOD, ids=lambda spec: spec.capabilities[0])
def test_good_method_passes_every_check(spec: Any) -> None:
    assert failed("method", spec) == {}


@pytest.mark.parametrize("check", broken_methods.BROKEN)
def test_broken_method_is_caught_by_its_check_alone(check: str) -> None:
    found = failed("method", broken_methods.BROKEN[check])
    assert list(found) == [check], found


@pytest.mark.parametrize("check", metrics.BROKEN)
def test_broken_metric_is_caught_by_its_check_alone(check: str) -> None:
    found = failed("metric", metrics.BROKEN[check])
    assert list(found) == [check], found


@pytest.mark.parametrize("check", datasets.BROKEN)
def test_broken_dataset_is_caught_by_its_check_alone(check: str, tmp_path: Path) -> None:
    (tmp_path / "photo.txt").touch()
    found = failed("dataset", datasets.BROKEN[check], data=tmp_path)
    assert list(found) == [check], found


def test_good_metric_and_dataset_pass_every_check() -> None:
    assert failed("metric", metrics.GOOD) == failed("dataset", datasets.GOOD) == {}


def suite_failures(folder: Path, **changes: Any) -> dict[str, str]:
    """What fails of the suite with changes, beside the bundled things."""
    values = {**SUITE, **changes}
    path = folder / "toy.toml"
    path.write_text("".join(f"{key} = {inline(value)}\n" for key, value in values.items()))
    known = registry()
    with_toys = Registry(known.methods, known.datasets, known.metrics)
    spec = SuiteSpec(name="toy", summary="", path=path)
    with_toys.suites.add(Entry(spec, "toys", "1"))
    found = conform.results("suite", "toy", known=with_toys)
    return {one.check: one.detail for one in found if one.status == "failed"}


@pytest.fixture(autouse=True)
def _fresh_registry() -> Any:
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.mark.parametrize("check", BROKEN_SUITES)
def test_broken_suite_is_caught_by_its_check_alone(check: str, tmp_path: Path) -> None:
    registry().datasets.add(Entry(datasets.GOOD, "toys", "1"))
    found = suite_failures(tmp_path, **BROKEN_SUITES[check])
    assert list(found) == [check], found


def test_good_suite_passes_every_check(tmp_path: Path) -> None:
    assert suite_failures(tmp_path) == {}


def test_every_check_has_a_toy_that_breaks_it() -> None:
    """Only a machine with a GPU can break the last one."""
    names = [check.name for check in METHOD_CHECKS if check.name != "cuda_device"]
    assert sorted(broken_methods.BROKEN) == sorted(names)
    assert sorted(metrics.BROKEN) == sorted(check.name for check in METRIC_CHECKS)
    assert sorted(datasets.BROKEN) == sorted(check.name for check in dataset_checks.CHECKS)
    assert sorted(BROKEN_SUITES) == sorted(check.name for check in suite_checks.CHECKS)


def test_every_check_says_in_a_sentence_what_is_checked() -> None:
    for checks in (METHOD_CHECKS, METRIC_CHECKS, dataset_checks.CHECKS, suite_checks.CHECKS):
        for check in checks:
            assert check.sentence.endswith("."), check.name
