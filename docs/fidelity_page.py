"""Writes docs/fidelity.md: what shows that each learned method is its paper's.

python docs/fidelity_page.py          # rewrite
python docs/fidelity_page.py --check  # exit 1 when the committed text is stale

The texts are in docs/fidelity/<method>.toml. Parameters are counted and formulas are computed here,
values of settings come from the presets, and the script refuses a reference count that is missed, a
difference above its bound, and a test or setting that does not exist.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fidelity_formulas import CHECKS
from fidelity_networks import configuration, counts

from harness.contract import MethodSpec
from harness.registry import registry
from harness.toml import as_toml, read_toml

DOCS = Path(__file__).resolve().parent
PAGE, TEXTS, TESTS = DOCS / "fidelity.md", DOCS / "fidelity", DOCS.parent / "tests"
#: Sections, in the page's order.
METHODS = (
    "gan_seg",
    "latent_keypoint_gan",
    "imm",
    "lmdis_rep",
    "thewlis",
    "feature_factorisation",
    "sgf",
    "interfacegan",
    "ganspace",
    "stylegan2",
    "progressive_gan",
    "attribute_oracle",
)

HEAD = """\
# Are these the papers' methods?

For every method that learns: the parameters of its networks beside a reference, the formulas that
are checked and how closely, and what the paper leaves open with the choice that was made. The
preset `paper` follows the paper's text, `code` the authors' code where it says something else,
`lineage` later code of the same authors. `quick` and `smoke` are small versions of ours and claim
nothing about the paper.

None of this shows that a published score is reached: that takes the papers' data and GPU days, and
leaderboards keep published and measured rows apart for that reason.

How to read the tables:

- **Parameters** are counted by this page's script from the networks that training builds. A
  reference is a count made from the layers that paper or code name, apart from our networks; where
  there is none, paper and code do not say enough to count.
- **Checked against**: a *naive form* is the formula written out with loops or whole matrices, in
  float64 unless said otherwise; *by hand* is a small case with numbers worked out on paper; *finite
  differences* are torch's `gradcheck`. Precisions marked * are differences that this page's script
  computes in float64, against naive forms of its own, whenever the page is checked; all others are
  the tolerance of the named test.
- **Settings** have their values in the presets: `paper` first, then `code` or `lineage` where there
  is one and it differs.

Written by `python docs/fidelity_page.py`; the texts are in `docs/fidelity/`.
"""


class Flaw(Exception):
    """Something that the page says is not so."""


def page() -> str:
    """The whole text.

    Raises:
        Flaw: a statement does not hold.
    """
    index = " · ".join(f"[{name}](#{name})" for name in METHODS)
    return "\n".join([HEAD, index, "", *(section(name) for name in METHODS)])


def section(method: str) -> str:
    """One method."""
    text = read_toml(TEXTS / f"{method}.toml")
    spec: MethodSpec = registry().methods.get(method).spec
    presets: list[str] = text["presets"]
    blocks = [f"## {method}", spec.paper, text["about"]]
    if "networks" in text:
        blocks += ["### Parameters", network_table(method, text["networks"])]
    blocks += ["### Formulas", formula_table(text["formulas"])]
    chosen = choice_table(method, presets, text["suite"], text["choices"])
    blocks += ["### What is open or contradictory, and what was chosen", chosen]
    if "unknown" in text:
        lines = "\n".join(f"- {line}" for line in text["unknown"])
        blocks += ["### What cannot be known", lines]
    return "\n\n".join(blocks) + "\n"


def network_table(method: str, cases: Sequence[Mapping[str, Any]]) -> str:
    """Counts beside references.

    Raises:
        Flaw: a count is not the reference's.
    """
    rows = []
    for case in cases:
        found = counts(method, case)
        expected: Mapping[str, int] = case.get("expected", {})
        if wrong := {k: v for k, v in expected.items() if found.get(k) != v}:
            raise Flaw(f"{method}, {case['for']}: {found}, the reference is {wrong}")
        for network in case.get("show", found):
            reference = f"{expected[network]:,}" if network in expected else ""
            source = case["from"] if network in expected else ""
            named = [f"`{case['preset']}`", case["for"], network]
            rows.append([*named, f"{found[network]:,}", reference, source])
    return table(
        ["preset", "for", "network", "parameters", "reference", "where the reference is from"], rows
    )


def formula_table(formulas: Sequence[Mapping[str, Any]]) -> str:
    """What is checked, how, how closely, and by which test.

    Raises:
        Flaw: there is no such test, or a difference is above its bound.
    """
    rows = []
    for formula in formulas:
        tests = "<br>".join(shown_test(name) for name in formula["tests"])
        precision = formula.get("precision", "")
        if "live" in formula:
            check_live(formula["live"], formula["within"])
            own = f"{short(formula['within'])}\\*"
            precision = f"{own}; test: {precision}" if precision else own
        rows.append([formula["what"], formula["how"], precision, tests])
    return table(["what", "checked against", "precision", "tests"], rows)


def check_live(name: str, within: float) -> None:
    """Compute a formula both ways.

    Raises:
        Flaw: they differ by more than `within`.
    """
    found = CHECKS[name]()
    if not found <= within:
        raise Flaw(f"{name} differs from its naive form by {found:.1e}, above {short(within)}")


def short(number: float) -> str:
    """A power of ten as people write it.

    >>> short(1e-9)
    '1e-9'
    """
    return f"{number:.0e}".replace("e-0", "e-")


def shown_test(name: str) -> str:
    """A test as a link, `path::function` below `tests/`.

    Raises:
        Flaw: the file has no such test.
    """
    path, _, function = name.partition("::")
    if function not in functions(TESTS / path):
        raise Flaw(f"tests/{path} has no test {function!r}")
    return f"[{function}](../tests/{path})"


@cache
def functions(path: Path) -> set[str]:
    """Names of all functions of a file; empty where there is no such file."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def choice_table(
    method: str, presets: Sequence[str], suite: str, choices: Sequence[Mapping[str, Any]]
) -> str:
    """What is open, what is known of it, the presets' settings, and why."""
    rows = []
    for choice in choices:
        here = [setting(method, presets, suite, name) for name in choice.get("settings", ())]
        here += [choice["here"]] if "here" in choice else []
        rows.append([choice["what"], choice["known"], "<br>".join(here), choice["why"]])
    return table(["what", "paper and code", "here", "why"], rows)


def setting(method: str, presets: Sequence[str], suite: str, name: str) -> str:
    """A setting with its values in the presets, once where all agree.

    Raises:
        Flaw: the method has no such setting.
    """
    values = []
    for preset in presets:
        known = settings_of(method, preset, suite)
        if name not in known:
            raise Flaw(f"{method} has no setting {name!r}")
        values.append("empty" if known[name] is None else as_toml(known[name]).replace('"', ""))
    return f"`{name}`: {' / '.join(dict.fromkeys(values))}"


@cache
def settings_of(method: str, preset: str, suite: str) -> dict[str, Any]:
    """All settings of a preset for a suite."""
    return configuration(method, preset, suite, {}).model_dump(mode="json")


def table(headers: list[str], rows: Iterable[list[str]]) -> str:
    """A markdown table without padding."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def main() -> int:
    """Rewrite or check the page."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    try:
        new = page()
    except Flaw as flaw:
        print(f"docs/fidelity: {flaw}")
        return 1
    if "--check" in sys.argv:
        if old != new:
            print("docs/fidelity.md is stale: run python docs/fidelity_page.py")
        return int(old != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
