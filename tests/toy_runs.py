"""Finished runs of toy methods, written without running them."""

from __future__ import annotations

from pathlib import Path

from toy_plugin.methods import ToyBaseline, ToyDisc, ToyPainter
from toy_plugin.options import NoConfig

from harness.fit_note import FitNote, write_note
from harness.saved import save_weights


def painter_run(folder: Path, parts: int = 3, image_size: int = 64) -> Path:
    """A generator that paints a disc at every keypoint; the folder."""
    return _written(folder, "toy_painter", ToyPainter(NoConfig(), parts, image_size))


def disc_run(folder: Path, parts: int = 2, image_size: int = 64) -> Path:
    """A method that draws photos again, with a disc at every keypoint; the folder."""
    return _written(folder, "toy_disc", ToyDisc(NoConfig(), parts, image_size))


def _written(folder: Path, name: str, method: ToyBaseline) -> Path:
    folder.mkdir(parents=True)
    note = FitNote(
        method=name,
        preset="quick",
        config={},
        parts=method.parts,
        image_size=method.image_size,
        suite="toy",
        suite_image_size=method.image_size,
        seed=0,
        owner=f"the owner of {folder.name}",
        threads=1,
        precision="fp32",
        device="cpu",
        finished=True,
    )
    write_note(note, folder)
    save_weights(method, folder)
    return folder
