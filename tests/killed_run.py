"""A fit that ends at a given step, as if its process had been killed."""

from __future__ import annotations

from pathlib import Path

import torch

from harness.contract import Images, Method, Samples
from harness.training import TrainingRun


class Killed(Exception):
    """Stands for a process that ends at once."""


class KillAt:
    """A watcher that ends the fit: after a step of a loop, or before its first step at 0."""

    def __init__(self, loop: str, step: int) -> None:
        self.loop, self.step = loop, step

    def loop_started(self, name: str, *_: int) -> None:
        if (name, 0) == (self.loop, self.step):
            raise Killed

    def loop_advanced(self, name: str, step: int) -> None:
        if (name, step) == (self.loop, self.step):
            raise Killed

    def scalars_logged(self, *_: object) -> None:
        pass

    def loop_finished(self, name: str) -> None:
        pass


def fitted_in(
    folder: Path,
    method: Method,
    images: Images,
    *,
    kill_at: tuple[str, int] | None = None,
    labelled: Samples | None = None,
) -> dict[str, torch.Tensor]:
    """The method's state after a fit with a checkpoint after every step.

    Raises:
        Killed: at `kill_at`, a loop and a step.
    """
    watcher = None if kill_at is None else KillAt(*kill_at)
    cpu = torch.device("cpu")
    run = TrainingRun(
        folder,
        "x",
        seed=1,
        device=cpu,
        labelled=labelled,
        watcher=watcher,
        checkpoint_seconds=0,
    )
    try:
        method.fit(images, run)
    finally:
        run.close()
    return method.state_dict()
