"""The protocol and the data that a record was measured by, opened again on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cache import ROLES, CachedSplit, Progress, load_roles, open_dataset
from harness.contract.arrays import Evaluation, Predicted
from harness.contract.dataset import Dataset
from harness.errors import DataError
from harness.fingerprint import changes
from harness.finished import told
from harness.predictions import predicted
from harness.record import Record
from harness.registry import Registry
from harness.suite import Suite, load_suite
from harness.toml import validate

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Opened:
    """A suite with its data.

    Attributes:
        suite: the protocol.
        dataset: the opened dataset.
        roles: splits by role.
    """

    suite: Suite
    dataset: Dataset
    roles: Mapping[str, CachedSplit]


def recorded_suite(record: Record, known: Registry) -> Suite:
    """The suite as the record's protocol has it, whatever the installed one says today.

    Raises:
        UnknownName: the suite is not installed.
        ConfigError: the protocol has fields or values that this version does not know.
    """
    installed = load_suite(known.suites.get(record.suite.name).spec)
    protocol = record.suite.protocol
    kept = {key: protocol[key] for key in Suite.model_fields if key in protocol}
    uses = [{"name": score.metric, "params": score.params} for score in record.scores]
    values = {**installed.model_dump(mode="json"), **kept, "metrics": uses, "published": []}
    return validate(Suite, values, f"record {record.id}: protocol")


def open_recorded(
    record: Record,
    known: Registry,
    *,
    data: Path | None = None,
    only: Sequence[str] = ROLES,
    progress: Progress | None = None,
) -> Opened:
    """What a record was measured on: its protocol, and data proven to be the same.

    Args:
        record: of a finished run with scores.
        known: the installed plugins.
        data: data root; `None` for the default one.
        only: roles to open.
        progress: told while images are read into the cache.

    Raises:
        UserError: suite or data are not on this machine, or are others than those of the record.
    """
    suite = recorded_suite(record, known)
    dataset = open_dataset(suite, known, data)
    roles = load_roles(suite, dataset, known, progress, only=only)
    recorded = record.suite.protocol.get("data", {})
    wanted = {"data": {role: value for role, value in recorded.items() if role in only}}
    found = {"data": {role: split.fingerprint for role, split in roles.items()}}
    if different := changes(wanted, found):
        raise DataError(
            f"The data of suite {suite.name!r} on this machine are not those that the record was "
            f"measured on: they differ in {told(different)}; name the right folder with --data."
        )
    return Opened(suite, dataset, roles)


def stored_evaluation(arrays: Mapping[str, NDArray[Any]], opened: Opened, file: str) -> Evaluation:
    """Predictions of a file with the truth, for metrics that need no more.

    Args:
        arrays: of the file, see `harness.predictions`; those of `regress` may be missing.
        opened: suite and data.
        file: name for messages.

    Raises:
        UserError: an array does not fit the suite.
    """
    truth = {role: split.samples for role, split in opened.roles.items()}

    def of(role: str) -> Predicted:
        return predicted(arrays, role, truth[role], parts=opened.suite.parts, file=file)

    labelled = "regress" in truth and any(name.startswith("regress_") for name in arrays)
    return Evaluation(
        test=of("test"),
        test_truth=truth["test"],
        regress=of("regress") if labelled else None,
        regress_truth=truth["regress"] if labelled else None,
        landmark_names=tuple(opened.dataset.landmark_names),
        part_names=tuple(opened.dataset.part_names),
        attribute_names=tuple(opened.dataset.attribute_names),
    )
