"""The step iterator: progress, curves, checkpoints by time, resume, a clean Ctrl-C, a deadline.

A training loop written with it contains only the paper:

    for step in run.steps(total, {"net": net, "optimizer": optimizer}):
        loss = ...
        run.log(loss=loss)
"""

from __future__ import annotations

import signal
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from time import time as wall_clock
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Generator, Tensor, nn

from harness.contract.arrays import Samples
from harness.contract.method import Stateful
from harness.errors import ContractError, OutOfTime, RecordError, RunError
from harness.files import replacing
from harness.training.checkpoint import Checkpoints
from harness.training.curves import Curves
from harness.training.images import derived_seed
from harness.training.machine import Precision
from harness.training.parallel import (
    all_say,
    joint_scalars,
    leads,
    share,
    told_by_the_leader,
)

#: Curve points a loop writes, at most, beside its last step; in between, scalars are not read.
CURVE_POINTS = 200
#: Seconds between two checkpoints.
CHECKPOINT_SECONDS = 30.0
#: What a checkpoint of another form raises where its pieces are read.
UNFIT = (AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError)


class Watcher(Protocol):
    """Who wants to see a loop's progress."""

    def loop_started(self, loop: str, step: int, total: int) -> None:
        """A loop starts or resumes at `step`."""

    def loop_advanced(self, loop: str, step: int) -> None:
        """`step` steps are done."""

    def scalars_logged(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        """Curve values were written."""

    def loop_finished(self, loop: str) -> None:
        """A loop is done."""


class TrainingRun:
    """The `Run` that a method's `fit` receives.

    Of several processes that fit together, the leading one writes files, tells the watcher and
    decides when to stop; the others follow.

    Args:
        folder: the cell's folder.
        owner: fingerprint of the fit, written into checkpoints.
        seed: the cell's seed.
        device: where to compute.
        precision: `fp32` or `bf16`.
        labelled: labelled samples, only for methods that may see labels.
        step_limit: cuts every loop to so many steps; 0 leaves the method untrained.
        watcher: who is told about progress.
        checkpoint_seconds: seconds between checkpoints.
        deadline: when to stop, in seconds since 1970; `None` for never.

    Attributes:
        resumed: how often this fit was interrupted and continued from a checkpoint.
        earlier_seconds: training seconds spent by interrupted processes before.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        *,
        seed: int,
        device: torch.device,
        precision: Precision = "fp32",
        labelled: Samples | None = None,
        step_limit: int | None = None,
        watcher: Watcher | None = None,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        deadline: float | None = None,
    ) -> None:
        self.folder = folder
        self.seed = seed
        self.device = device
        self.labelled = labelled
        self.resumed = 0
        self.earlier_seconds = 0.0
        self._owner = owner
        self._step_limit = step_limit
        self._watcher = watcher
        self._checkpoint_seconds = checkpoint_seconds
        self._deadline = float("inf") if deadline is None else deadline
        self._started = time.monotonic()
        self._bfloat16 = precision == "bf16"
        self._loops: set[str] = set()
        self._handlers = ExitStack()
        self._generators: dict[str, Generator] = {}
        self._curves = Curves(folder / "curves.csv")
        self._loop = ""
        self._step = 0
        self._every = 1
        self._scalars: dict[str, float | Tensor] = {}

    def generator(self, name: str) -> Generator:
        """A CPU generator seeded by (seed, name); asked twice, it is the same one."""
        if name not in self._generators:
            fresh = Generator().manual_seed(derived_seed(self.seed, name))
            self._generators[name] = fresh
        return self._generators[name]

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision context for forward passes."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16)

    def share(self, joint: Tensor) -> Tensor:
        """This process's rows; see `harness.training.parallel.share`."""
        return share(joint)

    def prepare(self, module: nn.Module) -> nn.Module:
        """Move a module to the run's device, convolution weights in channels-last order."""
        return module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def steps(
        self, total: int, state: Mapping[str, Stateful], name: str = "train"
    ) -> Iterator[int]:
        """Step numbers, from the last checkpoint on; see `harness.contract.Run.steps`.

        Raises:
            ContractError: an earlier loop of this fit has the same name.
            RecordError: a checkpoint fits another state.
            RunError: a scalar is not finite, the checkpoint cannot be written, or the processes
                found different ones.
            OutOfTime: the deadline has passed; the last step is saved.
            KeyboardInterrupt: the process was asked to end; the last step is saved.
        """
        if name in self._loops:
            raise ContractError(f"Two training loops of one fit are named {name!r}.")
        self._loops.add(name)
        total = total if self._step_limit is None else min(total, self._step_limit)
        checkpoints = Checkpoints(self.folder / "checkpoints", name, self._owner)
        start = self._restore(checkpoints, state, name)
        if not all_say(start):  # Nothing is written before all have read.
            raise RunError(f"{self.folder}: the processes of the fit read different checkpoints.")
        if start < total and leads():
            checkpoints.forget_others(self._loops)
        self._loop, self._every = name, max(1, -(-total // CURVE_POINTS))
        if self._watcher:
            self._watcher.loop_started(name, start, total)
        saved_at = time.monotonic()
        interrupts = self._handlers.enter_context(_polite_interrupts())
        with self._handlers:
            for step in range(start, total):
                self._step, self._scalars = step, {}
                yield step
                self._write_scalars(last=step == total - 1)
                if self._watcher:
                    self._watcher.loop_advanced(name, step + 1)
                interrupted, late = told_by_the_leader(
                    interrupts.is_set(), wall_clock() >= self._deadline
                )
                due = time.monotonic() - saved_at >= self._checkpoint_seconds
                if due or late or interrupted or step == total - 1:
                    self._save(checkpoints, state, step + 1)
                    saved_at = time.monotonic()
                if interrupted:
                    raise KeyboardInterrupt
                if late:
                    raise OutOfTime(f"step {step + 1} of {total} of the loop {name!r} is saved")
        if self._watcher:
            self._watcher.loop_finished(name)

    def close(self) -> None:
        """Give the signals back after a fit that failed inside a loop.

        The failed loop's iterator lives on in the error's traceback and would hold them.
        """
        self._handlers.close()

    def log(self, **scalars: float | Tensor) -> None:
        """Scalars of the current step; tensors are read only at curve points."""
        for name, value in scalars.items():
            self._scalars[name] = value.detach() if isinstance(value, Tensor) else value

    def show(self, name: str, images: Tensor) -> None:
        """Write a picture grid to `pictures/<name>-<loop>-<step>.png`.

        Raises:
            RunError: the file cannot be written.
        """
        if not leads():
            return
        from harness.figures import grid

        picture = grid(images.detach().cpu().numpy())
        path = self.folder / "pictures" / f"{name}-{self._loop}-{self._step:06d}.png"
        with replacing(path) as temporary:
            picture.save(temporary, "PNG")

    def seconds(self) -> float:
        """Seconds spent on this fit, interrupted processes included."""
        return self.earlier_seconds + time.monotonic() - self._started

    def _write_scalars(self, *, last: bool) -> None:
        if not self._scalars or not (last or self._step % self._every == 0):
            return
        values = joint_scalars({name: float(value) for name, value in self._scalars.items()})
        self._curves.add(self._loop, self._step, values)
        if self._watcher:
            self._watcher.scalars_logged(self._loop, self._step, values)

    def _save(self, checkpoints: Checkpoints, state: Mapping[str, Stateful], step: int) -> None:
        if not leads():
            return
        self._curves.write()
        checkpoints.save(
            {
                "step": step,
                "resumed": self.resumed,
                "seconds": self.seconds(),
                "state": {name: thing.state_dict() for name, thing in state.items()},
                "generators": {name: g.get_state() for name, g in self._generators.items()},
            }
        )

    def _restore(self, checkpoints: Checkpoints, state: Mapping[str, Stateful], loop: str) -> int:
        content = checkpoints.load()
        if content is None:
            if self._curves.rewind(loop, 0) and not checkpoints.found:
                warnings.warn(
                    f"{self.folder}: the loop {loop!r} had begun and has no checkpoint: it starts "
                    "anew.",
                    stacklevel=2,
                )
            return 0
        try:
            for name, thing in state.items():
                thing.load_state_dict(content["state"][name])
            for name, saved in content["generators"].items():
                self.generator(name).set_state(saved)
            self.resumed = max(self.resumed, int(content["resumed"]) + 1)
            self.earlier_seconds = float(content["seconds"])
            step = int(content["step"])
        except UNFIT as error:
            reason = " ".join(str(error).split())
            raise RecordError(
                f"{self.folder}: the checkpoint of the loop {loop!r} does not fit the method: "
                f"{reason} Start again with --fresh."
            ) from None
        self._started = time.monotonic()
        self._curves.rewind(loop, step)
        return step


@contextmanager
def _polite_interrupts() -> Iterator[threading.Event]:
    """Turn the first SIGINT or SIGTERM into an event that is looked at between two steps.

    A second SIGINT ends the process at once; a second SIGTERM does not, because it comes from
    several sides when workers are stopped. Outside the main thread nothing is changed, nor in a
    process that follows another one.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread() or not leads():
        yield asked
        return

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
