"""From a suite and its data to the fingerprint that decides which scores are comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.fingerprint import fingerprint
from harness.record import SuiteRef
from harness.registry import Registry
from harness.scoring import metric_settings
from harness.suite import Suite

if TYPE_CHECKING:  # leaderboards are made without them
    from harness.assets import Asset
    from harness.cache import CachedSplit
    from harness.contract.dataset import Dataset


@dataclass(frozen=True)
class Prepared:
    """A suite with its data: opened once, used by every cell of the suite.

    Attributes:
        dataset: the opened dataset.
        roles: splits by role.
        ref: the suite as records name it.
        overlap: what the official protocol lets `fit` share with `test`, one sentence or empty.
        metrics: version and parameters of the suite's metrics, by name.
        assets: what the suite's editors share, by name; empty for other suites.
    """

    dataset: Dataset
    roles: Mapping[str, CachedSplit]
    ref: SuiteRef
    overlap: str
    metrics: Mapping[str, Mapping[str, Any]]
    assets: Mapping[str, Asset] = field(default_factory=dict)


def suite_ref(
    suite: Suite,
    roles: Mapping[str, CachedSplit],
    known: Registry,
    assets: Mapping[str, Asset] | None = None,
) -> SuiteRef:
    """The suite as a record names it, with all that was hashed: protocol, ranking metric and data.

    The fits of assets, on which every score of an editor depends, are among the data.

    Raises:
        UnknownName: a metric or a parameter does not exist.
        ConfigError: a parameter is wrong.
    """
    protocol = {
        **ranked_protocol(suite, known),
        "data": {role: split.fingerprint for role, split in roles.items()},
        "images": {role: len(split.samples) for role, split in roles.items()},
    }
    if assets:
        protocol["asset_fits"] = {name: asset.owner for name, asset in assets.items()}
    return SuiteRef(
        name=suite.name,
        version=suite.version,
        fingerprint=fingerprint(protocol),
        protocol=protocol,
    )


def ranked_protocol(suite: Suite, known: Registry) -> dict[str, Any]:
    """What is hashed of a suite beside its data: its protocol and the metric that ranks.

    Files that settings of assets name are left out: their content is in the assets' fits. The other
    metrics are left out, so that one more or a changed one leaves all other scores
    comparable; a score of theirs is compared by its own version and parameters.

    Raises:
        UnknownName: a metric, a parameter or an asset's method does not exist.
        ConfigError: a parameter is wrong.
    """
    name, settings = next(iter(metric_settings(suite, known).items()))
    protocol = suite.protocol()
    for asset in protocol.get("assets", {}).values():
        entry = known.methods.get(asset["method"])
        for setting in entry.load(entry.spec.config).file_settings:
            asset["settings"].pop(setting, None)
    return {**protocol, "ranking": {"metric": name, **settings}}


def overlap_note(suite: Suite, roles: Mapping[str, CachedSplit]) -> str:
    """What test images the roles `fit` and `regress` contain, by name or by content.

    Returns:
        One sentence; empty when they contain none.

    Raises:
        DataError: there are some and the suite does not say that its protocol allows it.
    """
    found = [
        sentence
        for role in ("fit", "regress")
        if role in roles and (sentence := _shared_with_test(roles[role], roles["test"], role))
    ]
    if not found:
        return ""
    if not suite.official_overlap:
        raise DataError(
            f"Suite {suite.name!r}: {' and '.join(found)}; remove them from one split, or set "
            "official_overlap = true where the published protocol is so."
        )
    return f"{' and '.join(found)}, as the official protocol has it."


def _shared_with_test(split: CachedSplit, test: CachedSplit, role: str) -> str:
    names, contents = set(split.samples.ids), set(split.digests)
    same_name = [name for name in test.samples.ids if name in names]
    same_content = [
        name
        for name, digest in zip(test.samples.ids, test.digests, strict=True)
        if digest in contents
    ]
    if not same_name and not same_content:
        return ""
    return (
        f"{len(same_name)} test ids and {len(same_content)} test images (by content) are also in "
        f"{role}, for example {[*same_name, *same_content][0]!r}"
    )
