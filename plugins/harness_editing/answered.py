"""New latents with what the guide says of their images: what editors learn from."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.contract import Run
from harness.contract.editing import LatentGenerator, Oracle
from harness.errors import RunError
from harness_editing.stored import Stored


@torch.no_grad()
def answered_latents(
    generator: LatentGenerator,
    guide: Oracle,
    count: int,
    run: Run,
    *,
    batch_size: int,
    source: torch.Generator,
    loop: str,
    owner: str,
) -> Stored[Tensor]:
    """New latents with the guide's answers to their images, in a loop of the run.

    Args:
        generator: draws latents and images.
        guide: answers the images.
        count: N.
        run: shows progress and keeps what is there already.
        batch_size: latents of a step.
        source: one of the run's random generators.
        loop: the loop's name.
        owner: the method, for messages.

    Returns:
        `latents` `[N, D]` and `answers` `[N, C]`, on the CPU; no rows where the loop is cut to no
        step.

    Raises:
        RunError: the guide answers what is no finite number.
    """
    found = Stored(
        latents=torch.zeros(count, latent_size(generator)),
        answers=torch.zeros(count, answer_count(generator, guide)),
        done=torch.zeros((), dtype=torch.int64),
    )
    for step in run.steps(-(-count // batch_size), {"answered": found}, name=loop):
        rows = slice(step * batch_size, min((step + 1) * batch_size, count))
        latents = generator.draw_latents(rows.stop - rows.start, source)
        answers = require_finite(guide.answer(generator.synthesise(latents)), owner)
        found["latents"][rows], found["answers"][rows] = latents.cpu(), answers.cpu()
        found["done"].fill_(rows.stop)
        run.log(mean_answer=answers.mean())
    done = int(found["done"])
    return Stored(latents=found["latents"][:done], answers=found["answers"][:done])


def latent_size(generator: LatentGenerator) -> int:
    """D, the values of a latent."""
    return generator.draw_latents(1, torch.Generator().manual_seed(0)).shape[1]


@torch.no_grad()
def answer_count(generator: LatentGenerator, guide: Oracle) -> int:
    """C, the conditions that the guide answers."""
    latent = generator.draw_latents(1, torch.Generator().manual_seed(0))
    return guide.answer(generator.synthesise(latent)).shape[1]


def require_finite(answers: Tensor, owner: str) -> Tensor:
    """The answers of a guide `[N, C]`, which must be numbers.

    Raises:
        RunError: one is NaN or infinite.
    """
    if not answers.isfinite().all():
        raise RunError(
            f"{owner}: the guide answers NaN or infinity to images of the generator; train the "
            "generator or the guide again."
        )
    return answers
