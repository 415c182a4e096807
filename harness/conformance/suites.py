"""What every suite must keep."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.cache import open_dataset
from harness.conformance.kit import Check, Failed, checks_of, fail, skip
from harness.conformance.surroundings import PREFIX, quiet_process
from harness.contract.arrays import Samples
from harness.contract.dataset import Dataset
from harness.contract.specs import MethodSpec, SuiteSpec
from harness.errors import DataError, HarnessError
from harness.plan import asset_cells
from harness.presets import UNTRAINED
from harness.registry import Entry, Registry
from harness.scoring import resolved_uses
from harness.suite import Role, Suite, dataset_options, load_suite

#: Samples of the role `test` that are read, and their side.
FIRST, SIZE = 3, 32
#: What of the truth a metric's need is.
TRUTH = {
    "landmarks": "landmarks",
    "foreground": "foreground",
    "part_labels": "parts",
    "attributes": "attributes",
}
#: Capabilities of which a method must have one, by a metric's need.
OFFERS = {
    "keypoints": ("detect", "segment", "locate", "detect_with_truth"),
    "parts": ("segment",),
    "detector": ("detect", "segment"),
    "samples": ("sample",),
    "render": ("render",),
}
#: What names a place in a paper.
PLACE = re.compile(r"\b(table|tab\.|figure|fig\.|section|sec\.|appendix|page|p\.)|§", re.IGNORECASE)


@dataclass
class SuiteSubject:
    """A suite under test.

    Attributes:
        entry: the suite with its owner.
        known: the registry.
        root: where its data lie, or `None` for the default data root.
    """

    entry: Entry[SuiteSpec]
    known: Registry
    root: Path | None = None

    @cached_property
    def suite(self) -> Suite:
        """The suite as its file has it."""
        return load_suite(self.entry.spec)

    @cached_property
    def dataset(self) -> Dataset:
        """Its dataset; skips the check where the data are not here."""
        try:
            return open_dataset(self.suite, self.known, self.root)
        except DataError as error:
            if self.known.datasets.get(self.suite.dataset).spec.embedded:
                raise
            first = str(error).splitlines()[0]
            skip(f"Its data are not here; name their folder with --data ({first})")

    @property
    def roles(self) -> dict[str, Role]:
        """The roles that it uses."""
        named = {"fit": self.suite.roles.fit, "test": self.suite.roles.test}
        regress = self.suite.roles.regress
        return named if regress is None else {**named, "regress": regress}


def loads(subject: SuiteSubject) -> None:
    """The TOML file is valid, its name is the file's, and it has a summary of one line."""
    summary = subject.suite.summary
    if not summary.strip() or "\n" in summary:
        fail(f"Its summary is {summary!r}.", "Give it one line for listings.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", subject.suite.name):
        fail(f"Its name is {subject.suite.name!r}.", "Name the file in snake_case.")


def names(subject: SuiteSubject) -> None:
    """Dataset, metrics, baselines, oracles and assets that it names are installed."""
    suite, known = subject.suite, subject.known
    try:
        known.datasets.get(suite.dataset)
        for use in suite.metrics:
            known.metrics.get(use.name)
        found = [known.methods.get(name) for name in _methods(suite)]
    except HarnessError as error:
        fail(str(error), "Name what is installed, or make the package that brings it a dependency.")
    kinds = {entry.spec.name: entry.spec.kind for entry in found}
    for name in suite.oracles:
        if kinds[name] != "oracle":
            fail(f"{name!r} is no oracle.", "Oracles are the methods that see test labels.")
    for name in suite.baselines:
        if name != UNTRAINED and kinds[name] != "trivial":
            fail(f"{name!r} is no baseline.", "Baselines are methods of the kind 'trivial'.")


def values(subject: SuiteSubject) -> None:
    """Options of the dataset, parameters of metrics and settings of assets are valid."""
    suite, known = subject.suite, subject.known
    try:
        dataset_options(suite, known)
        resolved_uses(suite, known)
        asset_cells(suite, known)
    except HarnessError as error:
        fail(str(error), "Mend the suite's file.")


def roles(subject: SuiteSubject) -> None:
    """The splits of its roles exist and have images."""
    dataset = subject.dataset
    there = list(dataset.splits())
    for role, use in subject.roles.items():
        if use.split not in there:
            fail(
                f"The role {role!r} names the split {use.split!r}; there are {', '.join(there)}.",
                "Name a split of the dataset.",
            )
        if role != "regress" and not len(dataset.ids(use.split)):
            fail(f"The split {use.split!r} for {role!r} has no image.", "Name another split.")


