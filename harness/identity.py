"""Fingerprints and names of cells: what a method is, what its weights and records depend on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from harness.cache import CachedSplit
from harness.fingerprint import fingerprint
from harness.plan import Cell, named_files
from harness.presets import DEFAULT, UNTRAINED
from harness.record import MethodRef, SuiteRef
from harness.vision.weights import content_digest


def method_ref(cell: Cell) -> MethodRef:
    """The method as a record names it; files that its settings name count by their content.

    Raises:
        AssetMissing: a file is not there.
    """
    spec, config = cell.entry.spec, cell.config.recorded()
    contents = {name: content_digest(path) for name, path in named_files(cell).items()}
    identity = {
        "plugin": cell.entry.distribution,
        "name": spec.name,
        "version": spec.version,
        "config": {**config, **contents},
    }
    if cell.preset == UNTRAINED:
        identity["preset"] = UNTRAINED
    return MethodRef(
        name=spec.name,
        kind="trivial" if cell.preset == UNTRAINED else spec.kind,
        plugin=cell.entry.distribution,
        plugin_version=cell.entry.package_version,
        version=spec.version,
        preset=cell.preset,
        config=config,
        sees=[*spec.sees, *cell.config.also_sees()],
        capabilities=list(spec.capabilities),
        fingerprint=fingerprint(identity),
    )


def fit_owner(
    cell: Cell, roles: Mapping[str, CachedSplit], assets: Mapping[str, str] | None = None
) -> str:
    """Fingerprint of all that the weights depend on.

    Args:
        cell: the cell.
        roles: its data.
        assets: of an editor, the fingerprints of the assets that it sees, by name.
    """
    sees_labels = "labels" in cell.entry.spec.sees and "regress" in roles
    parts = {
        "method": method_ref(cell).fingerprint,
        "fit": roles["fit"].fingerprint,
        "labelled": roles["regress"].fingerprint if sees_labels else None,
        "parts": cell.suite.parts,
        "image_size": cell.config.image_size or cell.suite.image_size,
        "seed": cell.seed,
    }
    return fingerprint({**parts, "assets": dict(assets)} if assets else parts)


def record_id(cell: Cell, ref: SuiteRef) -> str:
    """First 16 digits of the hash of suite, method and seed."""
    method = method_ref(cell).fingerprint
    parts = {"suite": ref.fingerprint, "method": method, "seed": cell.seed}
    return fingerprint(parts)[:16]


def repeat_command(cell: Cell) -> str:
    """The command that repeats a cell, with the settings that concern it."""
    plain = cell.preset == DEFAULT
    words = ["harness", "run", "--method", cell.entry.spec.name, "--suite", cell.suite.name]
    words += [] if plain else ["--preset", cell.preset]
    words += ["--seed", str(cell.seed)]
    own = type(cell.config).model_fields if cell.asked or cell.preset == UNTRAINED else ()
    for setting in cell.settings:
        key = setting.partition("=")[0].strip()
        if key.startswith("suite.") or key in own:
            words += ["--set", setting]
    return shlex.join(words)
