"""A suite: the protocol that makes scores comparable."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from harness.contract.config import Options
from harness.contract.specs import SuiteSpec
from harness.errors import ConfigError, DataError
from harness.registry import Registry
from harness.toml import read_toml, read_toml_head, validate


class Role(Options):
    """Which split a role uses."""

    split: str = Field(description="Name of one of the dataset's splits.")
    limit: int | None = Field(
        default=None, ge=1, description="Use only the first so many samples of the split."
    )


class Roles(Options):
    """The splits by role."""

    fit: Role = Field(description="Images only, for the method.")
    regress: Role | None = Field(
        default=None, description="Labelled images for regressors and assignments."
    )
    test: Role = Field(description="Labelled images that are scored.")


class MetricUse(Options):
    """A metric with the suite's parameters."""

    name: str = Field(description="Name of the metric.")
    params: dict[str, Any] = Field(default_factory=dict, description="Its parameters.")


class AssetUse(Options):
    """A method that is fitted once for the suite and shared by all its editors."""

    method: str = Field(description="Name of the method.")
    preset: str = Field(default="quick", description="Its preset.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the method.")
    seed: int = Field(default=0, ge=0, description="Of its fit.")
    images: Literal["all", "even", "odd"] = Field(
        default="all",
        description="Which labelled images of the role `regress` an oracle learns from: all, or "
        "those of even or odd number, so that two oracles learn from different ones.",
    )


class Assets(Options):
    """What the suite's editors of latents share."""

    generator: AssetUse = Field(description="The generator whose latents are edited.")
    guide: AssetUse = Field(description="The oracle that editors may look at.")
    judge: AssetUse = Field(description="The oracle that no editor sees, for the score.")


class Published(Options):
    """A number from a paper: stands in a row of its own, never ranked with measured ones."""

    method: str = Field(description="Name as in the paper.")
    metric: str = Field(description="Name of one of the suite's metrics.")
    value: float = Field(description="The printed number, in the metric's unit.")
    source: str = Field(description="Paper and table.")
    page: str = Field(default="", description="Page, where known.")
    marks: list[str] = Field(default_factory=list, description="The paper's own reservations.")


class Suite(Options):
    """The protocol in a suite's TOML file; the suite's name is the file's stem."""

    name: str = Field(description="Unique name.")
    version: int = Field(ge=1, description="Raised whenever all scores change their meaning.")
    summary: str = Field(description="One line.")
    description: str = Field(default="", description="More, for the documentation.")
    dataset: str = Field(description="Name of the dataset.")
    dataset_options: dict[str, Any] = Field(default_factory=dict, description="Its options.")
    image_size: int = Field(ge=8, le=2048, description="Side in pixels at which is measured.")
    parts: int = Field(ge=1, le=254, description="K: keypoints or parts asked of a method.")
    default_preset: str = Field(default="quick", description="Preset when none is named.")
    baselines: list[str] = Field(
        default_factory=list,
        description="Trivial methods of every leaderboard; `untrained` is the method at step 0.",
    )
    oracles: list[str] = Field(default_factory=list, description="Ceilings that use labels.")
    roles: Roles = Field(description="Splits by role.")
    assets: Assets | None = Field(
        default=None, description="For suites that compare editors of latents; no others run."
    )
    metrics: list[MetricUse] = Field(min_length=1, description="The first one ranks.")
    published: list[Published] = Field(default_factory=list, description="Numbers from papers.")
    notes: list[str] = Field(default_factory=list, description="Printed under the leaderboard.")
    official_overlap: bool = Field(
        default=False, description="The protocol itself lets test images occur in `fit`."
    )

    def protocol(self) -> dict[str, Any]:
        """What every score depends on, as JSON: all but texts, baselines, rows and metrics."""
        kept = {"name", "version", "dataset", "dataset_options", "image_size", "parts", "roles"}
        if self.assets is not None:
            kept |= {"assets"}
        return self.model_dump(mode="json", include=kept | {"official_overlap"})


def load_suite(spec: SuiteSpec, settings: dict[str, Any] | None = None) -> Suite:
    """Read and check a suite file.

    Args:
        spec: where the file is.
        settings: values of `--set suite.key=value` without the prefix: fields of the suite, and
            parameters of its metrics (a parameter goes to every metric that has it). A table
            changes the keys it holds, at any depth, and keeps the file's others.

    Raises:
        ConfigError: the file is malformed, names a metric twice, or a published row names a
            metric the suite lacks.
        UnknownName: a key does not exist.
    """
    return _suite(read_toml(spec.path), spec, settings)


def load_protocol(spec: SuiteSpec) -> tuple[Suite, int]:
    """A suite without its published rows, and how many it has; for listings, where many are read.

    Raises:
        ConfigError: the file is malformed, or names a metric twice; published rows are not checked.
        UnknownName: a key does not exist.
    """
    values, rows = read_toml_head(spec.path, "published")
    return _suite(values, spec), rows


def _suite(found: dict[str, Any], spec: SuiteSpec, settings: dict[str, Any] | None = None) -> Suite:
    values = {"name": spec.name, **found}
    plain = {
        key: _merged(values.get(key), value)
        for key, value in (settings or {}).items()
        if key in Suite.model_fields
    }
    suite = validate(Suite, {**values, **plain}, str(spec.path))
    if suite.name != spec.name:
        raise ConfigError(f"{spec.path}: the suite's name is the file's stem, not {suite.name!r}.")
    used = [use.name for use in suite.metrics]
    for name in used:
        if used.count(name) > 1:
            raise ConfigError(f"{spec.path}: the metric {name!r} is used twice.")
    for row in suite.published:
        if row.metric not in used:
            raise ConfigError(
                f"{spec.path}: published row {row.method!r} names the metric {row.metric!r}, "
                f"which the suite does not use."
            )
    return suite


def _merged(old: object, new: object) -> object:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}


def dataset_options(suite: Suite, known: Registry, *, skip_broken: bool = False) -> Options:
    """The options of the suite's dataset.

    Args:
        suite: the suite.
        known: the registry.
        skip_broken: pass over broken image files, for datasets that offer it.

    Raises:
        UnknownName: the dataset or an option does not exist.
        ConfigError: an option is wrong.
        DataError: `skip_broken` is asked of a dataset without files.
    """
    entry = known.datasets.get(suite.dataset, f"suite {suite.name}")
    model: type[Options] = entry.load(entry.spec.options)
    values = dict(suite.dataset_options)
    if skip_broken:
        if "skip_broken" not in model.model_fields:
            raise DataError(f"--skip-broken: the dataset {suite.dataset!r} has no files to skip.")
        values["skip_broken"] = True
    return validate(model, values, f"suite {suite.name}: dataset_options")


def with_metric_params(suite: Suite, params: dict[str, Any], known: Registry) -> Suite:
    """The suite with parameters set in every metric that has a parameter of that name.

    Raises:
        ConfigError: no metric of the suite has the parameter.
    """
    uses = list(suite.metrics)
    for key, value in params.items():
        hits = 0
        for index, use in enumerate(uses):
            entry = known.metrics.get(use.name, f"suite {suite.name}")
            if key in entry.load(entry.spec.params).model_fields:
                uses[index] = use.model_copy(update={"params": {**use.params, key: value}})
                hits += 1
        if not hits:
            names = ", ".join(use.name for use in uses)
            raise ConfigError(
                f"--set suite.{key}: neither the suite {suite.name!r} nor its metrics ({names}) "
                "have this setting."
            )
    return suite.model_copy(update={"metrics": uses})
