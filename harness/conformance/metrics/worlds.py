"""Hand-made evaluations of a perfect method, and of one that sees nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.conformance.drawn import (
    ATTRIBUTES,
    DISCS,
    HOMES,
    drawn,
    found_discs,
    painted,
)
from harness.contract.arrays import Drawn, Evaluation, Predicted, Samples
from harness.contract.editing import Conditions, Editing
from harness.contract.latents import APPEARANCE, BACKGROUND, KEYPOINTS

#: Images of the roles `test`, `regress` and `fit`, and their side in pixels. More labelled images
#: than coordinates of landmarks, so that a linear map is determined.
TEST, REGRESS, FIT, SIZE = 24, 96, 48, 32
#: Images that a generator draws at once.
BATCH = 10

Points = NDArray[np.float32]


def evaluation(needs: Sequence[str], *, perfect: bool, conditions: Conditions) -> Evaluation:
    """All that a metric may look at.

    Args:
        needs: what the metric's spec says that it reads.
        perfect: what is predicted is the truth, generated images look like real ones, and edits do
            what is asked; else predictions have nothing to do with the images, all generated
            images are one, and edits do nothing.
        conditions: what the oracles of an editor answer.
    """
    test, regress = _truth(TEST, 11, needs), _truth(REGRESS, 12, needs)
    generator = _Generator(perfect=perfect)
    detect = found_discs if perfect else _guesses
    return Evaluation(
        test=_predicted(test, needs, perfect=perfect),
        test_truth=test,
        regress=_predicted(regress, needs, perfect=perfect),
        regress_truth=regress,
        landmark_names=tuple(f"landmark {i}" for i in range(_count(test))),
        part_names=tuple(f"disc {i}" for i in range(DISCS)),
        attribute_names=tuple(f"attribute {i}" for i in range(ATTRIBUTES)),
        predict=lambda images: Predicted(
            ids=[str(i) for i in range(len(images))], keypoints=detect(images)
        ),
        sample=generator.sample,
        render=generator.render,
        fit_images=drawn(FIT, SIZE, 13).images,
        editing=_editing(conditions, perfect=perfect),
    )


def _truth(count: int, seed: int, needs: Sequence[str]) -> Samples:
    """Drawn images; where the method itself is asked, the discs are the landmarks."""
    samples = drawn(count, SIZE, seed)
    if "detector" not in needs:
        return samples
    points = found_discs(samples.images)
    return replace(samples, landmarks=points, visible=np.ones(points.shape[:2], dtype=bool))


def _count(samples: Samples) -> int:
    return 0 if samples.landmarks is None else samples.landmarks.shape[1]


def _predicted(truth: Samples, needs: Sequence[str], *, perfect: bool) -> Predicted:
    """The truth itself, or guesses that follow from the names of the images alone."""
    if truth.landmarks is None or truth.parts is None:
        raise ValueError("The drawn images have landmarks and parts.")
    ids = list(truth.ids)
    keypoints, labels = truth.landmarks.copy(), truth.parts.copy()
    if not perfect:
        random = np.random.default_rng([len(ids), 5])
        keypoints = random.uniform(0, 1, keypoints.shape).astype(np.float32)
        labels = random.integers(0, DISCS + 1, labels.shape).astype(np.uint8)
        if "detector" in needs:
            keypoints = _guesses(truth.images)
    flat = keypoints.reshape(len(ids), -1)
    return Predicted(
        ids=ids,
        keypoints=keypoints,
        confidence=np.ones(keypoints.shape[:2], dtype=np.float32),
        part_labels=labels,
        descriptors=flat,
    )


def _guesses(images: NDArray[np.uint8]) -> Points:
    """Points that depend on an image in no sensible way."""
    seeds = images.reshape(len(images), -1).astype(np.int64).sum(axis=1)
    guesses = [np.random.default_rng(int(s)).uniform(0, 1, (DISCS, 2)) for s in seeds]
    return np.stack(guesses).astype(np.float32)


class _Generator:
    """Draws discs from their places and looks; an imperfect one always draws the same."""

    def __init__(self, *, perfect: bool) -> None:
        self.perfect = perfect

    def sample(self, count: int, seed: int) -> Iterator[Drawn]:
        """New images, batch by batch."""
        random = np.random.default_rng([seed, 23])
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            latents = {
                KEYPOINTS: HOMES + random.uniform(-0.12, 0.12, (size, DISCS, 2)),
                APPEARANCE: random.uniform(0.6, 1.0, (size, DISCS, 1)),
                BACKGROUND: random.uniform(0.1, 0.3, (size, 1)),
            }
            yield self.render({k: v.astype(np.float32) for k, v in latents.items()})

    def render(self, latents: Mapping[str, NDArray[np.float32]]) -> Drawn:
        """The images of latents."""
        centres, looks, ground = (latents[n] for n in (KEYPOINTS, APPEARANCE, BACKGROUND))
        shown = (centres, looks, ground)
        if not self.perfect:
            shown = (centres * 0 + 0.5, looks * 0 + 0.6, ground * 0 + 0.2)
        images, labels = painted(*shown, SIZE)
        return Drawn(images.astype(np.uint8), dict(latents), centres, labels)


def _editing(conditions: Conditions, *, perfect: bool) -> Editing:
    """Latents that are the answers themselves, which stand in the red pixels of an image."""

    def draw(count: int, seed: int) -> NDArray[np.float32]:
        drawn_latents = np.random.default_rng([seed, 29]).uniform(0, 1, (count, ATTRIBUTES))
        return drawn_latents.astype(np.float32)

    def images(latents: NDArray[np.float32]) -> NDArray[np.uint8]:
        shown = np.zeros((len(latents), 3, SIZE, SIZE), dtype=np.uint8)
        flat = latents.mean(axis=1) if latents.ndim == 3 else latents
        shown[:, 0, 0, :ATTRIBUTES] = np.rint(255 * flat.clip(0, 1))
        return shown

    def edit(
        latents: NDArray[np.float32], wanted: NDArray[np.float32], strengths: Sequence[float]
    ) -> NDArray[np.float32]:
        asked = (1 + wanted) / 2 if conditions == "embedding" else wanted
        goal = np.where(np.isnan(asked), latents, asked) if perfect else latents
        path = np.stack([latents + s * (goal - latents) for s in strengths])
        return path.astype(np.float32)

    def answer(shown: NDArray[np.uint8]) -> NDArray[np.float32]:
        read = shown[:, 0, 0, :ATTRIBUTES] / 255
        return _unit(2 * read - 1) if conditions == "embedding" else read.astype(np.float32)

    latents = draw(1000, 0).astype(np.float64)
    radius = float(np.linalg.norm(latents - latents.mean(axis=0), axis=1).mean())
    encode: Callable[[Sequence[str]], Any] | None = None
    if conditions == "embedding":

        def encode(captions: Sequence[str]) -> NDArray[np.float32]:
            seeds = [sum(map(ord, caption)) for caption in captions]
            return _unit(np.stack([np.random.default_rng(s).normal(size=4) for s in seeds]))

    return Editing(draw, images, edit, answer, answer, conditions, radius, encode)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
