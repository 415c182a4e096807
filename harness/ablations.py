"""Ablations: a table of a paper by one command, one row for each variant of a method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harness.contract.specs import MethodSpec
from harness.errors import ConfigError, ContractError
from harness.names import unknown_name
from harness.plan import Cell, Request, make_plan
from harness.registry import Entry, Registry
from harness.toml import as_toml, read_toml, validate


class PublishedValue(BaseModel):
    """What a paper's table says of a variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str = Field(min_length=1, description="Suite whose protocol is nearest to the paper's.")
    metric: str = Field(min_length=1, description="Metric of that suite.")
    value: float = Field(description="The number, in the metric's unit.")


class Variant(BaseModel):
    """One row of an ablation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="As the paper's table calls it.")
    settings: dict[str, Any] = Field(
        default={}, description="Settings of the method that make the variant."
    )
    parts: int | None = Field(
        default=None, ge=1, description="K of the suite; empty keeps the suite's."
    )
    published: tuple[PublishedValue, ...] = Field(default=(), description="The paper's numbers.")

    def texts(self) -> list[str]:
        """What `--set` would have to say."""
        own = [f"{key}={as_toml(value)}" for key, value in self.settings.items()]
        return own if self.parts is None else [*own, f"suite.parts={self.parts}"]


class Ablation(BaseModel):
    """A table in which a paper changes one thing after the other of a method."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, description="What is varied.")
    source: str = Field(min_length=1, description="Paper and table or figure.")
    notes: tuple[str, ...] = Field(default=(), description="What a reader must know.")
    variants: tuple[Variant, ...] = Field(min_length=2, description="The rows.")


def ablation_files(spec: MethodSpec) -> dict[str, Path]:
    """The ablation files of a method by name: `ablations/*.toml` beside its folder of presets.

    Raises:
        ContractError: the package that should hold them cannot be found.
    """
    try:
        folder = Path(str(files(spec.presets))) / "ablations"
    except ImportError as error:
        raise ContractError(f"{spec.name}: no package {spec.presets!r} of ablations.") from error
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_ablation(entry: Entry[MethodSpec], name: str) -> Ablation:
    """An ablation of a method.

    Raises:
        UnknownName: the method has none of this name.
        ConfigError: the file is malformed, or two of its variants have one name.
    """
    found = ablation_files(entry.spec)
    if name not in found:
        raise unknown_name(f"ablation of {entry.spec.name}", name, found)
    ablation = validate(Ablation, read_toml(found[name]), str(found[name]))
    names = [variant.name for variant in ablation.variants]
    if len(set(names)) < len(names):
        raise ConfigError(f"{found[name]}: two variants have one name.")
    return ablation


def named_ablation(text: str, known: Registry) -> tuple[Entry[MethodSpec], Ablation]:
    """The method and the ablation that `METHOD:ABLATION` names.

    Raises:
        ConfigError: the text is not of that form.
        UnknownName: there is no such method, or no such ablation of it.
    """
    method, colon, name = text.partition(":")
    if not colon or not method or not name:
        raise ConfigError(f"--ablation {text}: expected METHOD:ABLATION, such as gan_seg:n_per.")
    entry = known.methods.get(method)
    return entry, load_ablation(entry, name)


def ablation_plan(
    entry: Entry[MethodSpec], ablation: Ablation, request: Request, known: Registry
) -> list[Cell]:
    """The cells of all variants, in the table's order; the suites' baselines do not run.

    Args:
        entry: the method.
        ablation: its ablation.
        request: suites, preset, seeds and settings of all variants; its methods are not looked at.
        known: the registry.

    Raises:
        UserError: as `harness.plan.make_plan`, or a setting is what the ablation varies.
    """
    _check_settings(ablation, request.settings)
    cells: list[Cell] = []
    for variant in ablation.variants:
        wanted = replace(
            request,
            methods=[entry.full_name],
            settings=[*request.settings, *variant.texts()],
            baselines=False,
        )
        cells += [replace(cell, variant=variant.name) for cell in make_plan(wanted, known)]
    return cells


def _check_settings(ablation: Ablation, settings: Sequence[str]) -> None:
    """A setting that variants change would be lost in some of them."""
    varied = {text.partition("=")[0] for one in ablation.variants for text in one.texts()}
    for text in settings:
        key = text.partition("=")[0].strip()
        if key in varied:
            raise ConfigError(f"--set {text}: the ablation itself varies {key}; leave it out.")
