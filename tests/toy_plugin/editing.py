"""A generator, an oracle and an editor whose every number a test can compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from harness.contract import Editor, Evaluation, Images, Measurement, Method, Metric, Run
from harness.errors import UserError

#: Every fit that was begun: method, number of labelled images.
EDITING_FITS: list[tuple[str, int]] = []


class ToyLatents(Method):
    """A latent is the colour of the whole image, -1 to 1."""

    layers = 1

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.net = nn.Linear(3, 3)

    def fit(self, images: Images, run: Run) -> None:
        EDITING_FITS.append(("toy_latents", 0))
        with torch.no_grad():
            self.net.weight.copy_(torch.eye(3))
            self.net.bias.zero_()

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        return torch.rand(count, 3, generator=generator) - 0.5

    def synthesise(self, latents: Tensor) -> Tensor:
        side = self.image_size
        return self.net(latents)[:, :, None, None].expand(-1, -1, side, side)

    def projected(self, latents: Tensor) -> Tensor:
        return latents

    def state_dict(self) -> dict[str, Tensor]:
        return self.net.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.net.load_state_dict(state)


class ToyAnswers(Method):
    """Answers with the mean colour, 0 to 1, times a gain that its labelled images decide."""

    conditions = "attributes"

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.gain = torch.ones(1)

    def fit(self, images: Images, run: Run) -> None:
        assert run.labelled is not None
        EDITING_FITS.append(("toy_answers", len(run.labelled)))
        self.gain = torch.tensor([1.0 - 0.01 * float(run.labelled.landmarks[0, 0, 0])])

    def answer(self, images: Tensor) -> Tensor:
        assert images.shape[-1] == self.image_size
        return self.gain * (images.mean(dim=(2, 3)) + 1) / 2

    def encode(self, captions: Sequence[str]) -> Tensor:
        raise UserError("No captions here.")

    def state_dict(self) -> dict[str, Tensor]:
        return {"gain": self.gain}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.gain = state["gain"]


class ToyPoints(ToyAnswers):
    """Answers with two keypoints: (red, green) and (green, blue), 0 to 1."""

    conditions = "keypoints"

    def answer(self, images: Tensor) -> Tensor:
        return super().answer(images)[:, [0, 1, 1, 2]]


class ToyCaptions(ToyAnswers):
    """Answers with the direction of the colour from grey, in which names of colours lie too."""

    conditions = "embedding"

    def answer(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(2 * super().answer(images) - 1, dim=1)

    def encode(self, captions: Sequence[str]) -> Tensor:
        names = ("red", "green", "blue")
        found = [[float(name in caption) for name in names] for caption in captions]
        return nn.functional.normalize(torch.tensor(found), dim=1)


class ToyEditor(Editor):
    """Moves every asked colour by the guide's distance from what is wanted.

    Where the guide answers no colours, it goes a step of 0.1 down the gradient of that distance.
    """

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.seen = torch.zeros(1)

    def fit(self, images: Images, run: Run) -> None:
        EDITING_FITS.append(("toy_editor", 0))
        latents = self.generator.draw_latents(4, run.generator("latents"))
        self.seen = self.guide.answer(self.generator.synthesise(latents)).mean().reshape(1)

    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        with torch.enable_grad():
            start = latents.clone().requires_grad_()
            shown = self.guide.answer(self.generator.synthesise(start))
            gaps = (wanted - shown).nan_to_num(0.0)
            (slope,) = torch.autograd.grad(gaps.square().sum(), start)
        colours = self.guide.conditions == "attributes"
        step = 2.0 * gaps.detach() if colours else -0.1 * nn.functional.normalize(slope, dim=1)
        return torch.stack([latents + s * step for s in strengths])

    def state_dict(self) -> dict[str, Tensor]:
        return {"seen": self.seen}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.seen = state["seen"]


class Edited(Metric):
    """How far the judge's answers are from what was wanted, after an edit of four latents."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        editing = evaluation.editing
        assert editing is not None
        latents = editing.draw(4, 0)
        wanted = np.full((4, 3), np.nan, np.float32)
        wanted[:, 1] = 0.75
        path = editing.edit(latents, wanted, [0.0, 1.0])
        before, after = (editing.judge(editing.images(step)) for step in path)
        gaps = np.abs(after[:, 1] - 0.75).astype(np.float64)
        return Measurement(
            value=float(gaps.mean()),
            details={
                "before": float(np.abs(before[:, 1] - 0.75).mean()),
                "others": float(np.abs(after - before)[:, [0, 2]].max()),
                "radius": editing.radius,
            },
            resample=lambda chosen: float(gaps[chosen].mean()),
            resampled=4,
        )
