"""What generated images are drawn from: the latents that every method with `render` has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.contract import APPEARANCE, BACKGROUND, KEYPOINTS
from harness.contract.method import GeneratedImages
from harness.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor

_FORMS = {KEYPOINTS: "[N, K, 2]", APPEARANCE: "[N, K, D]", BACKGROUND: "[N, E]"}


def of_background(name: str) -> bool:
    """Whether a latent belongs to the background, and goes with it where it is exchanged.

    >>> [of_background(name) for name in ("background", "background_place", "keypoints")]
    [True, True, False]
    """
    return name == BACKGROUND or name.startswith(f"{BACKGROUND}_")


def check_latents(made: GeneratedImages, owner: str) -> None:
    """Do nothing where latents have the names and forms that operations rely on.

    Args:
        made: what a method with `render` gave.
        owner: its name and the capability, for the message.

    Raises:
        ContractError: a latent is missing or has another form.
    """
    missing = [name for name in _FORMS if name not in made.latents]
    if missing:
        raise ContractError(
            f"{owner} gave no latent {missing[0]!r}, which methods with 'render' have; it gave "
            f"{', '.join(made.latents) or 'none'}."
        )
    points, looks, behind = (tuple(made.latents[name].shape) for name in _FORMS)
    fits = {
        KEYPOINTS: len(points) == 3 and points[2] == 2,
        APPEARANCE: len(looks) == 3 and looks[1:2] == points[1:2],
        BACKGROUND: len(behind) == 2,
    }
    for name, form in _FORMS.items():
        if not fits[name]:
            shape = list(made.latents[name].shape)
            raise ContractError(f"{owner} gave the latent {name!r} as {shape}, expected {form}.")


def joined_images(chunks: Sequence[GeneratedImages]) -> GeneratedImages:
    """Several batches, at least one, as one."""
    import torch

    def joined(parts: list[Tensor | None]) -> Tensor | None:
        whole = [part for part in parts if part is not None]
        return torch.cat(whole) if whole else None

    return GeneratedImages(
        images=torch.cat([chunk.images for chunk in chunks]),
        latents={
            name: torch.cat([chunk.latents[name] for chunk in chunks]) for name in chunks[0].latents
        },
        keypoints=joined([chunk.keypoints for chunk in chunks]),
        masks=joined([chunk.masks for chunk in chunks]),
    )