def learned_and_tested(subject: SuiteSubject) -> None:
    """No image of the role `test` is learned from, unless it says that the protocol has it so."""
    if subject.suite.official_overlap:
        skip("Its protocol lets images overlap, and it says so.")
    _need_roles(subject)
    found = {role: _ids(subject, use) for role, use in subject.roles.items()}
    tested = found.pop("test")
    for role, learned in found.items():
        shared = learned & tested
        if shared:
            fail(
                f"{len(shared)} images of the role 'test' are in {role!r}, such as "
                f"{min(shared)!r}.",
                "Use other splits, or say official_overlap = true where the protocol has it so.",
            )


def truth_of_metrics(subject: SuiteSubject) -> None:
    """The dataset has the labels that its first metric needs; what others lack, all rows lack."""
    suite = subject.suite
    _need_roles(subject)
    split = suite.roles.test.split
    count = min(FIRST, len(subject.dataset.ids(split)))
    samples: Samples = subject.dataset.read(split, range(count), SIZE)
    for use in suite.metrics:
        for need in subject.known.metrics.get(use.name).spec.needs:
            if need in TRUTH and getattr(samples, TRUTH[need]) is None:
                fail(
                    f"The metric {use.name!r} needs {need}, and the split {split!r} has none.",
                    "Use a metric that does without, or a dataset that has them.",
                )


def methods_of_metrics(subject: SuiteSubject) -> None:
    """Some installed method can get a score of every metric; editors have their assets."""
    suite, known = subject.suite, subject.known
    offers = [set(entry.spec.capabilities) for entry in known.methods if _runs(entry, suite)]
    for use in suite.metrics:
        needs = known.metrics.get(use.name).spec.needs
        if "editing" in needs and suite.assets is None:
            fail(
                f"The metric {use.name!r} scores editors, and the suite has no assets.",
                "Name generator, guide and judge below [assets].",
            )
        wanted = [OFFERS[need] for need in needs if need in OFFERS]
        if not any(all(have & set(some) for some in wanted) for have in offers):
            fail(f"No installed method can be scored by {use.name!r}.", "Use another metric.")


def published(subject: SuiteSubject) -> None:
    """Every published row names its method, its paper with table or figure, and a finite value."""
    rows = subject.suite.published
    if not rows:
        skip("It has no published rows.")
    for row in rows:
        if not row.method.strip():
            fail("A published row names no method.", "Name it as the paper does.")
        if not math.isfinite(row.value):
            fail(f"The row {row.method!r} has the value {row.value}.", "Leave it out.")
        text = f"{row.source} {'page ' if row.page else ''}"
        if not PLACE.search(text):
            fail(
                f"The row {row.method!r} has the source {row.source!r}.",
                "Name the paper and its table, such as 'Author 2021, table 1'.",
            )


def _need_roles(subject: SuiteSubject) -> None:
    """Go on where the check `roles` passes."""
    try:
        roles(subject)
    except Failed as reason:
        skip(f"See the check 'roles': {reason}")


def _methods(suite: Suite) -> list[str]:
    """Names of all methods that a suite needs."""
    named = [name for name in (*suite.baselines, *suite.oracles) if name != UNTRAINED]
    if suite.assets is not None:
        uses: dict[str, Any] = dict(suite.assets)
        named += [use.method for use in uses.values()]
    return named


def _runs(entry: Entry[MethodSpec], suite: Suite) -> bool:
    return ("edit" in entry.spec.capabilities) == (suite.assets is not None)


def _ids(subject: SuiteSubject, use: Role) -> set[str]:
    return set(list(subject.dataset.ids(use.split))[: use.limit])


@contextmanager
def suite_subject(
    entry: Entry[SuiteSpec], known: Registry, root: Path | None = None
) -> Iterator[SuiteSubject]:
    """A suite under test; the process is as before afterwards."""
    where = None if root is None else root.resolve()
    with TemporaryDirectory(prefix=PREFIX) as name, quiet_process(Path(name)):
        yield SuiteSubject(entry, known, where)


CHECKS: tuple[Check[SuiteSubject], ...] = checks_of(
    (
        loads,
        names,
        values,
        roles,
        learned_and_tested,
        truth_of_metrics,
        methods_of_metrics,
        published,
    )
)
