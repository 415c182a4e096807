"""Edits of attributes, made once for all metrics that score them, and how good the oracles are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.contract import Editing, Samples
from harness.errors import DataError, ShapeError
from harness_metrics.disentanglement_curve import PRESENT
from harness_metrics.edit_params import MdsParams
from harness_metrics.fields import Bools, Floats
from harness_metrics.latent_edits import Edits, Latents, Seen, follow, look, look_at_images


@dataclass(frozen=True)
class AttributeEdits:
    """N latents on which one attribute was edited, to the side where it was not.

    Attributes:
        before: what oracles see in the starts, `[N, M]`.
        edits: what was made of them, `[S, N, M]`.
        place: of the edited attribute among the M.
        passed_over: how many latents came before the last start without being one, since guide
            and judge disagree about the attribute there.
    """

    before: Seen
    edits: Edits
    place: int
    passed_over: int


def attribute_edits(
    editing: Editing, names: Sequence[str], known: Sequence[str], params: MdsParams
) -> Mapping[str, AttributeEdits]:
    """Edits of every attribute by its name, without those that find too few starts.

    The starts of an attribute are the first `samples` latents of one stream on which both oracles
    see it or both do not; an editor has no part in the choice. They are made once for all metrics
    of one evaluation that ask for the same.

    Args:
        editing: editor, generator and oracles of attributes.
        names: attributes to edit.
        known: names of all attributes that oracles answer.
        params: how many starts, strengths and the longest edit.

    Raises:
        ShapeError: the oracles answer another number of attributes.
        DataError: their answers are no probabilities.
    """
    asked = params.model_dump(exclude={"threshold", "attributes"})
    return editing.known(
        f"edits of {list(names)} with {asked}", lambda: _made(editing, names, known, params)
    )


def _made(
    editing: Editing, names: Sequence[str], known: Sequence[str], params: MdsParams
) -> dict[str, AttributeEdits]:
    places = {name: list(known).index(name) for name in names}
    latents, seen = _stream(editing, list(places.values()), len(known), params)
    made = {}
    for name, place in places.items():
        rows = np.flatnonzero(_agreed(seen)[:, place])[: params.samples]
        if len(rows) < params.samples:
            continue
        before = seen.take(rows)
        wanted = np.full(before.judge.shape, np.nan)
        wanted[:, place] = before.judge[:, place] < PRESENT
        edits = follow(editing, latents[rows], wanted, params)
        _check(edits.seen, len(known))
        made[name] = AttributeEdits(before, edits, place, int(rows[-1]) + 1 - len(rows))
    return made


def _stream(
    editing: Editing, places: Sequence[int], count: int, params: MdsParams
) -> tuple[Latents, Seen]:
    """Latents `[P, D]` with what oracles see, as many as give every attribute its starts."""
    latents = editing.draw(params.pool * params.samples, params.seed)
    seen = Seen(*np.empty((2, 0, count)))
    for start in range(0, len(latents), params.samples):
        more = look(editing, latents[start : start + params.samples])
        _check(more, count)
        seen = Seen(
            np.concatenate([seen.judge, more.judge]), np.concatenate([seen.guide, more.guide])
        )
        if (_agreed(seen)[:, places].sum(axis=0) >= params.samples).all():
            break
    return latents[: len(seen.judge)], seen


def _agreed(seen: Seen) -> Bools:
    """`bool [N, M]`, whether both oracles see an attribute, or both do not."""
    return np.asarray((seen.judge >= PRESENT) == (seen.guide >= PRESENT))


def balanced_accuracies(editing: Editing, truth: Samples, labels: Floats) -> Mapping[str, Floats]:
    """How often each oracle is right about the test images.

    Args:
        editing: with oracles of attributes.
        truth: the test images, of any size.
        labels: of all attributes, `[N, M]` in {0, 1, NaN}.

    Returns:
        `judge` and `guide`: for every attribute, `[M]`, the mean of both classes' shares of right
        answers, in [0, 1]; 0.5 for a constant answer, NaN where only one class occurs.

    Raises:
        ShapeError: the oracles answer another number of attributes.
        DataError: their answers are no probabilities.
    """

    def make() -> dict[str, Floats]:
        seen = look_at_images(editing, truth.images)
        _check(seen, labels.shape[1])
        return {
            who: np.array(
                [_balanced(a >= PRESENT, b) for a, b in zip(answers.T, labels.T, strict=True)]
            )
            for who, answers in (("judge", seen.judge), ("guide", seen.guide))
        }

    return editing.known("accuracy of the oracles of attributes", make)


def _balanced(answers: Bools, labels: Floats) -> float:
    shares = [(answers == label)[labels == label] for label in (0, 1)]
    return float(np.mean([s.mean() for s in shares])) if all(map(len, shares)) else float("nan")


def _check(seen: Seen, count: int) -> None:
    for who, answers in (("judge", seen.judge), ("guide", seen.guide)):
        if answers.shape[-1] != count:
            raise ShapeError(
                f"The {who} answers {answers.shape[-1]} attributes, and the dataset has {count}; "
                "train it on this dataset's labels."
            )
        wrong = ~((answers >= 0) & (answers <= 1))
        if wrong.any():
            raise DataError(
                f"The {who} answers {answers[wrong][0]:g} to an image, expected probabilities in "
                "[0, 1]; an oracle of attributes has to end with a logistic function."
            )
