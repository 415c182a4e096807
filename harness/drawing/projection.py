"""Photos projected into a generator: the latents whose images are nearest to them.

>>> found = project(load_fitted(folder), photos)  # doctest: +SKIP
>>> found.latents.shape  # doctest: +SKIP
(2, 128)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import DataError, RecordError, RunError, UserError
from harness.files import replacing
from harness.latent_editing import freeze, pixels
from harness.training.images import resize_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

    #: Told (what, done, total) after every step.
    Tell = Callable[[str, int, int], None]

#: Steps of Adam, and its first rate in standard deviations of a latent's values; the rate falls as
#: half a wave of the cosine.
STEPS, RATE = 150, 0.2
#: Weight of the squared distance from the mean latent, in units of R, their mean distance from it.
#: Without it latents are found half as far again as the generator draws them, and edited worse.
PENALTY = 0.02
#: Latents, and their seed, from which mean and deviation are taken.
LATENTS, SEED = 4000, 0
#: The loss is taken at halved sizes down to this side in pixels.
SIDE_LEAST = 8
#: Photos that are projected at once.
BATCH = 16
#: Arrays of a file of projected photos.
_ARRAYS = ("latents", "photos", "images", "errors", "names", "generator")


@dataclass(frozen=True)
class Projection:
    """Photos and the latents that were found for them.

    Attributes:
        names: of the photos, N.
        photos: as the generator could draw them at best, `uint8 [N, 3, S, S]`.
        latents: `float32 [N, D]`.
        images: what the generator draws from them, `uint8 [N, 3, S, S]`.
        errors: mean squared error of a pixel's value, 0 to 255, `float64 [N, 2]`: of the image of
            the mean latent, where the search begins, and of the image that was found.
        generator: fingerprint of the generator.
    """

    names: tuple[str, ...]
    photos: NDArray[np.uint8]
    latents: NDArray[np.float32]
    images: NDArray[np.uint8]
    errors: NDArray[np.float64]
    generator: str

    def psnr(self) -> list[tuple[float, float]]:
        """Peak signal-to-noise ratios in dB of the errors; 99 for no error at all."""
        return [(decibels(begin), decibels(end)) for begin, end in self.errors.tolist()]

    def facts(self) -> list[dict[str, Any]]:
        """What is known of every photo, for JSON."""
        return [
            {
                "image": name,
                "mean_squared_error_of_the_mean_latent": round(begin, 3),
                "mean_squared_error": round(end, 3),
                "psnr_of_the_mean_latent": round(decibels(begin), 3),
                "psnr": round(decibels(end), 3),
            }
            for name, (begin, end) in zip(self.names, self.errors.tolist(), strict=True)
        ]

    def save(self, path: Path) -> Path:
        """Write all of it as `.npz`, whole or not at all; the path.

        Raises:
            RunError: the file cannot be written.
        """
        values = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **values)  # type: ignore[arg-type]
        return path


def load_projection(path: Path, generator: Fitted) -> Projection:
    """Photos that were projected earlier.

    Args:
        path: what `Projection.save` wrote.
        generator: must be the one they were projected into.

    Raises:
        DataError: the file holds no projected photos.
        RecordError: they were projected into another generator.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            values: dict[str, Any] = {name: file[name] for name in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError):
        raise DataError(
            f"{path}: holds no projected photos; expected what --project wrote."
        ) from None
    owner = str(values["generator"])
    if owner != generator.owner:
        raise RecordError(
            f"{path}: its photos were projected into another generator; project them again."
        )
    return Projection(**{**values, "names": tuple(values["names"].tolist()), "generator": owner})


def generator_of(fitted: Fitted) -> Fitted:
    """The generator that photos can be projected into: a run's method, or its editor's one.

    Raises:
        UserError: the run has none.
    """
    if "generator" in fitted.assets:
        return fitted.assets["generator"]
    if "synthesise" in fitted.spec.capabilities:
        return fitted
    raise UserError(
        f"{fitted.spec.name} has no latents that a photo could be projected into; that takes a "
        "method with 'synthesise', or an editor of one, and it offers "
        f"{', '.join(fitted.spec.capabilities)}."
    )


