"""What every dataset must keep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.conformance.descriptions import check_model
from harness.conformance.kit import Check, checks_of, fail, named, skip, unforeseen
from harness.conformance.sample_forms import check_arrays, check_labels, different
from harness.conformance.surroundings import PREFIX, image_files_opened, quiet_process
from harness.contract.arrays import Samples
from harness.contract.config import Options
from harness.contract.dataset import Dataset
from harness.contract.specs import DatasetSpec
from harness.errors import DataError, HarnessError
from harness.registry import Entry, Registry
from harness.suite import load_suite
from harness.toml import validate

#: Samples of a split that are read, and the side of their images.
FIRST, SIZE = 5, 32
#: How far landmarks may differ between two image sizes, as a fraction of the edge.
PLACE_TOLERANCE = 0.02


@dataclass
class DatasetSubject:
    """A dataset under test.

    Attributes:
        entry: the dataset with its owner.
        known: the registry, for the suites that use it.
        root: where its data lie; `None` where they are not at hand, or embedded.
        given: options in place of its defaults.
        empty: a folder without any file.
    """

    entry: Entry[DatasetSpec]
    known: Registry
    empty: Path
    root: Path | None = None
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> DatasetSpec:
        """The dataset's spec."""
        return self.entry.spec

    @cached_property
    def options(self) -> Options:
        """Its default options, with what was given."""
        model: type[Options] = self.entry.load(self.spec.options)
        return validate(model, self.given, f"dataset {self.spec.name}")

    def opened(self, root: Path | None = None) -> Dataset:
        """A fresh object, at another root where one is named."""
        where = None if self.spec.embedded else root or self.root
        if where is None and not self.spec.embedded:
            skip("Its data are not here; name their folder with --data.")
        dataset: Dataset = self.entry.load(self.spec.target)(where, self.options)
        return dataset

    @cached_property
    def dataset(self) -> Dataset:
        """One object that most checks share."""
        return self.opened()

    def read(self, split: str, size: int = SIZE) -> Samples:
        """The first samples of a split."""
        count = min(FIRST, len(self.dataset.ids(split)))
        return self.dataset.read(split, range(count), size)

    def filled(self) -> list[str]:
        """The splits that have images."""
        return [split for split in self.dataset.splits() if len(self.dataset.ids(split))]


def spec(data: DatasetSubject) -> None:
    """The spec has a `snake_case` name, one line of summary, a licence, and a home of its files."""
    found = data.spec
    named(found)
    if not found.licence.strip():
        fail("It names no licence.", "Say in one line under which terms the images stand.")
    if not found.embedded and not found.layout.strip():
        fail("It needs files and says not which.", "Give 'layout', the folder tree below its root.")
    target = data.entry.load(found.target)
    if not (isinstance(target, type) and issubclass(target, Dataset)):
        fail(f"{target!r} is no Dataset.", "Derive the class from harness.contract.Dataset.")


def options(data: DatasetSubject) -> None:
    """Every option has a description, and the defaults are valid."""
    check_model(data.entry.load(data.spec.options), Options, "options")
    _ = data.options


def missing_data(data: DatasetSubject) -> None:
    """An empty data root is refused with a `DataError` that names what is missing."""
    if data.spec.embedded:
        skip("It needs no files.")
    try:
        dataset = data.opened(data.empty)
        counts = [len(dataset.ids(split)) for split in dataset.splits()]
    except DataError as error:
        words = re.findall(r"[\w.-]{3,}", f"{data.spec.layout} {data.spec.home}")
        text = str(error)
        if str(data.empty) not in text and not any(word in text for word in words):
            fail(
                f"It says {text!r}.",
                "Name the file or folder that is missing, and where people get it.",
            )
        return
    except Exception as error:  # noqa: BLE001 - foreign code
        fail(
            f"In an empty folder: {unforeseen(error)}",
            "Raise harness.errors.DataError with the file that is missing and its home.",
        )
    fail(
        f"It opens an empty folder as splits of {counts} images.",
        "Raise harness.errors.DataError in the constructor where nothing is found.",
    )


def splits(data: DatasetSubject) -> None:
    """Splits have unique names, and at least one has images."""
    names = list(data.dataset.splits())
    if len(set(names)) < len(names) or not all(isinstance(n, str) and n for n in names):
        fail(f"Its splits are {names}.", "Give each a name of its own.")
    if not data.filled():
        fail("No split has an image.", "Raise harness.errors.DataError instead.")


def ids(data: DatasetSubject) -> None:
    """Ids are texts, unique within a split, and the same in every object."""
    other = data.opened()
    for split in data.dataset.splits():
        names = list(data.dataset.ids(split))
        if not all(isinstance(name, str) for name in names):
            fail(f"Split {split!r} has an id that is no text.", "Write ids as text.")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            fail(f"Split {split!r} has the id {twice!r} twice.", "An id names one image.")
        if names != list(other.ids(split)) or names != list(data.dataset.ids(split)):
            fail(
                f"The ids of split {split!r} differ between two objects.",
                "Sort what a folder lists, and draw from a fixed seed.",
            )


