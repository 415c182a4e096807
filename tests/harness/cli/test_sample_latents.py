"""Edits of latents through the command, in a world where a latent is the colour of its image."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from toy_world import Toy

ASSETS = {
    "generator": {"method": "toy_latents", "preset": "paper"},
    "guide": {"method": "toy_answers", "preset": "paper", "images": "even"},
    "judge": {"method": "toy_answers", "preset": "paper", "images": "odd"},
}


def editor_run(toy: Toy) -> str:
    toy.suite(assets=ASSETS, metrics=[{"name": "toy_edited"}])
    outcome = toy.runner().run(toy.cell("toy_editor", preset="paper"))
    assert outcome.folder is not None, outcome.error
    return str(outcome.folder.relative_to(toy.folder))


def test_new_images_are_edited_towards_an_attribute(cli: InProcess, toy: Toy) -> None:
    run = editor_run(toy)
    done = cli("sample", run, "-n", "4", "--want", "green=1", "--device", "cpu")
    assert done.code == 0, done.err
    picture, note = map(Path, done.out.splitlines())
    assert picture.parent == Path(run) / "samples"
    saved = json.loads(note.read_text())
