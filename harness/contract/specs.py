"""Light descriptions that plugins hand to the harness; loading one loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: Version of the contract between the harness and its plugins.
CONTRACT = 1

#: What a method can offer; each is an optional method of its class.
CAPABILITIES = (
    "detect",
    "segment",
    "locate",
    "detect_with_truth",
    "describe",
    "sample",
    "render",
    "reconstruct",
    "synthesise",
    "answer",
    "edit",
)

#: What a method may be allowed to see besides images; anything else is refused.
SEES = (
    "images",
    "video",
    "saliency",
    "labels",
    "test labels",
    "imagenet weights",
    "generator",
    "guide",
)

#: What a metric may need of predictions and truth.
NEEDS = (
    "keypoints",
    "parts",
    "detector",
    "landmarks",
    "foreground",
    "part_labels",
    "attributes",
    "samples",
    "render",
    "fit_images",
    "editing",
)

Kind = Literal["learned", "trivial", "oracle"]
Direction = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What every spec has.

    Attributes:
        name: unique `snake_case` name within its kind; the paper's own name.
        summary: one line for listings.
        version: raised whenever results change; it decides which scores are comparable.
        contract: the contract version the plugin was built for.
    """

    name: str
    summary: str
    version: int = 1
    contract: int = CONTRACT


@dataclass(frozen=True, kw_only=True)
class MethodSpec(Spec):
    """A method: something that learns from unlabelled images, or a baseline.

    Attributes:
        target: `package.module:Class`, imported only when the method runs.
        config: `package.module:Class` of its `MethodConfig`; must import no torch.
        presets: import package whose folder `presets/` holds one TOML a preset.
        capabilities: names from `CAPABILITIES` that the class implements.
        paper: citation of the paper, empty for baselines.
        sees: what `fit` may look at, from `SEES`; it gets nothing else.
        kind: `learned`, `trivial` (a baseline) or `oracle` (a ceiling that uses labels).
        extra: the optional dependency group it needs, empty for none.
        parallel: whether several processes can fit it together, sharing its batches.
    """

    target: str
    config: str
    presets: str
    capabilities: tuple[str, ...]
    paper: str = ""
    sees: tuple[str, ...] = ("images",)
    kind: Kind = "learned"
    extra: str = ""
    parallel: bool = False


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A dataset: named splits of samples with typed fields.

    Attributes:
        target: `package.module:Class` of the `Dataset`.
        options: `package.module:Class` of its pydantic options model; must import no torch.
        home: where people get the data; empty when nothing must be fetched.
        licence: the licence in one line.
        layout: the expected folder tree below the data root, shown when a file is missing.
        embedded: true when the data need no root.
    """

    target: str
    options: str
    home: str = ""
    licence: str = ""
    layout: str = ""
    embedded: bool = False


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Spec):
    """A metric: predictions and truth to a score.

    Attributes:
        target: `package.module:Class` of the `Metric`.
        params: `package.module:Class` of its pydantic parameter model; must import no torch.
        unit: unit of the value, such as `% of inter-ocular distance`.
        direction: `higher` or `lower`, whichever is better.
        needs: what it reads, from `NEEDS`: `keypoints`, `parts` (predicted), `detector` (the method
            itself, for further images), `landmarks`, `foreground`, `part_labels`, `attributes`
            (truth), `samples` and `render` (a generator), `fit_images`, `editing` (an editor).
        weights: addresses of the files that it reads from torch's folder of downloaded weights;
            `harness doctor` says which of them are there.
        params_of: another metric whose parameters it must have where a suite uses both, because
            they are two views of the same thing; empty for none.
    """

    target: str
    params: str
    unit: str
    direction: Direction
    needs: tuple[str, ...]
    weights: tuple[str, ...] = ()
    params_of: str = ""


@dataclass(frozen=True, kw_only=True)
class SuiteSpec(Spec):
    """A suite: the path of its TOML file; `name` equals the file's stem."""

    path: Path


@dataclass(frozen=True, kw_only=True)
class ExecutorSpec(Spec):
    """An executor: where cells run; `target` is `package.module:Class`.

    The class takes `workers`, the cells at a time, and has a default for it.
    """

    target: str


@dataclass(frozen=True, kw_only=True)
class TrackerSpec(Spec):
    """A tracker, which `harness run --track NAME[=PLACE]` asks for.

    Attributes:
        target: `package.module:Class` of the `Tracker`.
    """

    target: str


def suites_in(folder: Path) -> list[SuiteSpec]:
    """Specs of all suite files `*.toml` of a folder, sorted by name.

    The summary stays empty here: it is read from the file when the suite is listed.
    """
    return [
        SuiteSpec(name=path.stem, summary="", path=path) for path in sorted(folder.glob("*.toml"))
    ]
