"""What a suite's editors share: its generator and oracles, as cells that are fitted into the cache.

A suite that compares editors of latents names three methods as assets. Each is fitted like any cell
of the suite, but into the harness's cache, where every editor finds it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.cache import CachedSplit
from harness.environment import asset_root
from harness.errors import DataError
from harness.identity import fit_owner
from harness.plan import Cell, asset_cells
from harness.registry import Registry
from harness.suite import AssetUse, Suite

#: What editors see of them.
SEEN_BY_EDITORS = ("generator", "guide")


@dataclass(frozen=True)
class Asset:
    """One asset of a suite with the images it learns from.

    Attributes:
        name: `generator`, `guide` or `judge`.
        cell: the method, its configuration and seed.
        roles: the suite's splits, `regress` cut to the asset's share.
    """

    name: str
    cell: Cell
    roles: Mapping[str, CachedSplit]

    @property
    def owner(self) -> str:
        """Fingerprint of all that its weights depend on."""
        return fit_owner(self.cell, self.roles)

    @property
    def folder(self) -> Path:
        """Where it is fitted, below the cache."""
        return asset_folder(self.cell.entry.spec.name, self.owner)


def asset_folder(method: str, owner: str) -> Path:
    """The cache folder of an asset: named by its method and the fingerprint of its fit."""
    return asset_root() / f"{method}-{owner[:16]}"


def planned_assets(
    suite: Suite, roles: Mapping[str, CachedSplit], known: Registry
) -> dict[str, Asset]:
    """A suite's assets with the images they learn from.

    Raises:
        DataError: the suite has no labelled images for its oracles.
        UnknownName, ConfigError: as `asset_cells`.
    """
    cells = asset_cells(suite, known)
    if suite.assets is None:
        return {}
    if "regress" not in roles:
        raise DataError(f"Suite {suite.name!r}: its oracles need labelled images (role 'regress').")
    uses: dict[str, AssetUse] = dict(suite.assets)
    return {
        name: Asset(name, cell, {**roles, "regress": _share(roles["regress"], uses[name])})
        for name, cell in cells.items()
    }


def seen_owners(assets: Mapping[str, Asset]) -> dict[str, str]:
    """Fingerprints of the assets on which an editor's weights depend."""
    return {name: asset.owner for name, asset in assets.items() if name in SEEN_BY_EDITORS}


def _share(split: CachedSplit, use: AssetUse) -> CachedSplit:
    if use.images == "all":
        return split
    return split.every_other(0 if use.images == "even" else 1)
