"""What this package brings. Nothing heavy is imported here: targets are text."""

from __future__ import annotations

from pathlib import Path

from harness.contract import (
    DatasetSpec,
    MethodSpec,
    MetricSpec,
    RunFinished,
    RunStarted,
    SuiteSpec,
    hook,
    suites_in,
)

TOY_COLOURS = MethodSpec(
    name="toy_colours",
    summary="Parts are clusters of colours, learned by gradient descent.",
    target="harness_toy.method:ToyColours",
    config="harness_toy.config:ToyConfig",
    presets="harness_toy",
    capabilities=("segment",),
)

TOY_FAILING = MethodSpec(
    name="toy_failing",
    summary="Raises when it should learn.",
    target="harness_toy.failing:ToyFailing",
    config="harness_toy.config:ToyConfig",
    presets="harness_toy",
    capabilities=("segment",),
)


@hook
def harness_methods() -> list[MethodSpec]:
    """Two methods; the second one only knows how to fail."""
    return [TOY_COLOURS, TOY_FAILING]


@hook
def harness_metrics() -> list[MetricSpec]:
    """One metric."""
    return [
        MetricSpec(
            name="toy_border_share",
            summary="Share of the border pixels that the parts cover",
            target="harness_toy.metric:ToyBorderShare",
            params="harness_toy.config:ToyBorderParams",
            unit="fraction",
            direction="lower",
            needs=("parts",),
        )
    ]


@hook
def harness_datasets() -> list[DatasetSpec]:
    """One dataset."""
    return [
        DatasetSpec(
            name="toy_discs",
            summary="A red and a blue disc on a dark ground.",
            target="harness_toy.dataset:ToyDiscs",
            options="harness_toy.config:ToyDiscsOptions",
            licence="made by code, no rights attached",
            embedded=True,
        )
    ]


@hook
def harness_suites() -> list[SuiteSpec]:
    """Every TOML file of the folder `suites`."""
    return suites_in(Path(__file__).parent / "suites")


@hook
def harness_run_started(event: RunStarted) -> None:
    """Note in the run's folder that a cell began."""
    _note(event.folder, f"started {event.cell}")


@hook
def harness_run_finished(event: RunFinished) -> None:
    """Note in the run's folder that a cell is finished."""
    _note(event.record.parent, f"finished {event.cell} {len(event.scores)} scores")


def _note(folder: Path, line: str) -> None:
    with (folder / "toy_events.txt").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
