"""Parts as clusters of colours: as small as a method with a training loop can be."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn

from harness.contract import Images, Method, Run
from harness_toy.config import ToyConfig

#: How sharply a pixel chooses the nearest colour.
SHARPNESS = 15.0


class Colours(nn.Module):
    """K + 1 colours in [0, 1]; a pixel belongs softly to the nearest one."""

    def __init__(self, parts: int) -> None:
        super().__init__()
        self.colours = nn.Parameter(torch.zeros(parts + 1, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Masks `[N, K + 1, H, W]` of images `[N, 3, H, W]` in [0, 1]."""
        differences = images[:, None] - self.colours[None, :, :, None, None]
        return (-SHARPNESS * differences.square().sum(2)).softmax(1)

    def draw(self, masks: Tensor) -> Tensor:
        """The images that masks and colours make, `[N, 3, H, W]`."""
        return torch.einsum("nkhw,kc->nchw", masks, self.colours)


class ToyColours(Method):
    """Learns the colours from which images can be drawn again."""

    config: ToyConfig

    def __init__(self, config: ToyConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.net = Colours(parts)

    def fit(self, images: Images, run: Run) -> None:
        """Randomness comes from `run.generator`; all that changes is in the state of the loop."""
        net = run.prepare(self.net)
        start = torch.rand(net.colours.shape, generator=run.generator("colours"))
        net.colours.data.copy_(start)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.config.learning_rate)
        noise = run.generator("noise")
        for step in run.steps(self.config.steps, {"net": net, "optimizer": optimizer}):
            batch = images.batch(step, self.config.batch_size).to(run.device) / 255
            noisy = batch + 0.02 * torch.randn(batch.shape, generator=noise).to(run.device)
            with run.autocast():
                drawn = net.draw(net(noisy))
                loss = (drawn - batch).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.detach())
            if step == self.config.steps - 1:
                run.show("drawn", (255 * drawn.detach()).clamp(0, 255).to(torch.uint8))
            time.sleep(self.config.pause_seconds)
        self._put_background_first(images.take(range(min(len(images), 32))).to(run.device))

    @torch.no_grad()
    def _put_background_first(self, images: Tensor) -> None:
        """Channel 0 is the background: here, the colour that covers most of the top row."""
        share = self.net(images / 255)[:, :, 0].mean((0, 2))
        order = share.argsort(descending=True, stable=True)
        self.net.colours.copy_(self.net.colours[order].clone())

    @torch.no_grad()
    def segment(self, images: Tensor) -> Tensor:
        """Masks `float32 [N, K + 1, H, W]`."""
        return self.net(images / 255)

    def to(self, device: torch.device) -> None:
        """Move the colours."""
        self.net.to(device)

    def state_dict(self) -> dict[str, Tensor]:
        """The colours."""
        return self.net.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore the colours."""
        self.net.load_state_dict(state)

    def parameter_count(self) -> int:
        """Three numbers a colour."""
        return self.net.colours.numel()
