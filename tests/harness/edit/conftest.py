from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from png_pixels import encoded
from toy_plugin.methods import ToyDisc, ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.edit.session import EditSession
from harness.saved import Fitted

COUNT = 4


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    """A generator of 32 px with three parts."""
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 32), spec, 3, 32, torch.device("cpu"), "its owner")


@pytest.fixture
def disc(toy: Toy) -> Fitted:
    """A method that draws photos of 16 px again, with two keypoints."""
    spec = toy.known.methods.get("toy_disc").spec
    return Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"), "its owner")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "a run"


@pytest.fixture
def session(painter: Fitted, run: Path) -> EditSession:
    return EditSession(painter, run, COUNT)


@pytest.fixture
def photo_session(disc: Fitted, run: Path) -> EditSession:
    return EditSession(disc, run, COUNT)


@pytest.fixture
def photo() -> bytes:
    """A wide photo with a bright square at its left."""
    pixels = np.full((40, 80, 3), 60, np.uint8)
    pixels[10:30, 10:30] = 250
    return encoded(pixels)


@pytest.fixture
def red() -> bytes:
    """A photo that is red all over."""
    return encoded(np.full((30, 30, 3), (200, 10, 10), np.uint8))
