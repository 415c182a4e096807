"""Looking at a suite's data before it is used: counts, checks, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import open_dataset
from harness.contract.dataset import Dataset
from harness.errors import DataError, HarnessError
from harness.names import unknown_name
from harness.registry import Registry
from harness.suite import Suite

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class SplitCount:
    """How many images a split has, and which of the suite's roles use it."""

    split: str
    images: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class DataReport:
    """What `harness data check` found.

    Attributes:
        dataset: its name.
        root: where it was looked for; empty for embedded datasets.
        splits: counts.
        checks: what was looked at.
    """

    dataset: str
    root: str
    splits: tuple[SplitCount, ...]
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.ok for check in self.checks)


def check_data(suite: Suite, known: Registry, data: Path | None = None) -> DataReport:
    """Open a suite's dataset, count its splits and look at what can be looked at quickly.

    Every split that the suite uses must exist, hold images, and its first image must be readable
    at the suite's size. A dataset may offer more by a method `check()` that returns
    (what, ok, detail).

    Raises:
        DataError: the dataset cannot even be opened.
    """
    dataset = open_dataset(suite, known, data)
    roles = _roles(suite)
    splits = tuple(
        SplitCount(split, len(dataset.ids(split)), tuple(r for r, s in roles.items() if s == split))
        for split in dataset.splits()
    )
    checks = [_check_role(dataset, role, split, suite) for role, split in roles.items()]
    own = getattr(dataset, "check", None)
    if callable(own):
        checks += [Check(str(what), bool(ok), str(detail)) for what, ok, detail in own()]
    root = "" if dataset.root is None else str(dataset.root)
    return DataReport(suite.dataset, root, splits, tuple(checks))


def preview(
    suite: Suite,
    known: Registry,
    *,
    data: Path | None = None,
    split: str | None = None,
    count: int = 24,
) -> Image:
    """A contact sheet of a split's first samples with all that the dataset says about them.

    Args:
        suite: whose dataset and image size are used.
        known: the installed plugins.
        data: data root; `None` for the default one.
        split: name of a split; the one of the role `test` by default.
        count: number of samples.

    Raises:
        UnknownName: there is no such split.
        DataError: files are missing or broken, or the split has no image.
    """
    from harness.truth_sheet import Names, truth_sheet

    dataset = open_dataset(suite, known, data)
    chosen = split or suite.roles.test.split
    if chosen not in dataset.splits():
        raise unknown_name(f"split of {suite.dataset}", chosen, dataset.splits())
    shown = range(min(count, len(dataset.ids(chosen))))
    if not shown:
        raise DataError(f"{suite.dataset}: the split {chosen!r} has no image to show.")
    names = Names(dataset.landmark_names, dataset.part_names, dataset.attribute_names)
    return truth_sheet(dataset.read(chosen, shown, suite.image_size), names, count=count)


def _roles(suite: Suite) -> dict[str, str]:
    uses = (("fit", suite.roles.fit), ("regress", suite.roles.regress), ("test", suite.roles.test))
    return {role: use.split for role, use in uses if use is not None}


def _check_role(dataset: Dataset, role: str, split: str, suite: Suite) -> Check:
    what = f"role {role}: split {split}"
    if split not in dataset.splits():
        return Check(what, False, f"no such split; there are {', '.join(dataset.splits())}")
    if not dataset.ids(split):
        # A suite may go without a regressor; learning and testing need images.
        return Check(what, role == "regress", "no image")
    try:
        samples = dataset.read(split, [0], suite.image_size)
    except HarnessError as error:
        return Check(what, False, str(error))
    labels = [name for name in ("landmarks", "parts", "foreground") if _has(samples, name)]
    return Check(what, True, f"first image readable; labels: {', '.join(labels) or 'none'}")


def _has(samples: object, name: str) -> bool:
    return getattr(samples, name) is not None
