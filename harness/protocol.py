"""From a suite and its data to the fingerprint that decides which scores are comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.cache import CachedSplit
from harness.contract.dataset import Dataset
from harness.errors import DataError
from harness.fingerprint import fingerprint
from harness.record import SuiteRef
from harness.registry import Registry
from harness.scoring import resolved_uses
from harness.suite import Suite


@dataclass(frozen=True)
class Prepared:
    """A suite with its data: opened once, used by every cell of the suite.

    Attributes:
        dataset: the opened dataset.
        roles: splits by role.
        ref: the suite as records name it.
        overlap: what the official protocol lets `fit` share with `test`, one sentence or empty.
    """

    dataset: Dataset
    roles: Mapping[str, CachedSplit]
    ref: SuiteRef
    overlap: str


def suite_ref(suite: Suite, roles: Mapping[str, CachedSplit], known: Registry) -> SuiteRef:
    """The suite as a record names it, with all that was hashed: protocol, metrics and data.

    Raises:
        UnknownName: a metric or a parameter does not exist.
        ConfigError: a parameter is wrong.
    """
    metrics = {
        use.name: {"version": spec.version, "params": params.model_dump(mode="json")}
        for use, spec, params in resolved_uses(suite, known)
    }
    protocol = {
        **suite.protocol(),
        "metrics": metrics,
        "data": {role: split.fingerprint for role, split in roles.items()},
        "images": {role: len(split.samples) for role, split in roles.items()},
    }
    return SuiteRef(
        name=suite.name,
        version=suite.version,
        fingerprint=fingerprint(protocol),
        protocol=protocol,
    )


def overlap_note(suite: Suite, roles: Mapping[str, CachedSplit]) -> str:
    """What test images the role `fit` contains, by name or by content; empty when there are none.

    Raises:
        DataError: there are some and the suite does not say that its protocol allows it.
    """
    fit, test = roles["fit"], roles["test"]
    names = set(fit.samples.ids) & set(test.samples.ids)
    contents = set(fit.digests) & set(test.digests)
    if not names and not contents:
        return ""
    found = f"{len(names)} test ids and {len(contents)} test images (by content) are also in fit"
    if not suite.official_overlap:
        example = (
            sorted(names)[0]
            if names
            else test.samples.ids[
                next(i for i, digest in enumerate(test.digests) if digest in contents)
            ]
        )
        raise DataError(
            f"Suite {suite.name!r}: {found}, for example {example!r}; remove them from one split, "
            "or set official_overlap = true where the published protocol is so."
        )
    return f"{found}, as the official protocol has it."
