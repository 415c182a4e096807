"""Specs of the toy plugin; suites lie in the folder named by `TOY_SUITES`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from harness.contract import (
    DatasetSpec,
    MethodSpec,
    MetricSpec,
    RunFailed,
    RunFinished,
    RunStarted,
    ScalarsLogged,
    SuiteSpec,
    TrackerSpec,
    hook,
    suites_in,
)

#: Every event this plugin was told.
HEARD: list[object] = []


def _method(name: str, target: str, capabilities: tuple[str, ...], **more: object) -> MethodSpec:
    values: dict[str, object] = {"config": "toy_plugin.options:NoConfig", **more}
    return MethodSpec(
        name=name,
        summary=f"The method {name}.",
        target=f"toy_plugin.methods:{target}",
        presets="toy_plugin",
        capabilities=capabilities,
        **values,  # type: ignore[arg-type]
    )


def _editing(name: str, target: str, capability: str, *sees: str) -> MethodSpec:
    return MethodSpec(
        name=name,
        summary=f"The method {name}.",
        target=f"toy_plugin.editing:{target}",
        config="toy_plugin.options:ToyEditingConfig",
        presets="toy_plugin",
        capabilities=(capability,),
        sees=sees,
    )


@hook
def harness_methods() -> list[MethodSpec]:
    config = "toy_plugin.options:ToyConfig"
    both = ("detect", "segment")
    return [
        _method("toy_net", "ToyNet", both, config=config, parallel=True),
        _method("toy_parts", "ToyNet", ("segment",), config=config),
        _method("toy_labelled", "ToyNet", both, config=config, sees=("images", "labels")),
        _method("toy_centre", "ToyCentre", ("detect",), kind="trivial"),
        _method("toy_disc", "ToyDisc", ("detect", "reconstruct", "sample"), kind="trivial"),
        _method("toy_named", "ToyNamed", ("locate",), kind="trivial"),
        _method("toy_painter", "ToyPainter", ("sample", "render"), kind="trivial"),
        _editing("toy_latents", "ToyLatents", "synthesise", "images"),
        _editing("toy_answers", "ToyAnswers", "answer", "images", "labels"),
        _editing("toy_points", "ToyPoints", "answer", "images", "labels"),
        _editing("toy_captions", "ToyCaptions", "answer", "images", "labels"),
        _editing("toy_editor", "ToyEditor", "edit", "generator", "guide"),
        _method(
            "toy_oracle",
            "ToyOracle",
            ("detect_with_truth",),
            kind="oracle",
            sees=("images", "test labels"),
        ),
    ]


@hook
def harness_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(
            name="toy_data",
            summary="Noise with a bright square.",
            target="toy_plugin.data:ToyDataset",
            options="toy_plugin.options:ToyData",
            embedded=True,
        ),
        DatasetSpec(
            name="toy_folder",
            summary="The same, but asks for a folder.",
            target="toy_plugin.data:ToyDataset",
            options="toy_plugin.options:ToyData",
            home="https://example.org/toy",
            layout="toy/\n  images/",
        ),
    ]


@hook
def harness_metrics() -> list[MetricSpec]:
    def metric(name: str, target: str, params: str, *needs: str) -> MetricSpec:
        return MetricSpec(
            name=name,
            summary=f"The metric {name}.",
            target=f"toy_plugin.metrics:{target}",
            params=f"toy_plugin.options:{params}",
            unit="fraction",
            direction="lower",
            needs=needs,
        )

    edited = MetricSpec(
        name="toy_edited",
        summary="The metric toy_edited.",
        target="toy_plugin.editing:Edited",
        params="toy_plugin.options:NoParams",
        unit="fraction",
        direction="lower",
        needs=("editing",),
    )
    return [
        edited,
        metric("toy_spread", "Spread", "SpreadParams", "keypoints"),
        metric("toy_distance", "Distance", "NoParams", "keypoints", "landmarks"),
        metric("toy_overlap", "Overlap", "NoParams", "parts", "foreground"),
        metric("toy_pooled", "Pooled", "NoParams", "keypoints"),
        metric("toy_undefined", "Undefined", "CrashParams", "keypoints"),
        replace(
            metric("toy_labels", "Undefined", "CrashParams", "part_labels"),
            params_of="toy_undefined",
        ),
        metric("toy_drawn", "Drawn", "NoParams", "samples", "render"),
        metric("toy_learned", "Learned", "NoParams", "fit_images"),
    ]


@hook
def harness_suites() -> list[SuiteSpec]:
    folder = os.environ.get("TOY_SUITES")
    return suites_in(Path(folder)) if folder else []


@hook
def harness_trackers() -> list[TrackerSpec]:
    return [
        TrackerSpec(
            name="toy_tracker",
            summary="The tracker toy_tracker.",
            target="toy_plugin.tracking:ToyTracker",
        )
    ]


@hook
def harness_run_started(event: RunStarted) -> None:
    HEARD.append(event)


@hook
def harness_scalars_logged(event: ScalarsLogged) -> None:
    HEARD.append(event)


@hook
def harness_run_finished(event: RunFinished) -> None:
    HEARD.append(event)


@hook
def harness_run_failed(event: RunFailed) -> None:
    HEARD.append(event)
