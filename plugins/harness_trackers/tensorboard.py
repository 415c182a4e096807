"""A cell's curves, scores and pictures as event files for TensorBoard.

Each training loop is a TensorBoard run of its own, because the steps of all loops begin at 0; the
folder above them has the final scores with the configuration, and the pictures.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from harness.contract import RunFailed, RunFinished, RunStarted, ScalarsLogged, Tracker, hook
from harness_trackers.told import flat, loop_name, missing, pictures_of

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

#: What `Run.show` names a picture of a step: name, loop and step, which may be told apart.
STEP = re.compile(r"(?P<name>.+)-(?P<step>\d{6})")


class TensorBoard(Tracker):
    """Writes to `tensorboard/` in the run's folder, or to `PLACE/suite/run`."""

    def __init__(self, place: str = "") -> None:
        super().__init__(place)
        try:
            import tensorboard  # noqa: F401 - torch's writer says less about its absence
        except ModuleNotFoundError:
            raise missing("tensorboard", "tensorboard") from None
        self._started: RunStarted | None = None
        self._writers: dict[str, SummaryWriter] = {}

    @hook
    def harness_run_started(self, event: RunStarted) -> None:
        """Remember the cell; the first value opens a file."""
        self._started = event

    @hook
    def harness_scalars_logged(self, event: ScalarsLogged) -> None:
        """One value a curve. A loop's first step hides what a killed process wrote from there on.

        All is on disk when this returns, before a checkpoint of a later step can be.
        """
        if self._started is None:
            return
        writer = self._writer(loop_name(self._started, event), event.step)
        for name, value in event.scalars.items():
            writer.add_scalar(name, value, event.step)
        writer.flush()

    @hook
    def harness_run_finished(self, event: RunFinished) -> None:
        """The scores, with the configuration for TensorBoard's page of hyperparameters."""
        if self._started is None:
            return
        from torch.utils.tensorboard import summary

        writer: Any = self._writer("", 0)
        made: Any = summary
        config = {name: _plain(value) for name, value in flat(self._started.config).items()}
        scores = dict(event.scores)
        # `SummaryWriter.add_hparams` would write to a further folder, named by the clock.
        for part in made.hparams({"cell": event.cell, **config}, scores):
            writer.file_writer.add_summary(part)
        for name, value in scores.items():
            writer.add_scalar(name, value, 0)
        self._show_pictures(writer, event.record)

    @hook
    def harness_run_failed(self, event: RunFailed) -> None:
        """The reason, as a text, and the pictures until then."""
        if self._started is None:
            return
        writer = self._writer("", 0)
        writer.add_text("error", event.error, 0)
        self._show_pictures(writer, event.record)

    @override
    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def folder(self, started: RunStarted) -> Path:
        """Where a cell's event files go."""
        run = started.folder
        return Path(self.place, run.parent.name, run.name) if self.place else run / "tensorboard"

    def _writer(self, loop: str, step: int) -> SummaryWriter:
        """The writer of a loop, or of the cell; a new one hides older values from `step` on."""
        if loop not in self._writers:
            from torch.utils.tensorboard import SummaryWriter

            assert self._started is not None
            place = self.folder(self._started) / loop
            self._writers[loop] = SummaryWriter(str(place), purge_step=step)
        return self._writers[loop]

    def _show_pictures(self, writer: SummaryWriter, record: Path) -> None:
        import numpy as np
        from PIL import Image

        for path in pictures_of(record):
            found = STEP.fullmatch(path.stem)
            name, step = (found["name"], int(found["step"])) if found else (path.stem, 0)
            with Image.open(path) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            writer.add_image(name, pixels, step, dataformats="HWC")


def _plain(value: Any) -> bool | int | float | str:
    """A value that TensorBoard takes as a hyperparameter."""
    return value if isinstance(value, bool | int | float | str) else str(value)
