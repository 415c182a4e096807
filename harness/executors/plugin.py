"""The executors that come with the harness."""

from __future__ import annotations

from harness.contract import ExecutorSpec, hook


@hook
def harness_executors() -> list[ExecutorSpec]:
    """Executors of this package."""
    return [
        ExecutorSpec(
            name="local",
            summary="This machine: one cell after the other, or several worker processes.",
            target="harness.executors.local:Local",
        ),
        ExecutorSpec(
            name="ray",
            summary="A cluster of Ray at RAY_ADDRESS; cells of lost nodes are begun again.",
            target="harness.executors.ray:Ray",
        ),
    ]
