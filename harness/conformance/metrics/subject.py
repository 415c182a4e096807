"""A metric under test, with its parameters and what it says about hand-made evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from harness.conformance.kit import skip, unforeseen
from harness.conformance.metrics.worlds import evaluation
from harness.conformance.surroundings import PREFIX, quiet_process
from harness.contract.arrays import Evaluation, Measurement
from harness.contract.config import Options
from harness.contract.editing import Conditions
from harness.contract.specs import MetricSpec
from harness.errors import AssetMissing, DataError
from harness.registry import Entry
from harness.toml import validate

#: Whole numbers among the default parameters are cut to this, so that checks are quick.
MOST = 48


@dataclass
class MetricSubject:
    """A metric under test.

    Attributes:
        entry: the metric with its owner.
        given: parameters in place of its defaults.
        problem: why it could not measure a perfect method.
    """

    entry: Entry[MetricSpec]
    given: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def spec(self) -> MetricSpec:
        """The metric's spec."""
        return self.entry.spec

    @cached_property
    def params(self) -> Options:
        """The default parameters, with counts small enough for checks, and what was given."""
        model: type[Options] = self.entry.load(self.spec.params)
        plain = validate(model, self.given, f"metric {self.spec.name}")
        large = {
            name: MOST
            for name, value in plain
            if isinstance(value, int) and not isinstance(value, bool) and value > MOST
        }
        return validate(model, {**large, **self.given}, f"metric {self.spec.name}")

    def measure(self, shown: Evaluation) -> Measurement:
        """The answer of a fresh object."""
        measurement: Measurement = self.entry.load(self.spec.target)(self.params).measure(shown)
        return measurement

    def world(self, *, perfect: bool) -> Evaluation:
        """A hand-made evaluation, with oracles that answer what the metric reads."""
        return evaluation(self.spec.needs, perfect=perfect, conditions=self.conditions)

    @cached_property
    def conditions(self) -> Conditions:
        """What the oracles of an editor must answer for this metric."""
        kinds: tuple[Conditions, ...] = get_args(Conditions)
        if "editing" not in self.spec.needs:
            return kinds[0]
        for kind in kinds:
            try:
                self.measure(evaluation(self.spec.needs, perfect=True, conditions=kind))
            except DataError:
                continue
            return kind
        return kinds[0]

    def perfect(self) -> Measurement:
        """What it says of a perfect method; further checks mean nothing where it cannot."""
        if self.problem:
            skip(f"It cannot measure; see the check 'measures': {self.problem}")
        try:
            return self._perfect
        except AssetMissing:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code
            self.problem = unforeseen(error)
            skip(f"It cannot measure; see the check 'measures': {self.problem}")

    @cached_property
    def _perfect(self) -> Measurement:
        return self.measure(self.world(perfect=True))

    @property
    def reads_truth(self) -> bool:
        """Whether predictions are compared with labels."""
        return bool({"landmarks", "foreground", "part_labels"} & set(self.spec.needs))


@contextmanager
def metric_subject(
    entry: Entry[MetricSpec], given: Mapping[str, Any] | None = None
) -> Iterator[MetricSubject]:
    """A metric under test; the process is as before afterwards."""
    with TemporaryDirectory(prefix=PREFIX) as name, quiet_process(Path(name)):
        yield MetricSubject(entry, given or {})
