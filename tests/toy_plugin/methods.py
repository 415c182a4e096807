"""A small network that separates bright from dark, and baselines."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness.contract import GeneratedImages, Images, Keypoints, Method, Run, Samples
from harness.errors import DataError, RecordError
from harness.training.parallel import average_gradients, leads


@dataclass(frozen=True)
class Fit:
    """What a fit was given."""

    config: Any
    parts: int
    image_size: int
    images: int
    labelled: Samples | None


#: Every fit that was begun.
FITS: list[Fit] = []
#: Called at the beginning of every fit.
BEFORE_FIT: list[Any] = []


class ToyNet(Method):
    def __init__(self, config: Any, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.net = nn.Conv2d(3, parts + 1, 3, padding=1)

    def fit(self, images: Images, run: Run) -> None:
        config: Any = self.config
        FITS.append(Fit(config, self.parts, images.size, len(images), run.labelled))
        for call in BEFORE_FIT:
            call()
        if config.fail == "crash":
            raise RuntimeError("the toy broke")
        if config.fail == "user":
            raise DataError("the toy wants other data.")
        if config.fail == "die":
            os._exit(9)
        weights = run.generator("weights")
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=weights))
        run.prepare(self.net)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=config.rate)
        noise = run.generator("noise")
        for step in run.steps(config.steps, {"net": self.net, "optimizer": optimizer}):
            pixels = images.batch(step, 4).float() / 255
            pixels = run.share(pixels + 0.01 * torch.randn(pixels.shape, generator=noise))
            shares = self.net(pixels).softmax(1)
            loss = (shares[:, 1] - pixels.mean(1)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            average_gradients(self.net.parameters())
            optimizer.step()
            killed = os.environ.get("TOY_KILL_AT") == str(step)
            if (killed and leads()) or (config.fail == "follower" and step == 2 and not leads()):
                os.kill(os.getpid(), signal.SIGKILL)
            run.log(loss=loss * float("nan") if config.fail == "diverge" else loss)

    def segment(self, images: Tensor) -> Tensor:
        shares: Tensor = self.net(images.float() / 255).softmax(1)
        return shares

    def detect(self, images: Tensor) -> Keypoints:
        config: Any = self.config
        masks = self.segment(images)[:, 1:]
        size = masks.shape[-1]
        places = (torch.arange(size) + 0.5) / size
        mass = masks.sum((2, 3))
        x = (masks.sum(2) * places).sum(-1) / mass
        y = (masks.sum(3) * places).sum(-1) / mass
        points = torch.stack([x, y], -1)
        return Keypoints(points[..., 0] if config.fail == "points" else points)

    def state_dict(self) -> dict[str, Tensor]:
        return self.net.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.net.load_state_dict(state)

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.net.parameters())


class ToyBaseline(Method):
    def fit(self, images: Images, run: Run) -> None:
        """Nothing to learn."""

    def state_dict(self) -> dict[str, Tensor]:
        return {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        if state:
            raise RecordError("This method has no state.")


class ToyCentre(ToyBaseline):
    def detect(self, images: Tensor) -> Keypoints:
        return Keypoints(torch.full((len(images), self.parts, 2), 0.5))


class ToyNamed(ToyBaseline):
    def locate(self, images: Tensor) -> Tensor:
        return torch.full((len(images), 2, 2), 0.25)


class ToyOracle(ToyBaseline):
    def detect_with_truth(self, samples: Samples) -> Keypoints:
        return Keypoints(torch.from_numpy(samples.landmarks))


class ToyDisc(ToyBaseline):
    """Keypoint 0 is the centre of what is bright, the others lie below it, 0.1 apart.

    It draws a disc at every keypoint in the mean colour of an image, on black.
    """

    def detect(self, images: Tensor) -> Keypoints:
        bright = (images.float().mean(1) > 200).float()
        mass = bright.sum((1, 2)).clamp(min=1)
        places = self._places(images.shape[-1])
        x = (bright.sum(1) * places).sum(-1) / mass
        y = (bright.sum(2) * places).sum(-1) / mass
        below = 0.1 * torch.arange(self.parts)
        return Keypoints(torch.stack([x[:, None].expand(-1, self.parts), y[:, None] + below], -1))

    def reconstruct(
        self, images: Tensor, keypoints: Tensor | None = None, appearance: Tensor | None = None
    ) -> Tensor:
        points = self.detect(images).points if keypoints is None else keypoints
        colours = (images if appearance is None else appearance).float().mean((2, 3))
        return self._discs(points, colours)

    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        points = torch.rand(count, self.parts, 2, generator=generator)
        colours = 255 * torch.rand(count, 3, generator=generator)
        drawn = self._discs(points, colours)
        return GeneratedImages(drawn, {"colours": colours}, keypoints=points)

    def _discs(self, points: Tensor, colours: Tensor) -> Tensor:
        places = self._places(self.image_size)
        gaps = torch.stack(torch.meshgrid(places, places, indexing="xy"), -1)
        inside = (gaps - points[:, :, None, None]).norm(dim=-1) < 0.15
        return (inside.any(1)[:, None] * colours[:, :, None, None]).to(torch.uint8)

    def _places(self, size: int) -> Tensor:
        return (torch.arange(size) + 0.5) / size


class ToyPainter(ToyBaseline):
    """Paints a disc at every keypoint in the colour of its part, on a ground with a bright column.

    Colours are RGB in 0 to 1; `background_column` says where the column is, and `gain`, which
    belongs to nothing, multiplies all pixels.
    """

    def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
        def drawn(*shape: int) -> Tensor:
            return torch.rand(count, *shape, generator=generator)

        return self.render(
            {
                "keypoints": 0.2 + 0.6 * drawn(self.parts, 2),
                "appearance": drawn(self.parts, 3),
                "background": drawn(3),
                "background_column": drawn(1),
                "gain": 0.5 + 0.5 * drawn(1),
            }
        )

    def render(self, latents: Mapping[str, Tensor]) -> GeneratedImages:
        places = (torch.arange(self.image_size) + 0.5) / self.image_size
        gaps = torch.stack(torch.meshgrid(places, places, indexing="xy"), -1)
        column = (places - latents["background_column"]).abs() < 0.1
        pixels = latents["background"][:, :, None, None].expand(-1, -1, *gaps.shape[:2])
        pixels = torch.where(column[:, None, None], 1.0, pixels)
        points = latents["keypoints"].unbind(1)
        shown = [(gaps - point[:, None, None]).norm(dim=-1) < 0.15 for point in points]
        for inside, colour in zip(shown, latents["appearance"].unbind(1), strict=True):
            pixels = torch.where(inside[:, None], colour[:, :, None, None], pixels)
        masks = torch.stack([~torch.stack(shown).any(0), *shown], 1).float()
        images = (255 * latents["gain"][:, :, None, None] * pixels).to(torch.uint8)
        return GeneratedImages(images, latents, latents["keypoints"], masks)
