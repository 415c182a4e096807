"""What a command asks for, resolved into cells before anything costs time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.contract.config import MethodConfig
from harness.contract.specs import MethodSpec
from harness.errors import ConfigError, UserError
from harness.names import unknown_name
from harness.presets import UNTRAINED, choose_preset, parse_settings, resolve_config
from harness.registry import Entry, Registry
from harness.scoring import resolved_uses
from harness.suite import AssetUse, Suite, dataset_options, load_suite, with_metric_params

#: The capability that an asset of a suite must have, by the asset's name.
ASSET_CAPABILITIES = {"generator": "synthesise", "guide": "answer", "judge": "answer"}


@dataclass(frozen=True)
class Cell:
    """One (method, preset, suite, seed).

    Attributes:
        entry: the method with its owner.
        preset: the preset's name, as it stands in the record.
        config: the resolved configuration.
        suite: the protocol.
        seed: fixes everything random.
        asked: false for baselines and oracles that come with the suite.
        metrics: measure only these; empty means all of the suite's.
        settings: the `key=value` texts of the whole request.
        variant: its row in an ablation; empty elsewhere.
    """

    entry: Entry[MethodSpec]
    preset: str
    config: MethodConfig
    suite: Suite
    seed: int
    asked: bool = True
    metrics: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    variant: str = ""

    @property
    def label(self) -> str:
        """`suite/method/preset/seed-N`, and in an ablation the variant."""
        words = [self.suite.name, self.entry.spec.name, self.preset, f"seed-{self.seed}"]
        return "/".join([*words, self.variant] if self.variant else words)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What `harness run` was asked.

    Attributes:
        methods: names; the full form `distribution/name` works too.
        suites: names.
        preset: one preset for all methods, or `None` for each suite's default.
        seeds: seeds of the asked methods; baselines run with the first one only.
        settings: `key=value` texts.
        metrics: keep only these metrics; empty keeps all.
        baselines: whether the suites' baselines and oracles run too.
    """

    methods: Sequence[str]
    suites: Sequence[str]
    preset: str | None = None
    seeds: Sequence[int] = (0,)
    settings: Sequence[str] = ()
    metrics: Sequence[str] = ()
    baselines: bool = True


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How cells run; nothing here changes what a score means.

    Attributes:
        output: folder for runs.
        data: data root, or `None` for the default one.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        precision: `auto`, `fp32` or `bf16`.
        threads: CPU threads of a process; `None` takes the cores that are free.
        devices: processes that fit one cell together; on GPUs each has its own.
        fresh: run finished cells again.
        skip_broken: pass over broken image files.
        checkpoint_seconds: seconds between checkpoints of a training loop.
        deadline: when to stop, in seconds since 1970; `None` for never.
        track: trackers as `NAME` or `NAME=PLACE`; see `harness.tracking`.
    """

    output: Path = Path("runs")
    data: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    devices: int = 1
    fresh: bool = False
    skip_broken: bool = False
    checkpoint_seconds: float = 30.0
    deadline: float | None = None
    track: tuple[str, ...] = ()

    def out_of_time(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.time() >= self.deadline

    def seconds_left(self) -> float | None:
        """Seconds to the deadline, at least 0; `None` where there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.time())


def deadline_in(minutes: float | None) -> float | None:
    """The time in so many minutes, in seconds since 1970; `None` for no limit.

    Raises:
        ConfigError: the minutes are no positive number.
    """
    if minutes is None:
        return None
    if not minutes > 0:
        raise ConfigError(f"--max-minutes {minutes:g}: expected a number above 0.")
    return time.time() + 60 * minutes


def make_plan(request: Request, known: Registry) -> list[Cell]:
    """All cells of a request, baselines first, each once.

    Raises:
        UnknownName: a method, suite, preset, metric or key does not exist.
        ConfigError: a value is wrong, or a setting fits no method.
        UserError: nothing was asked for.
        AssetMissing: a file that a setting names is not there.
    """
    if not request.methods or not request.suites or not request.seeds:
        raise UserError("Name at least one --method, one --suite and one --seed.")
    if min(request.seeds) < 0:
        raise ConfigError(f"--seed {min(request.seeds)}: expected whole numbers from 0 on.")
    method_settings, suite_settings = parse_settings(request.settings)
    named = [known.methods.get(name) for name in request.methods]
    entries = list({entry.full_name: entry for entry in named}.values())
    _check_settings(entries, method_settings)
    cells: list[Cell] = []
    for name in dict.fromkeys(request.suites):
        suite = _suite(name, suite_settings, known)
        _check_metrics(suite, request.metrics, known)
        for cell in asset_cells(suite, known).values():
            named_files(cell)
        if request.baselines:
            cells += _companions(suite, entries, request, method_settings, known)
        cells += [
            _cell(entry, suite, seed, request.preset, method_settings)
            for entry in entries
            for seed in dict.fromkeys(request.seeds)
        ]
    for cell in cells:
        _check_editor(cell)
        named_files(cell)
    asked = {cell.label for cell in cells if cell.asked}
    kept = [cell for cell in cells if cell.asked or cell.label not in asked]
    metrics, settings = tuple(request.metrics), tuple(request.settings)
    return [replace(cell, metrics=metrics, settings=settings) for cell in kept]


