"""All that a method's capabilities say about images, as tensors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from harness.conformance.editing import ATTRIBUTES, LATENT
from harness.conformance.methods.subject import MethodSubject

#: Strengths at which edits are tried.
STRENGTHS = (0.0, 0.5, 1.0)
#: Capabilities that answer images, each by itself.
OF_IMAGES = ("detect", "segment", "locate", "describe", "reconstruct", "answer")


def answers(method: MethodSubject, made: Any, images: Tensor | None = None) -> dict[str, Tensor]:
    """What an object says about images, or draws, by capability.

    Args:
        method: the method under test.
        made: an object of it that has learned.
        images: `uint8 [N, 3, S, S]`; the test images by default, with what is drawn from nothing.
    """
    offers = method.spec.capabilities
    given = method.images if images is None else images
    found: dict[str, Tensor] = {}
    with torch.inference_mode():
        for capability in OF_IMAGES:
            if capability in offers:
                found |= of_images(made, capability, given.clone())
        if images is None and "sample" in offers:
            found |= named("sample", made.sample(3, torch.Generator().manual_seed(0)))
        if images is None and "synthesise" in offers:
            latents = made.draw_latents(3, torch.Generator().manual_seed(0))
            found |= {"draw_latents": latents, "synthesise": made.synthesise(latents)}
    if images is None and "edit" in offers:
        found["edit"] = edited(made, *latents_and_wanted(3))
    if images is None and "detect_with_truth" in offers:
        found["detect_with_truth"] = made.detect_with_truth(method.test).points
    return {name: value.detach().cpu() for name, value in found.items()}


def of_images(made: Any, capability: str, images: Tensor) -> dict[str, Tensor]:
    """What one capability says about images."""
    if capability == "detect":
        found = made.detect(images)
        confidence = {} if found.confidence is None else {"detect, confidence": found.confidence}
        return {"detect": found.points, **confidence}
    if capability == "answer":
        return {"answer": made.answer(images.float() / 127.5 - 1)}
    return {capability: getattr(made, capability)(images)}


def named(capability: str, made: Any) -> dict[str, Tensor]:
    """What a generator gave, by name."""
    parts: Mapping[str, Tensor | None] = {
        "images": made.images,
        "keypoints": made.keypoints,
        "masks": made.masks,
        **{f"latent {name}": value for name, value in made.latents.items()},
    }
    return {f"{capability}, {name}": value for name, value in parts.items() if value is not None}


def latents_and_wanted(count: int) -> tuple[Tensor, Tensor]:
    """Latents `[N, 16]`, and what is wanted of each: one attribute, the others are NaN."""
    latents = torch.randn(count, LATENT, generator=torch.Generator().manual_seed(5))
    wanted = torch.full((count, ATTRIBUTES), torch.nan)
    for row in range(count):
        wanted[row, row % ATTRIBUTES] = float(row % 2)
    return latents, wanted


def edited(made: Any, latents: Tensor, wanted: Tensor) -> Tensor:
    """The path of an edit, samples first: `[N, S, D]` or `[N, S, L, D]`."""
    with torch.no_grad():
        path: Tensor = made.edit(latents.clone(), wanted.clone(), STRENGTHS)
    return path.transpose(0, 1)


def differing(first: Mapping[str, Tensor], second: Mapping[str, Tensor], tolerance: float) -> str:
    """The name of the first answer in which two sets differ; empty where they are equal.

    Args:
        first: answers by name.
        second: answers by name.
        tolerance: greatest difference of numbers; of images in grey levels from 0 to 255, where it
            is one level more than of numbers.
    """
    for name, value in first.items():
        other = second.get(name)
        if other is None or other.shape != value.shape or other.dtype != value.dtype:
            return name
        one, two = (torch.nan_to_num(v.double(), nan=1e9) for v in (value, other))
        allowed = tolerance
        if value.dtype == torch.uint8 and tolerance > 0:
            allowed = 1.0
        if value.numel() and float((one - two).abs().max()) > allowed:
            return name
    return ""