def project(
    generator: Fitted,
    photos: NDArray[np.uint8],
    names: Sequence[str] = (),
    *,
    steps: int = STEPS,
    tell: Tell | None = None,
) -> Projection:
    """Latents whose images are as near to photos as gradient descent finds them.

    It begins at the mean of the generator's latents and follows Adam on the squared differences
    from the photo, at the generator's size and at halved ones, and a little on the distance from
    the mean, beyond which edits mean less. The best latents that were seen are kept. Photos do not
    influence each other.

    Args:
        generator: a method with `synthesise`.
        photos: squares `uint8 [N, 3, T, T]` of any size.
        names: of the photos; their numbers by default.
        steps: of Adam.
        tell: is told how far it is.

    Raises:
        UserError: the method has no latents to project into.
        RunError: the generator gives no finite image.

    Source: Karras et al. 2020 (StyleGAN2, appendix D) begins at the mean and lowers the rate alike,
        with a perceptual loss that takes downloaded weights.
    """
    generator = generator_of(generator)
    freeze(generator.method)
    wanted = resize_images(torch.from_numpy(np.array(photos)), generator.image_size)
    parts = torch.split(wanted, BATCH)
    found = []
    for number, part in enumerate(parts):
        descent = _Descent(generator, part)
        for step in range(steps):
            descent.step(step / steps)
            if tell is not None:
                tell("projecting", number * steps + step + 1, len(parts) * steps)
        found.append(descent.found())
    latents, images, errors = (np.concatenate(values) for values in zip(*found, strict=True))
    return Projection(
        names=tuple(names) or tuple(map(str, range(len(photos)))),
        photos=wanted.numpy(),
        latents=latents,
        images=images,
        errors=errors,
        generator=generator.owner,
    )


class _Descent:
    """The search for the latents of one batch of photos `uint8 [N, 3, S, S]`."""

    def __init__(self, generator: Fitted, photos: Tensor) -> None:
        self.owner, self.method = generator.spec.name, generator.method
        method: Any = self.method
        self.photos = photos
        self.wanted = photos.to(generator.device).float() / 127.5 - 1.0
        drawn = method.draw_latents(LATENTS, torch.Generator().manual_seed(SEED)).detach()
        mean = method.projected(drawn.mean(dim=0, keepdim=True))
        self.point = mean.repeat(len(photos), 1).requires_grad_()
        self.mean = drawn.mean(dim=0)
        self.radius = torch.linalg.vector_norm(drawn - self.mean, dim=1).mean()
        self.rate = RATE * float(drawn.var(dim=0).mean().sqrt())
        self.adam = torch.optim.Adam([self.point], lr=self.rate)
        self.best = self.point.detach().clone()
        self.least = torch.full((len(photos),), torch.inf, device=self.best.device)
        self.first = self.best.clone()

    def step(self, share: float) -> None:
        """Look at the images of the present latents, and move them on.

        Args:
            share: of the way that is done, which lowers the rate.
        """
        method: Any = self.method
        for group in self.adam.param_groups:
            group["lr"] = self.rate * 0.5 * (1.0 + math.cos(math.pi * share))
        losses = self._losses()
        (self.point.grad,) = torch.autograd.grad(losses.sum(), self.point)
        if not losses.isfinite().all():
            raise RunError(f"{self.owner}: its images are not finite; train it again.")
        self._keep(losses.detach())
        with torch.no_grad():
            self.adam.step()
            self.point.copy_(method.projected(self.point))

    def found(self) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float64]]:
        """Latents, their images, and the errors before and after."""
        method: Any = self.method
        with torch.no_grad():
            self._keep(self._losses())
            begin, end = (pixels(method.synthesise(w)) for w in (self.first, self.best))
        errors = np.stack([_squared_errors(x, self.photos) for x in (begin, end)], axis=1)
        return self.best.cpu().numpy(), end.numpy(), errors

    def _losses(self) -> Tensor:
        """How far images and latents are from where they should be, `[N]`."""
        method: Any = self.method
        errors = scaled_errors(method.synthesise(self.point), self.wanted)
        apart: Tensor = (self.point - self.mean).square().sum(dim=1) / self.radius.square()
        return errors + PENALTY * apart

    def _keep(self, losses: Tensor) -> None:
        nearer = losses < self.least
        self.least = torch.where(nearer, losses, self.least)
        self.best = torch.where(nearer[:, None], self.point.detach(), self.best)


def scaled_errors(images: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared differences `[N]` of images `[N, 3, S, S]`, summed over halved sizes."""
    apart = images.float() - wanted
    total = apart.square().mean(dim=(1, 2, 3))
    while apart.shape[-1] >= 2 * SIDE_LEAST:
        apart = F.avg_pool2d(apart, 2)
        total = total + apart.square().mean(dim=(1, 2, 3))
    return total


def decibels(error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error of pixels from 0 to 255.

    >>> round(decibels(255.0**2 / 100), 6)
    20.0
    """
    return min(99.0, 10 * math.log10(255.0**2 / error)) if error > 0 else 99.0


def _squared_errors(images: Tensor, photos: Tensor) -> NDArray[np.float64]:
    apart = images.double() - photos.double()
    errors: NDArray[np.float64] = apart.square().mean(dim=(1, 2, 3)).numpy()
    return errors
