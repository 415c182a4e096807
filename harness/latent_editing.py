"""Editors with their generator and oracles, as editors themselves and metrics see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.contract.editing import Conditions, Editing, Editor
from harness.contract.method import Method
from harness.errors import ConfigError, ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

#: Latents or images that are worked on at once.
BATCH = 64
#: Latents, and their seed, from which R is measured.
RADIUS_LATENTS, RADIUS_SEED = 4000, 0


@dataclass(frozen=True)
class SizedOracle:
    """An oracle that takes images of any size.

    Attributes:
        oracle: a method with the capability `answer`.
        size: the side in pixels at which it looks at images.
    """

    oracle: Any
    size: int

    @property
    def conditions(self) -> Conditions:
        """What its answers are."""
        found: Conditions = self.oracle.conditions
        return found

    def answer(self, images: Tensor) -> Tensor:
        """Conditions `float32 [N, C]` of images `[N, 3, S, S]`, -1 to 1; differentiable."""
        if images.shape[-1] != self.size:
            side = (self.size, self.size)
            images = F.interpolate(images, side, mode="bilinear", antialias=True)
        answers: Tensor = self.oracle.answer(images)
        return answers

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions as conditions `[N, C]`."""
        encoded: Tensor = self.oracle.encode(captions)
        return encoded


def attach(method: Method, assets: Mapping[str, Fitted]) -> None:
    """Give an editor its generator and its guide; other methods get nothing.

    Raises:
        ContractError: a method says that it edits, and is no `Editor`.
    """
    if not assets:
        return
    if not isinstance(method, Editor):
        kind = type(method)
        raise ContractError(f"{kind.__module__}.{kind.__name__} edits, and is no Editor.")
    for asset in assets.values():
        freeze(asset.method)
    generator: Any = assets["generator"].method
    method.attach(generator, _sized(assets["guide"]))


def freeze(method: Method) -> None:
    """Networks of a method in evaluation, without gradients of their weights."""
    for value in vars(method).values():
        if isinstance(value, nn.Module):
            value.eval().requires_grad_(requires_grad=False)


def pixels(images: Tensor) -> Tensor:
    """Images from -1 to 1, clipped, as `uint8` on the CPU."""
    return ((images.clamp(-1.0, 1.0) + 1.0) * 127.5).round().byte().cpu()


def editing(fitted: Fitted, assets: Mapping[str, Fitted]) -> Editing:
    """A fitted editor with a suite's assets, as metrics see them.

    Args:
        fitted: the editor, attached.
        assets: `generator`, `guide` and `judge`.

    Raises:
        ConfigError: guide and judge answer with different conditions.
    """
    freeze(assets["judge"].method)
    works = _Works(fitted, assets["generator"])
    guide, judge = _sized(assets["guide"]), _sized(assets["judge"])
    if guide.conditions != judge.conditions:
        raise ConfigError(
            f"The suite's guide answers with {guide.conditions} and its judge with "
            f"{judge.conditions}; both must answer with the same."
        )
    return Editing(
        draw=works.draw,
        images=works.images,
        edit=works.edit,
        guide=lambda images: works.answers(guide, images),
        judge=lambda images: works.answers(judge, images),
        conditions=judge.conditions,
        radius=works.radius(),
        encode=(lambda captions: _array(judge.encode(captions)))
        if judge.conditions == "embedding"
        else None,
    )


def _sized(asset: Fitted) -> SizedOracle:
    return SizedOracle(asset.method, asset.image_size)


@dataclass(frozen=True)
class _Works:
    """NumPy in, NumPy out, batch by batch and without gradients."""

    editor: Fitted
    generator: Fitted

    def draw(self, count: int, seed: int) -> NDArray[np.float32]:
        source: Any = self.generator.method
        with torch.no_grad():
            return _array(source.draw_latents(count, torch.Generator().manual_seed(seed)))

    def radius(self) -> float:
        latents = self.draw(RADIUS_LATENTS, RADIUS_SEED).astype(np.float64)
        return float(np.linalg.norm(latents - latents.mean(axis=0), axis=1).mean())

    def images(self, latents: NDArray[np.float32]) -> NDArray[np.uint8]:
        source: Any = self.generator.method
        side = self.generator.image_size
        drawn = [np.empty((0, 3, side, side), np.uint8)]
        for part in self._tensors(latents):
            with torch.no_grad():
                images = source.synthesise(part)
            drawn.append(pixels(images).numpy())
        return np.concatenate(drawn)

    def edit(
        self,
        latents: NDArray[np.float32],
        wanted: NDArray[np.float32],
        strengths: Sequence[float],
    ) -> NDArray[np.float32]:
        editor: Any = self.editor.method
        parts = zip(self._tensors(latents), self._tensors(wanted), strict=True)
        with torch.no_grad():
            paths = [_array(editor.edit(start, goal, strengths)) for start, goal in parts]
        path = np.concatenate(paths, axis=1)
        count, size = latents.shape
        name = self.editor.spec.name
        if path.shape[:2] != (len(strengths), count) or path.shape[-1] != size or path.ndim > 4:
            raise ContractError(
                f"{name}: edit() gave {list(path.shape)} for {count} latents of {size} values and "
                f"{len(strengths)} strengths, expected [S, N, D] or [S, N, L, D]."
            )
        return path

    def answers(self, oracle: SizedOracle, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = []
        for part in self._tensors(images):
            with torch.no_grad():
                found.append(_array(oracle.answer(part.float() / 127.5 - 1.0)))
        return np.concatenate(found)

    def _tensors(self, array: NDArray[Any]) -> list[Tensor]:
        whole = torch.from_numpy(np.array(array)).to(self.editor.device)
        return list(torch.split(whole, BATCH)) if len(whole) else []


def _array(values: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values.detach().float().cpu().numpy()
    return found