def lazy(data: DatasetSubject) -> None:
    """Opening it and listing ids reads no image."""
    if data.root is None and not data.spec.embedded:
        data.opened()
    kind: Any = data.entry.load(data.spec.target)
    calls: list[str] = []
    usual = kind.read

    def counted(self: Any, split: str, *rest: Any, **named: Any) -> Any:
        calls.append(split)
        return usual(self, split, *rest, **named)

    kind.read = counted
    try:
        with image_files_opened() as files:
            dataset = data.opened()
            count = sum(len(dataset.ids(split)) for split in dataset.splits())
    finally:
        kind.read = usual
    if calls:
        fail(f"Opening it calls read() of split {calls[0]!r}.", "Read images in read() alone.")
    if len(files) >= max(2, count // 2):
        fail(
            f"Opening it reads {len(files)} image files of {count} samples, the first is "
            f"{files[0]!r}.",
            "Read images in read() alone; listings must be quick.",
        )


def field_types(data: DatasetSubject) -> None:
    """Images and labels have the shapes, types and ranges of the contract in every split."""
    for split in data.filled():
        samples = data.read(split)
        expected = list(data.dataset.ids(split))[: len(samples.ids)]
        if list(samples.ids) != expected:
            fail(f"read() of {split!r} gave {samples.ids}.", f"Give the asked ones, {expected}.")
        check_arrays(split, samples, SIZE)
        check_labels(split, samples, data.dataset)


def repeated_reads(data: DatasetSubject) -> None:
    """Two reads are equal, also in another object and from several threads."""
    other = data.opened()
    for split in data.filled():
        count = min(FIRST, len(other.ids(split)))
        first = data.read(split)
        with ThreadPoolExecutor(2) as pool:
            reads = [pool.submit(other.read, split, range(count), SIZE) for _ in range(2)]
        for again in (data.read(split), *(one.result() for one in reads)):
            name = different(first, again)
            if name:
                fail(
                    f"{name!r} of split {split!r} differs between two reads.",
                    "Draw from a generator seeded by the image's place, and keep no memory.",
                )


def picked_reads(data: DatasetSubject) -> None:
    """A sample is the same whatever is read beside it, and in whatever order."""
    for split in data.filled():
        whole = data.read(split)
        order = list(range(len(whole)))[::-1]
        name = different(whole.take(order), data.dataset.read(split, order, SIZE))
        name = name or different(whole.take(order[:1]), data.dataset.read(split, order[:1], SIZE))
        if name:
            fail(
                f"{name!r} of a sample of split {split!r} depends on what is read with it.",
                "read() gives the asked positions, each by itself.",
            )


def other_sizes(data: DatasetSubject) -> None:
    """Landmarks are fractions: they stay where they are when images are read at another size."""
    for split in data.filled():
        small, large = data.read(split), data.read(split, 2 * SIZE)
        if large.images.shape[-2:] != (2 * SIZE, 2 * SIZE):
            fail(f"{split!r}: images of {list(large.images.shape)}.", "Resize to what is asked.")
        if small.landmarks is None or large.landmarks is None:
            continue
        gap = float(np.nan_to_num(np.abs(small.landmarks - large.landmarks)).max(initial=0))
        if gap > PLACE_TOLERANCE:
            fail(
                f"{split!r}: landmarks move by {gap:.3g} of the edge with the size.",
                "Divide pixels by width and height; the centre of pixel i is (i + 0.5) / W.",
            )


def disjoint(data: DatasetSubject) -> None:
    """No two splits that a suite learns and tests on share an id; without suites, none at all."""
    for learned, tested in _pairs(data):
        shared = set(data.dataset.ids(learned)) & set(data.dataset.ids(tested))
        if shared:
            fail(
                f"The splits {learned!r} and {tested!r} share {len(shared)} ids, such as "
                f"{min(shared)!r}.",
                "Give images of different splits different ids, or take them out of one.",
            )


def _pairs(data: DatasetSubject) -> Iterator[tuple[str, str]]:
    """Splits that must have no image in common."""
    used = False
    for entry in data.known.suites:
        try:
            suite = load_suite(entry.spec)
        except HarnessError:
            continue
        if suite.dataset != data.spec.name:
            continue
        used = True
        there = set(data.dataset.splits())
        pair = (suite.roles.fit.split, suite.roles.test.split)
        alike = suite.dataset_options == dict(data.given) and there >= set(pair)
        if alike and not suite.official_overlap:
            yield pair
    if not used:
        yield from combinations(data.dataset.splits(), 2)


def source(data: DatasetSubject) -> None:
    """`source` is plain JSON, and the same in two objects."""
    first, second = data.dataset.source(), data.opened().source()
    try:
        text = json.dumps(first, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        fail(f"source() is no JSON: {error}.", "Give plain values: texts, numbers, lists, dicts.")
    if text != json.dumps(second, sort_keys=True):
        fail(
            "source() differs between two objects of the same data.",
            "Hold what pixels and labels depend on, and no time or address of this process.",
        )


def counts(data: DatasetSubject) -> None:
    """`official_counts` names whole numbers, and splits that there are."""
    kind: Any = data.entry.load(data.spec.target)
    found = kind.official_counts(data.options)
    wrong = [name for name, count in found.items() if not isinstance(count, int) or count < 1]
    if wrong:
        fail(f"official_counts() gives {found[wrong[0]]!r} for {wrong[0]!r}.", "Give numbers.")
    if not found:
        skip("Nobody states how many images there are.")
    strange = set(found) - set(data.dataset.splits())
    if strange:
        fail(f"official_counts() names {min(strange)!r}, which is no split.", "Name splits.")


@contextmanager
def dataset_subject(
    entry: Entry[DatasetSpec],
    known: Registry,
    root: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> Iterator[DatasetSubject]:
    """A dataset under test; the process is as before afterwards."""
    where = None if root is None else root.resolve()
    with TemporaryDirectory(prefix=PREFIX) as name, quiet_process(Path(name)):
        empty = Path(name) / "empty"
        empty.mkdir()
        yield DatasetSubject(entry, known, empty, where, given or {})


_FUNCTIONS: Sequence[Any] = (
    spec,
    options,
    missing_data,
    splits,
    ids,
    lazy,
    field_types,
    repeated_reads,
    picked_reads,
    other_sizes,
    disjoint,
    source,
    counts,
)
CHECKS: tuple[Check[DatasetSubject], ...] = checks_of(_FUNCTIONS)
