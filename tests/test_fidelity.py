"""The page that says what shows that each method is its paper's: fresh, whole, and refusing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from commands import ROOT

from harness.registry import registry
from harness.toml import read_toml

#: Methods that learn and are no paper's of their own, or stand in another one's section.
ELSEWHERE = {"keypoint_oracle", "caption_oracle"}


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import fidelity_page

    yield fidelity_page
    for name in ("fidelity_page", "fidelity_formulas", "fidelity_networks"):
        sys.modules.pop(name, None)


def test_the_page_is_fresh_and_all_that_it_says_holds() -> None:
    words = [sys.executable, "docs/fidelity_page.py", "--check"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_bundled_method_that_learns_has_a_section(page: Any) -> None:
    learned = {
        entry.spec.name
        for entry in registry().methods
        if entry.distribution == "harness" and entry.spec.kind == "learned"
    }
    assert set(page.METHODS) == learned - ELSEWHERE
    assert {path.stem for path in page.TEXTS.glob("*.toml")} == set(page.METHODS)


def test_every_naive_form_is_used(page: Any) -> None:
    used = {
        formula["live"]
        for name in page.METHODS
        for formula in read_toml(page.TEXTS / f"{name}.toml")["formulas"]
        if "live" in formula
    }
    assert used == set(page.CHECKS)


def test_a_count_that_misses_its_reference_is_refused(page: Any) -> None:
    case = {"preset": "paper", "for": "K = 10", "suite": "mafl", "from": "nowhere"}
    assert "271,694 | 271,694 | nowhere" in page.network_table(
        "thewlis", [{**case, "expected": {"detector": 271_694}}]
    )
    with pytest.raises(page.Flaw, match=r"thewlis, K = 10: .*271694.*reference is .*271695"):
        page.network_table("thewlis", [{**case, "expected": {"detector": 271_695}}])


@pytest.mark.parametrize("name", ["test_fidelity.py::test_nothing", "test_nowhere.py::test_a"])
def test_a_test_that_does_not_exist_is_refused(page: Any, name: str) -> None:
    with pytest.raises(page.Flaw, match=r"tests/test_.*\.py has no test 'test_"):
        page.shown_test(name)


def test_a_difference_above_its_bound_is_refused(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for found in (2e-9, float("nan")):
        monkeypatch.setitem(page.CHECKS, "projection", lambda found=found: found)
        with pytest.raises(page.Flaw, match=r"projection differs .* above 1e-9"):
            page.check_live("projection", 1e-9)
        page.check_live("spline", 1e-9)


def test_a_setting_that_does_not_exist_is_refused(page: Any) -> None:
    values = page.setting("imm", ["paper", "code"], "mafl", "halved_exponent")
    assert values == "`halved_exponent`: true / false"
    assert page.setting("imm", ["paper", "code"], "mafl", "sigma") == "`sigma`: 0.1"
    with pytest.raises(page.Flaw, match="imm has no setting 'sigmas'"):
        page.setting("imm", ["paper"], "mafl", "sigmas")
