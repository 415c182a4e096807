"""Finished runs of toy methods, written without running them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from toy_plugin.editing import ToyAnswers, ToyCaptions, ToyEditor, ToyLatents, ToyPoints
from toy_plugin.methods import ToyDisc, ToyPainter
from toy_plugin.options import NoConfig

from harness.assets import asset_folder
from harness.contract import Method
from harness.fit_note import FitNote, write_note
from harness.provenance import provenance
from harness.record import MethodRef, Record, SuiteRef, write_record
from harness.saved import save_weights


def painter_run(folder: Path, parts: int = 3, image_size: int = 64) -> Path:
    """A generator that paints a disc at every keypoint; the folder."""
    return _written(folder, "toy_painter", ToyPainter(NoConfig(), parts, image_size))


def disc_run(folder: Path, parts: int = 2, image_size: int = 64) -> Path:
    """A method that draws photos again, with a disc at every keypoint; the folder."""
    return _written(folder, "toy_disc", ToyDisc(NoConfig(), parts, image_size))


#: The oracle of every kind of conditions.
ORACLES = {
    "attributes": ("toy_answers", ToyAnswers),
    "keypoints": ("toy_points", ToyPoints),
    "embedding": ("toy_captions", ToyCaptions),
}


def generator_run(folder: Path, image_size: int = 16) -> Path:
    """A generator whose latents are the colours of its images; the folder."""
    return _written(folder, "toy_latents", _latents(image_size))


def editor_run(folder: Path, kind: str = "attributes", image_size: int = 16) -> Path:
    """An editor of colours, its generator and oracles in the cache; the folder.

    The judge answers 0.9 times what the guide does.
    """
    name, oracle = ORACLES[kind]
    guide, judge = (oracle(NoConfig(), 1, image_size) for _ in range(2))
    judge.gain = torch.tensor([0.9])
    made = {"generator": ("toy_latents", _latents(image_size)), "guide": (name, guide)}
    made["judge"] = (name, judge)
    owners = {role: f"{role} of {folder.name}".ljust(16, "-") for role in made}
    places = {role: asset_folder(made[role][0], owner) for role, owner in owners.items()}
    for role, (method, fitted) in made.items():
        _written(places[role], method, fitted, owner=owners[role])
    assets = {role: places[role].name for role in ("generator", "guide")}
    names = ("red", "green", "blue")
    editor = ToyEditor(NoConfig(), 1, image_size)
    _written(folder, "toy_editor", editor, assets=assets, attributes=names)
    protocol = {
        "assets": {role: {"method": method} for role, (method, _) in made.items()},
        "asset_fits": owners,
    }
    write_record(_record(protocol), folder / "record.json")
    return folder


def _latents(image_size: int) -> ToyLatents:
    generator = ToyLatents(NoConfig(), 1, image_size)
    generator.load_state_dict({"weight": torch.eye(3), "bias": torch.zeros(3)})
    return generator


def _record(protocol: dict[str, Any]) -> Record:
    method = MethodRef(
        name="toy_editor",
        kind="learned",
        plugin="toy-package",
        plugin_version="1.2",
        version=1,
        preset="quick",
        config={},
        sees=[],
        capabilities=["edit"],
        fingerprint="",
    )
    suite = SuiteRef(name="toy", version=1, fingerprint="", protocol=protocol)
    where = provenance("now", "harness run --method toy_editor --suite toy", "toy-package")
    return Record(id="a", status="finished", suite=suite, method=method, seed=0, provenance=where)


def _written(folder: Path, name: str, method: Method, **more: Any) -> Path:
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
        threads=1,
        precision="fp32",
        device="cpu",
        finished=True,
        **{"owner": f"the owner of {folder.name}", **more},
    )
    write_note(note, folder)
    save_weights(method, folder)
    return folder
