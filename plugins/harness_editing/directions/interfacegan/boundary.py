"""The boundary of an attribute in the space of latents, and directions along which others stay."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.errors import RunError
from harness_editing.directions.config import InterFaceGanConfig

#: A direction of which less than this remains lies in the span of its conditions.
REMAINDER_LEAST = 1e-6


@dataclass(frozen=True)
class Boundary:
    """The hyperplane between latents with an attribute and without.

    Attributes:
        normal: `float32 [D]`, length 1, to the side of those with the attribute.
        validation_accuracy: share of the held-back examples on the right side.
        accuracy: share of all latents on the right side; one has the attribute where its score is
            above the middle between the lowest and the highest.
    """

    normal: Tensor
    validation_accuracy: float
    accuracy: float


def boundary(
    latents: Tensor, scores: Tensor, config: InterFaceGanConfig, source: torch.Generator
) -> Boundary:
    """Find it by a linear support vector machine on the latents of extreme scores.

    The machine is scikit-learn's `SVC(kernel="linear")`, as in the official code: hinge loss and an
    intercept without penalty. `LinearSVC` is faster, but squares the loss and penalises the
    intercept, so it finds another hyperplane. Latents are not scaled; the intercept serves the
    accuracies and is then thrown away.

    Args:
        latents: `[N, D]`, on the CPU.
        scores: of the attribute, `[N]`; only their order counts for the examples, ties in the
            order of the latents.
        config: shares and penalty.
        source: CPU generator of the split into training and validation.

    Source: Shen et al. 2020; official code, `train_boundary`.
    """
    from sklearn.svm import SVC

    without, having = extreme_rows(scores, config.extremes, config.extremes_least)
    learned = max(1, int(config.training_share * len(having)))
    mixed = [rows[torch.randperm(len(rows), generator=source)] for rows in (without, having)]
    train = torch.cat([rows[:learned] for rows in mixed])
    validation = torch.cat([rows[learned:] for rows in mixed])
    labels = torch.arange(2).repeat_interleave(learned)
    machine = SVC(C=config.penalty, kernel="linear")
    machine.fit(latents[train].double().numpy(), labels.numpy())
    weights = torch.from_numpy(machine.coef_[0].copy())
    found = latents.double() @ weights + float(machine.intercept_[0]) > 0
    held_back = torch.arange(2).repeat_interleave(len(having) - learned) == 1
    middle = (scores.amax() + scores.amin()) / 2
    return Boundary(
        normal=(weights / torch.linalg.vector_norm(weights)).float(),
        validation_accuracy=_share(found[validation] == held_back),
        accuracy=_share(found == (scores > middle)),
    )


def extreme_rows(scores: Tensor, share: float, least: int) -> tuple[Tensor, Tensor]:
    """Positions of the lowest and of the highest of scores `[N]`, equally many.

    They are `share` of N, rounded down, but at least `least` and at most half.
    """
    count = min(max(int(share * len(scores)), least), len(scores) // 2)
    order = torch.argsort(scores, stable=True)
    return order[:count], order[len(order) - count :]


def projected_out(normal: Tensor, conditions: Tensor) -> Tensor:
    """The direction nearest to a normal along which all conditions stay.

    Args:
        normal: `[D]`, length 1.
        conditions: normals of the attributes that are to stay `[k, D]`, length 1; they may depend
            on each other.

    Returns:
        `[D]`, of the normal's type, length 1, orthogonal to the conditions.

    Raises:
        RunError: the normal lies in the span of the conditions.

    Source: Shen et al. 2020, conditional manipulation; for any number of conditions as in the
    official code, `project_boundary`, but by least squares, so that alike conditions do no harm.
    """
    columns, wanted = conditions.double().T, normal.double()
    shares = torch.linalg.lstsq(columns, wanted[:, None], driver="gelsd").solution
    rest = wanted - (columns @ shares)[:, 0]
    length = torch.linalg.vector_norm(rest)
    if length < REMAINDER_LEAST:
        raise RunError(
            "interfacegan: an attribute's boundary lies in the span of those that are to stay, so "
            "no direction is left; lower 'conditions'."
        )
    direction: Tensor = rest / length
    return direction.to(normal)


def conditional(normals: Tensor, count: int) -> Tensor:
    """Every normal of `[C, D]` without those `count` others that are most alike.

    Alike is a large absolute cosine.

    Raises:
        RunError: nothing remains of one.
    """
    if count == 0:
        return normals
    alike = (normals @ normals.T).abs().fill_diagonal_(-1.0)
    others = alike.argsort(dim=1, descending=True, stable=True)[:, :count]
    pairs = zip(normals, others, strict=True)
    return torch.stack([projected_out(normal, normals[rows]) for normal, rows in pairs])


def _share(right: Tensor) -> float:
    return float(right.double().mean())