def _suite(name: str, settings: dict[str, Any], known: Registry) -> Suite:
    suite = load_suite(known.suites.get(name).spec, settings)
    params = {key: value for key, value in settings.items() if key not in Suite.model_fields}
    suite = with_metric_params(suite, params, known)
    resolved_uses(suite, known)
    dataset_options(suite, known)
    return suite


def _check_metrics(suite: Suite, metrics: Sequence[str], known: Registry) -> None:
    used = {use.name for use in suite.metrics}
    for metric in metrics:
        if metric not in used:
            known.metrics.get(metric)
            raise unknown_name(f"metric of the suite {suite.name}", metric, used)


def _companions(
    suite: Suite,
    entries: Sequence[Entry[MethodSpec]],
    request: Request,
    settings: dict[str, Any],
    known: Registry,
) -> list[Cell]:
    """The suite's baselines and oracles, with the first seed."""
    seed = request.seeds[0]
    cells: list[Cell] = []
    for name in dict.fromkeys([*suite.baselines, *suite.oracles]):
        if name != UNTRAINED:
            found = known.methods.get(name, f"suite {suite.name}")
            cells.append(_cell(found, suite, seed, None, {}, asked=False))
            continue
        learned = [entry for entry in entries if entry.spec.kind == "learned"]
        cells += [
            _cell(entry, suite, seed, UNTRAINED, settings, base=request.preset, asked=False)
            for entry in learned
        ]
    return cells


def _cell(
    entry: Entry[MethodSpec],
    suite: Suite,
    seed: int,
    preset: str | None,
    settings: dict[str, Any],
    *,
    base: str | None = None,
    asked: bool = True,
) -> Cell:
    chosen = choose_preset(entry, preset, suite.default_preset)
    base_preset = choose_preset(entry, base, suite.default_preset)
    fields = entry.load(entry.spec.config).model_fields
    config = resolve_config(
        entry,
        chosen,
        suite=suite.name,
        settings={key: value for key, value in settings.items() if key in fields},
        base_preset=suite.default_preset if base_preset == UNTRAINED else base_preset,
    )
    return Cell(entry, chosen, config, suite, seed, asked)


def _check_settings(entries: Sequence[Entry[MethodSpec]], settings: dict[str, Any]) -> None:
    """Every `--set key` must be a field of at least one asked method."""
    fields = {key for entry in entries for key in entry.load(entry.spec.config).model_fields}
    for key in settings:
        if key not in fields:
            names = ", ".join(entry.spec.name for entry in entries)
            hint = "'harness show method NAME' lists the keys; suite settings are 'suite.<key>'."
            if not fields:
                raise ConfigError(f"--set {key}: {names} has no settings.")
            raise unknown_name(f"setting of {names}", key, fields, hint)


def asset_cells(suite: Suite, known: Registry) -> dict[str, Cell]:
    """The cells of a suite's assets by name; none where the suite has no assets.

    Raises:
        UnknownName: a method, preset or setting does not exist.
        ConfigError: a value is wrong, or a method lacks the capability of its asset.
    """
    if suite.assets is None:
        return {}
    uses: dict[str, AssetUse] = dict(suite.assets)
    return {name: _asset_cell(name, use, suite, known) for name, use in uses.items()}


def _asset_cell(name: str, use: AssetUse, suite: Suite, known: Registry) -> Cell:
    entry = known.methods.get(use.method, f"suite {suite.name}: {name}")
    wanted = ASSET_CAPABILITIES[name]
    if wanted not in entry.spec.capabilities:
        offers = ", ".join(entry.spec.capabilities)
        raise ConfigError(
            f"Suite {suite.name!r}: {use.method} cannot be its {name}, which must {wanted}; it "
            f"offers {offers}."
        )
    preset = choose_preset(entry, use.preset, suite.default_preset)
    config = resolve_config(
        entry, preset, suite=suite.name, settings=use.settings, base_preset=suite.default_preset
    )
    return Cell(entry, preset, config, suite, use.seed, asked=False)


def named_files(cell: Cell) -> dict[str, Path]:
    """The files that settings of a cell name, by the setting.

    Raises:
        AssetMissing: one is not there.
    """
    config = cell.config
    named = {name: getattr(config, name) for name in type(config).file_settings}
    if not any(named.values()):
        return {}
    from harness.vision.weights import local_file

    user = cell.entry.spec.name
    return {name: local_file(text, user, name) for name, text in named.items() if text}


def _check_editor(cell: Cell) -> None:
    """Do nothing where the method is what the suite compares.

    Raises:
        UserError: an editor in a suite without assets, or another method in one with them.
    """
    suite = cell.suite
    edits = "edit" in cell.entry.spec.capabilities
    name = cell.entry.spec.name
    if edits and suite.assets is None:
        raise UserError(
            f"{name} edits the latents of a generator, and the suite {suite.name!r} names none; "
            "run it on a suite with assets, such as those that 'harness list suites' ranks by mds."
        )
    if not edits and suite.assets is not None:
        raise UserError(
            f"The suite {suite.name!r} compares editors of latents, and {name} is none; it offers "
            f"{', '.join(cell.entry.spec.capabilities)}."
        )
