"""A plugin whose cells stop on a doomed node of a cluster until somebody kills it.

Of the cells that the doomed node runs, the first is held in the middle of its fit, all others
after their record is on disk. What happens is noted in a file, a line an event.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pydantic import Field
from torch import Tensor, nn, optim
from toy_plugin.options import ToyConfig

from harness.contract import (
    Images,
    Keypoints,
    Method,
    MethodSpec,
    Run,
    RunFinished,
    hook,
)

#: The step in which a cell is held.
HELD_AT = 2


class HeldConfig(ToyConfig):
    notes: str = Field(default="", description="Folder of the notes and the name.")


def note(folder: Path, text: str) -> None:
    with (folder / "notes").open("a") as file:
        file.write(f"{text}\n")


def notes(folder: Path) -> list[str]:
    path = folder / "notes"
    return path.read_text().splitlines() if path.exists() else []


def is_doomed(folder: Path) -> bool:
    """Whether this process belongs to the doomed node: its parent is the node's own process."""
    return str(os.getppid()) == (folder / "doomed").read_text()


def wait_for_the_end() -> None:
    while True:
        time.sleep(0.1)


class Held(Method):
    config: HeldConfig

    def __init__(self, config: HeldConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.net = nn.Linear(1, 2 * parts)

    def fit(self, images: Images, run: Run) -> None:
        folder = Path(self.config.notes)
        note(folder, f"fit {run.seed}")
        optimizer = optim.SGD(self.net.parameters(), lr=0.1)
        for step in run.steps(self.config.steps, {"net": self.net, "optimizer": optimizer}):
            note(folder, f"step {run.seed} {step}")
            if step == HELD_AT and is_doomed(folder) and not (folder / "first").exists():
                (folder / "first").touch()
                note(folder, f"held {run.seed}")
                wait_for_the_end()

    def detect(self, images: Tensor) -> Keypoints:
        points = self.net(images.float().mean((1, 2, 3))[:, None] / 255)
        return Keypoints(points.detach().reshape(len(images), self.parts, 2))

    def state_dict(self) -> dict[str, Tensor]:
        return self.net.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.net.load_state_dict(state)


@hook
def harness_methods() -> list[MethodSpec]:
    return [
        MethodSpec(
            name="held",
            summary="Is held on a doomed node.",
            target="held_cells:Held",
            config="held_cells:HeldConfig",
            presets="toy_plugin",
            capabilities=("detect",),
        )
    ]


@hook
def harness_run_finished(event: RunFinished) -> None:
    folder = Path(json.loads(event.record.read_text())["method"]["config"]["notes"])
    note(folder, f"record {event.cell}")
    if is_doomed(folder):
        note(folder, f"kept {event.cell}")
        wait_for_the_end()
