"""A method that keeps the contract in every respect, and one for each other capability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.contract import (
    APPEARANCE,
    BACKGROUND,
    KEYPOINTS,
    Editor,
    GeneratedImages,
    Images,
    Keypoints,
    Method,
    Run,
    Samples,
)

#: What `Good` offers.
OFFERS = ("detect", "segment", "describe", "sample", "render", "reconstruct")


class Learner(Method):
    """One convolution that learns to tell bright from dark."""

    net: nn.Module

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.count = parts
        self.net = nn.Conv2d(3, parts + 1, 3, padding=1)

    def fit(self, images: Images, run: Run) -> None:
        config: Any = self.config
        with torch.no_grad():
            for value in self.net.parameters():
                value.copy_(torch.randn(value.shape, generator=run.generator("weights")))
        self.begin()
        run.prepare(self.net)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=config.rate)
        noise = run.generator("noise")
        for step in run.steps(config.steps, {"net": self.net, "optimizer": optimizer}):
            pixels = images.batch(step, 4).float() / 255
            pixels = pixels + 0.01 * torch.randn(pixels.shape, generator=noise)
            loss = (self.net(pixels).softmax(1)[:, 1] - pixels.mean(1)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)

    def begin(self) -> None:
        """Called before the first step."""

    def state_dict(self) -> dict[str, Tensor]:
        return self.net.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.net.load_state_dict(state)

    def to(self, device: torch.device) -> None:
        self.net.to(device)

    def parameter_count(self) -> int:
        return sum(value.numel() for value in self.net.parameters())


class Good(Learner):
    """Parts are softmax channels, keypoints their centres; images are drawn of their looks."""

    def segment(self, images: Tensor) -> Tensor:
        return self.masks(images)

    def masks(self, images: Tensor) -> Tensor:
        shares: Tensor = self.net(images.float() / 255).softmax(1)
        return shares

    def detect(self, images: Tensor) -> Keypoints:
        return Keypoints(self.centres(images))

    def centres(self, images: Tensor) -> Tensor:
        masks = self.masks(images)[:, 1:]
        places = self.places(images.device)
        mass = masks.sum((2, 3))
        x = (masks.sum(2) * places).sum(-1) / mass
        y = (masks.sum(3) * places).sum(-1) / mass
        return torch.stack([x, y], -1)

    def places(self, device: torch.device) -> Tensor:
        return (torch.arange(self.image_size, device=device) + 0.5) / self.image_size

    def describe(self, images: Tensor) -> Tensor:
        return self.masks(images).mean((2, 3))

    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        device = next(self.net.parameters()).device
        latents = {
            KEYPOINTS: torch.rand(count, self.count, 2, generator=generator).to(device),
            APPEARANCE: torch.rand(count, self.count, 1, generator=generator).to(device),
            BACKGROUND: torch.rand(count, 1, generator=generator).to(device),
        }
        return self.made(latents)

    def render(self, latents: dict[str, Tensor]) -> GeneratedImages:
        return self.made(latents)

    def made(self, latents: dict[str, Tensor]) -> GeneratedImages:
        points, looks, behind = (latents[n] for n in (KEYPOINTS, APPEARANCE, BACKGROUND))
        return GeneratedImages(self.drawn(points, looks, behind), latents, keypoints=points)

    def drawn(self, points: Tensor, looks: Tensor, behind: Tensor) -> Tensor:
        places = self.places(points.device)
        down, across = places[:, None], places[None]
        x, y = points[..., 0, None, None], points[..., 1, None, None]
        near = torch.exp(-50 * ((across - x) ** 2 + (down - y) ** 2)).nan_to_num(0.0)
        grey = (behind[:, :, None] + (near * looks[..., None]).sum(1)).clamp(0, 1)
        return (255 * grey).to(torch.uint8)[:, None].repeat(1, 3, 1, 1)

    def reconstruct(
        self, images: Tensor, keypoints: Tensor | None = None, appearance: Tensor | None = None
    ) -> Tensor:
        points = self.centres(images) if keypoints is None else keypoints
        looks = self.masks(images if appearance is None else appearance)[:, 1:].mean((2, 3))
        return self.drawn(points, looks[..., None], images.float().mean((1, 2, 3))[:, None] / 510)


class Named(Method):
    """The mean of the labelled landmarks."""

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.mean = torch.zeros(0, 2)

    def fit(self, images: Images, run: Run) -> None:
        assert run.labelled is not None
        self.mean = torch.from_numpy(run.labelled.landmarks.mean(axis=0))

    def locate(self, images: Tensor) -> Tensor:
        return self.mean.expand(len(images), -1, -1)

    def state_dict(self) -> dict[str, Tensor]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.mean = state["mean"]

    def to(self, device: torch.device) -> None:
        self.mean = self.mean.to(device)


class Truthful(Named):
    """The landmarks themselves."""

    locate = None  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        if name == "locate":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def detect_with_truth(self, samples: Samples) -> Keypoints:
        return Keypoints(torch.from_numpy(samples.landmarks.copy()))


class Painter(Learner):
    """Latents are three colours that fill the image."""

    layers = 1

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        device = next(self.net.parameters()).device
        return torch.rand(count, 3, generator=generator).to(device)

    def synthesise(self, latents: Tensor) -> Tensor:
        side = self.image_size
        mixed = torch.tanh(latents @ self.net.weight.mean((2, 3))[:3])  # type: ignore[operator]
        return mixed[:, :, None, None].expand(-1, -1, side, side)

    def projected(self, latents: Tensor) -> Tensor:
        return latents


class Answering(Learner):
    """Attributes are the mean channels."""

    conditions = "attributes"

    def answer(self, images: Tensor) -> Tensor:
        return torch.sigmoid(self.net(images).mean((2, 3)))

    def encode(self, captions: Sequence[str]) -> Tensor:
        raise NotImplementedError


class Moving(Editor):
    """Moves down the gradient of what the guide says is missing."""

    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.gain = torch.ones(1)

    def fit(self, images: Images, run: Run) -> None:
        latents = self.generator.draw_latents(4, run.generator("latents"))
        answers = self.guide.answer(self.generator.synthesise(latents))
        gain = nn.Linear(1, 1)
        nn.init.constant_(gain.bias, 0.5)
        nn.init.uniform_(gain.weight, generator=run.generator("gain"))
        for _ in run.steps(3, {"gain": gain}):
            with torch.no_grad():
                gain.weight += 0.1 * answers.mean()
        self.gain = gain.weight.detach().reshape(1)

    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        with torch.enable_grad():
            start = latents.clone().requires_grad_()
            gaps = (wanted - self.guide.answer(self.generator.synthesise(start))).nan_to_num(0.0)
            (slope,) = torch.autograd.grad(gaps.square().sum(), start)
        step = -self.gain * F.normalize(slope, dim=1)
        return torch.stack([latents + s * step for s in strengths])

    def state_dict(self) -> dict[str, Tensor]:
        return {"gain": self.gain}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.gain = state["gain"]
