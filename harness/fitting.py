"""Fitting one cell: learned now, resumed, or read back where it is finished."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.assets import asset_folder
from harness.cache import CachedSplit, resized_images
from harness.contract.method import Method
from harness.fellows import fellows, team_size
from harness.fit_note import FitNote, read_note, write_note
from harness.identity import fit_owner
from harness.latent_editing import attach
from harness.plan import Cell, RunOptions
from harness.presets import UNTRAINED
from harness.registry import Registry
from harness.saved import (
    Fitted,
    construct,
    restore,
    save_weights,
)
from harness.training.images import FitImages
from harness.training.machine import (
    forget_peak_memory,
    free_cores,
    keep_freed_pages,
    peak_memory_bytes,
    pick_device,
    pick_precision,
)
from harness.training.run import TrainingRun
from harness.watching import CellWatcher, Listening

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Seconds for which it holds how many cores are free; looking takes a third of one.
LOOK_SECONDS = 60


@lru_cache(maxsize=1)
def _cores_of(_: int) -> int:
    """The free cores, looked at once a span of time."""
    return free_cores()


def _free_cores(processes: int) -> int:
    """The free cores for each of so many processes, at least 1."""
    return max(1, _cores_of(int(time.monotonic() // LOOK_SECONDS)) // processes)


@dataclass
class Fitting:
    """The fit of one cell, in a folder that the caller has locked.

    Attributes:
        cell: the cell.
        roles: its data.
        folder: where its weights, note and checkpoints lie.
        options: how it runs.
        known: the registry.
        watcher: who is told.
        assets: of an editor, the fitted assets that it may see, by name.
        attributes: names of the dataset's attributes.
    """

    cell: Cell
    roles: Mapping[str, CachedSplit]
    folder: Path
    options: RunOptions
    known: Registry
    watcher: CellWatcher
    assets: Mapping[str, Fitted] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()

    def owner(self) -> str:
        """Fingerprint of all that the weights depend on."""
        seen = {name: fitted.owner for name, fitted in self.assets.items()}
        return fit_owner(self.cell, self.roles, seen)

    def is_finished(self) -> bool:
        """Whether the weights are there already."""
        note = read_note(self.folder)
        done = note is not None and note.finished and note.owner == self.owner()
        return done and (self.folder / "weights.safetensors").exists()

    @property
    def learns(self) -> bool:
        """Whether the method learns at all; what the others keep is not worth waiting for a disk.

        Their weights are made again for every record, since after a power cut they may be damaged.
        """
        return self.cell.entry.spec.kind == "learned"

    def fitted(self) -> tuple[Fitted, FitNote]:
        """The fitted method, learned now or resumed where its weights are not there yet.

        It is always read back from its weights, so that what is scored is what is kept.
        """
        cell, options = self.cell, self.options
        device = pick_device(options.device)
        size = cell.config.image_size or cell.suite.image_size
        note = self._note(device, size)
        torch.set_num_threads(note.threads)
        keep_freed_pages()
        weights = self.folder / "weights.safetensors"
        if not (self.learns and note.finished and weights.exists()):
            note = self._learn(self._constructed(size), note, device)
        method = self._constructed(size)
        restore(method, weights)
        method.to(device)
        spec = cell.entry.spec
        return Fitted(method, spec, cell.suite.parts, size, device, note.owner), note

    def _constructed(self, size: int) -> Method:
        method = construct(self.cell.entry, self.cell.config, self.cell.suite.parts, size)
        attach(method, self.assets)
        return method

    def _note(self, device: torch.device, size: int) -> FitNote:
        """The note of an interrupted fit, so that it goes on alike; else a new one."""
        cell, options = self.cell, self.options
        owner, devices = self.owner(), team_size(cell, options)
        old = read_note(self.folder)
        if old is not None and old.owner == owner:
            return old if old.finished else old.model_copy(update={"device": str(device)})
        return FitNote(
            method=cell.entry.full_name,
            preset=cell.preset,
            config=cell.config.model_dump(mode="json"),
            parts=cell.suite.parts,
            image_size=size,
            suite=cell.suite.name,
            suite_image_size=cell.suite.image_size,
            seed=cell.seed,
            owner=owner,
            threads=options.threads or _free_cores(devices),
            devices=devices,
            precision=pick_precision(options.precision, device),
            device=str(device),
            assets={
                name: asset_folder(fitted.spec.name, fitted.owner).name
                for name, fitted in self.assets.items()
            },
            attributes=self.attributes if self.assets else (),
        )

    def _learn(self, method: Method, note: FitNote, device: torch.device) -> FitNote:
        if self.learns:
            write_note(note, self.folder)  # checkpoints are of no use without it
        with fellows(self.cell, self.options, self.folder, note, device):
            forget_peak_memory()
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)
            run = self._run(method, note, device)
        save_weights(method, self.folder, sync=self.learns)
        done = note.model_copy(
            update={
                "seconds": run.seconds(),
                "peak_memory_bytes": peak_memory_bytes(device),
                "parameters": method.parameter_count(),
                "resumed": run.resumed,
                "finished": True,
            }
        )
        write_note(done, self.folder, sync=self.learns)
        return done

    def follow(self, note: FitNote, device: torch.device) -> None:
        """Take part in the fit that another process leads; nothing is written."""
        torch.set_num_threads(note.threads)
        keep_freed_pages()
        self._run(self._constructed(note.image_size), note, device)

    def _run(self, method: Method, note: FitNote, device: torch.device) -> TrainingRun:
        """Let the method learn; the run in which it did."""
        cell = self.cell
        sees_labels = "labels" in cell.entry.spec.sees
        regress = self.roles.get("regress")
        run = TrainingRun(
            self.folder,
            note.owner,
            seed=cell.seed,
            device=device,
            precision="bf16" if note.precision == "bf16" else "fp32",
            labelled=regress.samples if sees_labels and regress else None,
            step_limit=0 if cell.preset == UNTRAINED else None,
            watcher=Listening(self.watcher, self.known, cell),
            checkpoint_seconds=self.options.checkpoint_seconds,
            deadline=self.options.deadline,
        )
        fit = self.roles["fit"]
        images = FitImages(lambda: resized_images(fit, note.image_size), cell.seed, self._clips())
        try:
            method.fit(images, run)
        finally:
            run.close()
        return run

    def _clips(self) -> NDArray[np.int64] | None:
        """Which images follow each other, only for methods that say that they see video."""
        clips = self.roles["fit"].samples.clips
        sees = (*self.cell.entry.spec.sees, *self.cell.config.also_sees())
        return clips if "video" in sees else None
