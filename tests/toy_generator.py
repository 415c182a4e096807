"""Generators whose images a test can compute by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from harness.contract import Evaluation, Predicted, Samples
from harness.contract.arrays import Drawn

Latents = Mapping[str, np.ndarray]
Paint = Callable[[Latents], np.ndarray]


@dataclass
class ToyGenerator:
    """Draws given latents.

    Attributes:
        latents: of all images.
        paint: latents to images `uint8 [N, 3, S, S]`.
        seen: all latents that were rendered, in order.
        asked: all (count, seed) that were sampled.
    """

    latents: Latents
    paint: Paint
    seen: list[Latents] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)

    def sample(self, count: int, seed: int) -> Iterator[Drawn]:
        """In batches of three."""
        self.asked.append((count, seed))
        for start in range(0, len(self.latents["keypoints"]), 3):
            part = {name: value[start : start + 3] for name, value in self.latents.items()}
            yield Drawn(images=self.paint(part), latents=part)

    def render(self, latents: Latents) -> Drawn:
        self.seen.append(latents)
        return Drawn(images=self.paint(latents), latents=latents)

    def evaluation(self, detect: Callable[[np.ndarray], np.ndarray] | None = None) -> Evaluation:
        """Without a test image, as these metrics look at none."""

        def predict(images: np.ndarray) -> Predicted:
            return Predicted(ids=[str(i) for i in range(len(images))], keypoints=detect(images))

        return Evaluation(
            test=Predicted(ids=[]),
            test_truth=Samples(ids=[], images=np.zeros((0, 3, 8, 8), np.uint8)),
            predict=predict if detect else None,
            sample=self.sample,
            render=self.render,
        )


def latents(keypoints: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Random looks for keypoints `[N, K, 2]`, and a latent of the generator's own."""
    random = np.random.default_rng(seed)
    count, parts = keypoints.shape[:2]
    return {
        "keypoints": keypoints.astype(np.float32),
        "appearance": random.uniform(50, 250, (count, parts, 3)).astype(np.float32),
        "background": random.uniform(0, 40, (count, 3)).astype(np.float32),
        "own": random.uniform(size=(count, 1)).astype(np.float32),
    }
