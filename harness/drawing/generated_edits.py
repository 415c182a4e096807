"""Generated images drawn again after operations on what they were drawn from.

>>> fitted = load_fitted(folder)  # doctest: +SKIP
>>> draw = new_draw(fitted, count=8, seed=0)  # doctest: +SKIP
>>> edit = edited(fitted, draw, [parse_operation("look=2:5")])  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.contract import KEYPOINTS
from harness.drawing.manipulation import Manipulated, check_steps
from harness.drawing.operations import Operation, check_image, mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.drawing.operations import Latents
    from harness.saved import Fitted


@dataclass(frozen=True)
class Draw:
    """New images of a method with what they were drawn from.

    Attributes:
        images: `uint8 [N, 3, S, S]`, S the method's image size.
        latents: `[N, ...]` by name, with `keypoints`, `appearance` and `background`.
    """

    images: NDArray[np.uint8]
    latents: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Edit:
    """Images of a draw before and after a change.

    Attributes:
        numbers: which images of the draw.
        plain: `uint8 [N, 3, S, S]`, drawn again from their latents as they were, in one batch of
            the same size as the changed ones, so that they differ by the change alone.
        change: keypoints before and after, and the changed images.
    """

    numbers: tuple[int, ...]
    plain: NDArray[np.uint8]
    change: Manipulated


def new_draw(fitted: Fitted, count: int, seed: int) -> Draw:
    """New images that can be changed.

    Args:
        fitted: a method with `sample` and `render`.
        count: number of images, at least 1; which images there are depends on it as on the seed.
        seed: of the images.

    Raises:
        UserError: the method cannot sample or render, or no image is asked for.
    """
    fitted.require("render")
    made = fitted.sample(count, seed)
    latents = {name: value.numpy() for name, value in made.latents.items()}
    return Draw(made.images.numpy(), latents)


def edited(
    fitted: Fitted,
    draw: Draw,
    operations: Sequence[Operation],
    numbers: Sequence[int] | None = None,
) -> Edit:
    """Images of a draw after operations.

    Args:
        fitted: the method that drew them.
        draw: all images; what an operation takes from another image, it takes from here.
        operations: applied in this order.
        numbers: the images to change; all by default.

    Raises:
        ConfigError: a keypoint or an image is meant that there is none of.
    """
    chosen = range(len(draw)) if numbers is None else numbers
    return edited_each(fitted, draw, dict.fromkeys(chosen, operations))


def edited_each(fitted: Fitted, draw: Draw, operations: Mapping[int, Sequence[Operation]]) -> Edit:
    """Images of a draw, each after operations of its own.

    Args:
        fitted: the method that drew them.
        draw: all images.
        operations: by the number of the image, at least one.

    Raises:
        ConfigError: a keypoint or an image is meant that there is none of.
    """
    plain = _joined(changed_latents(draw, number) for number in operations)
    changed = _joined(changed_latents(draw, number, own) for number, own in operations.items())
    change = Manipulated(plain[KEYPOINTS], changed[KEYPOINTS], rendered(fitted, changed))
    return Edit(tuple(operations), rendered(fitted, plain), change)


def changed_latents(draw: Draw, number: int, operations: Sequence[Operation] = ()) -> Latents:
    """What one image of a draw is drawn from after operations.

    Args:
        draw: all images.
        number: of the image.
        operations: applied in this order.

    Returns:
        `[1, ...]` by name.

    Raises:
        ConfigError: a keypoint or an image is meant that there is none of.
    """
    check_image(number, len(draw))
    latents: Latents = {name: value[[number]] for name, value in draw.latents.items()}
    for operation in operations:
        latents = operation.changed(latents, draw.latents)
    return latents


def rendered(fitted: Fitted, latents: Latents) -> NDArray[np.uint8]:
    """The images `uint8 [N, 3, S, S]` of latents `[N, ...]`."""
    import torch

    tensors = {name: torch.from_numpy(value) for name, value in latents.items()}
    images: NDArray[np.uint8] = fitted.render(tensors).images.numpy()
    return images


def ways(
    fitted: Fitted, draw: Draw, to: int, steps: int, numbers: Sequence[int] | None = None
) -> dict[int, Manipulated]:
    """Images on the way to another image of the draw.

    Every latent, keypoints, appearance, background and a method's own, goes straight and in equal
    steps. So the first picture is the image itself and the last one the other image.

    Args:
        fitted: the method that drew them.
        draw: all images.
        to: number of the image that all are led to.
        steps: pictures, at least 2.
        numbers: the images to start from; all by default.

    Returns:
        By the number of the image: N is `steps`, and `before` repeats the image's keypoints.

    Raises:
        ConfigError: there are fewer than 2 steps, or there is no such image.
    """
    check_steps(steps)
    chosen = range(len(draw)) if numbers is None else numbers
    target = changed_latents(draw, to)
    path = [
        {name: mixed(value, target[name], share) for name, value in start.items()}
        for start in (changed_latents(draw, number) for number in chosen)
        for share in np.linspace(0, 1, steps).tolist()
    ]
    latents = _joined(path)
    images, points = rendered(fitted, latents), latents[KEYPOINTS]
    found = {}
    for row, number in enumerate(chosen):
        own = slice(row * steps, (row + 1) * steps)
        before = np.repeat(points[own][:1], steps, axis=0)
        found[number] = Manipulated(before, points[own], images[own])
    return found


def _joined(latents: Iterable[Latents]) -> dict[str, NDArray[Any]]:
    """Several batches, at least one, as one."""
    batches = list(latents)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
