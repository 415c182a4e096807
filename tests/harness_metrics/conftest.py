from collections.abc import Callable

import numpy as np
import pytest
from colour_world import ColourWorld, make_world

from harness.contract import Evaluation, Predicted, Samples


@pytest.fixture
def samples() -> Callable[..., Samples]:
    """Truth without pixels: ids and images follow from the first array given."""

    def make(*, image_size: int = 0, **arrays: object) -> Samples:
        given = {name: np.asarray(array) for name, array in arrays.items()}
        count = len(next(iter(given.values())))
        images = np.zeros((count, 3, image_size, image_size), np.uint8)
        return Samples(ids=[f"image-{i}" for i in range(count)], images=images, **given)

    return make


@pytest.fixture
def predicted() -> Callable[..., Predicted]:
    def make(**arrays: object) -> Predicted:
        given = {name: np.asarray(array) for name, array in arrays.items()}
        count = len(next(iter(given.values())))
        return Predicted(ids=[f"image-{i}" for i in range(count)], **given)

    return make


@pytest.fixture
def faces(samples: Callable[..., Samples], predicted: Callable[..., Predicted]) -> Evaluation:
    """40 labelled and 30 test images of 4 landmarks that follow 3 keypoints, with noise."""
    random = np.random.default_rng(7)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        keypoints = random.uniform(0.2, 0.8, (count, 3, 2))
        mixing = np.random.default_rng(1).normal(size=(6, 8)) / 3
        landmarks = ((keypoints - 0.5).reshape(count, 6) @ mixing).reshape(count, 4, 2) + 0.5
        return keypoints, landmarks + random.normal(0, 0.02, landmarks.shape)

    train, labels = draw(40)
    test, truth = draw(30)
    return Evaluation(
        test=predicted(keypoints=test),
        test_truth=samples(landmarks=truth, image_size=64),
        regress=predicted(keypoints=train),
        regress_truth=samples(landmarks=labels, image_size=64),
    )


@pytest.fixture
def colour_world(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ColourWorld]:
    """Makes a world whose extractor is what metrics get, whatever name they ask for."""

    def make(**settings: float) -> ColourWorld:
        world = make_world(**settings)
        for module in ("image_sets", "fid"):
            monkeypatch.setattr(
                f"harness_metrics.{module}.build_extractor", lambda *_: world.extractor
            )
        return world

    return make
