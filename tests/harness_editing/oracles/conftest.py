"""Images of two discs with labels, and oracles that have learned them within seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from drawn_discs import discs, draw_discs
from memory_run import MemoryRun

from harness.contract import Samples
from harness.training import FitImages
from harness_editing.oracles.attributes import AttributeOracle
from harness_editing.oracles.captions.config import CaptionOracleConfig
from harness_editing.oracles.captions.method import CaptionOracle
from harness_editing.oracles.config import OracleConfig
from harness_editing.oracles.keypoints import KeypointOracle
from harness_editing.oracles.supervised import SupervisedOracle

SIDE = 16
TINY = {"steps": 80, "batch_size": 24}
ORACLES: dict[str, type[SupervisedOracle]] = {
    "attributes": AttributeOracle,
    "keypoints": KeypointOracle,
    "captions": CaptionOracle,
}


def labelled_discs(count: int = 400, seed: int = 0) -> Samples:
    """The bright disc is left or right, up or down; its place, and a sentence that says so."""
    images, centres = draw_discs(count, SIDE, seed)
    left, up = centres[:, 0].T < 0.5
    captions = [
        f"a disc in the {'upper' if u else 'lower'} {'left' if x else 'right'} corner"
        for x, u in zip(left, up, strict=True)
    ]
    return Samples(
        ids=[str(number) for number in range(count)],
        images=images,
        landmarks=centres,
        visible=np.ones((count, 2), bool),
        attributes=np.stack((left, up), axis=1).astype(np.float32),
        captions=captions,
    )


@pytest.fixture(scope="session")
def truth() -> Samples:
    return labelled_discs()


@pytest.fixture(scope="session")
def others() -> Samples:
    """Further images of the same kind."""
    return labelled_discs(200, seed=1)


@pytest.fixture(scope="session")
def unused() -> FitImages:
    """What `fit` gets besides the labelled images."""
    return discs(2)


@pytest.fixture(scope="session")
def oracle() -> Callable[..., SupervisedOracle]:
    """Makes an oracle of some kind of conditions."""

    def make(kind: str, **changes: object) -> SupervisedOracle:
        config = CaptionOracleConfig if kind == "captions" else OracleConfig
        return ORACLES[kind](config(**{**TINY, **changes}), 1, SIDE)

    return make


@pytest.fixture(scope="session")
def fitted(oracle, unused, truth) -> Callable[..., SupervisedOracle]:
    """Makes an oracle and lets it learn from the discs."""

    def make(kind: str, samples: Samples = truth, seed: int = 0, **changes: object):
        run = MemoryRun(seed)
        run.labelled = samples
        made = oracle(kind, **changes)
        made.fit(unused, run)
        return made

    return make


@pytest.fixture(scope="session")
def learned(fitted) -> dict[str, SupervisedOracle]:
    """An oracle of each kind that has learned the discs; not to be changed."""
    return {kind: fitted(kind) for kind in ORACLES}
