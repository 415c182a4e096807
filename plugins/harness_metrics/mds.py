"""How well edits change one attribute and no other: the manipulation disentanglement score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness.contract import Curve, Evaluation, Measurement, Metric
from harness_metrics.attribute_accuracy import attribute_labels, chosen_attributes
from harness_metrics.attribute_edits import AttributeEdits, attribute_edits, balanced_accuracies
from harness_metrics.disentanglement_curve import PRESENT, Curves, Outcomes, outcomes, stacked
from harness_metrics.edit_params import MdsParams
from harness_metrics.fields import Floats, nonzero
from harness_metrics.latent_edits import Seen, editing_of, strengths

#: The accuracy at which the share of the others that changed is shown.
HALF = 0.5


class Mds(Metric):
    """Area under disentanglement over accuracy of edits of attributes, as the judge sees them.

    Higher is better, in [0, 1]; the mean over the edited attributes. For every one, N = `samples`
    latents are edited to the side where the attribute is not: to 1 where it is not seen, to 0 where
    it is. They are the first N of a stream fixed by `seed` on which guide and judge agree about
    it, the same for all editors; an attribute that finds fewer among `pool` times N is left out and
    counted. Edits are made at `levels` strengths. One that is farther from its start than `longest`
    times R, the mean distance of the generator's latents from their mean, is pulled back to that
    length, for all editors alike: broken images could count as success otherwise.

    An attribute changed when its probability moved by more than `threshold`. Accuracy is the share
    of samples whose edited attribute changed to what was wanted; disentanglement the mean over all
    samples of the share of the other attributes, all those of the dataset, that did not change. An
    edit that is not finite failed and changed all others. The curve begins at accuracy 0 with
    disentanglement 1; a strength belongs to it only where its accuracy exceeds that of every lower
    one; the area is that of trapezia up to the largest accuracy, nothing is added beyond it and
    nothing is divided by it. An editor that does nothing scores 0, a perfect one 1.

    `mds` judges by an oracle that no editor ever sees, `mds_guide` by the guide that editors may
    look at, as papers do: there an editor that deceives the guide scores high. Both score the same
    edits: a suite that uses both must give them the same parameters. Attributes that exclude each
    other cannot all stay.

    `also` holds `mds_cross`, where the edited attribute succeeds when its probability changed
    sides of 0.5. `details` holds for every attribute its score, the largest accuracy, the strength
    with the largest harmonic mean of accuracy and disentanglement with both, the share of others
    that changed where the curve passes accuracy 0.5 (undefined where it does not get there), the
    share of starts that show it, and both oracles' balanced accuracies on the images of role
    `test`; then the means. The interval resamples the starts, all strengths and attributes of one
    position together. With one attribute in the dataset the score is undefined.

    Source: Li et al. 2021 (Surrogate Gradient Field, section 4.4.1). The strengths, the rule for
        falling accuracies, the end of the curve, the longest edit and the judge are choices of this
        project's own.
    """

    params: MdsParams
    name: ClassVar[str] = "mds"
    oracle: ClassVar[Literal["judge", "guide"]] = "judge"

    def measure(self, evaluation: Evaluation) -> Measurement:
        """The score over new latents; test images only tell how good the oracles are.

        Raises:
            ShapeError: an oracle answers another number of attributes than the dataset has.
            DataError: the method is no editor, the oracles do not answer attributes with
                probabilities, or labels are missing.
            ConfigError: a parameter names an attribute that the dataset does not have.
        """
        editing = editing_of(evaluation, "attributes", self.name)
        known = evaluation.attribute_names
        names = chosen_attributes(self.params.attributes, known, self.name)
        truth = evaluation.test_truth
        labels = attribute_labels(truth, "test", known, known)
        if len(known) < 2:
            return _undefined("attributes: no other one that could change", len(known))
        edits = attribute_edits(editing, names, known, self.params)
        lost = {
            "attributes: too few starts on which judge and guide agree": len(names) - len(edits)
        }
        if not edits:
            return _undefined(*lost.popitem())
        qualities = {
            f"balanced accuracy of {who}": dict(zip(known, shares.tolist(), strict=True))
            for who, shares in balanced_accuracies(editing, truth, labels).items()
        }
        longest = self.params.longest * editing.radius
        return self._measurement(names, edits, qualities, longest, lost)

    def _measurement(
        self,
        names: Sequence[str],
        edits: Mapping[str, AttributeEdits],
        qualities: Mapping[str, Mapping[str, float]],
        longest: float,
        lost: Mapping[str, int],
    ) -> Measurement:
        usual, crossing = (self._outcomes(edits, crossing=crossing) for crossing in (False, True))
        curves = usual.curves()
        all_edits = [one.edits for one in edits.values()]
        counts = {
            "starts: judge and guide disagree, next one taken": sum(
                one.passed_over for one in edits.values()
            ),
            "edits: not finite, counted as failed": sum((~e.finite).sum() for e in all_edits),
        }

        def resample(positions: NDArray[np.int64]) -> float:
            return float(usual.curves(positions).areas().mean())

        return Measurement(
            value=float(curves.areas().mean()),
            excluded=nonzero({**lost, **counts}),
            also={"mds_cross": float(crossing.curves().areas().mean())},
            details={
                **_by_attribute(names, self._facts(edits, curves), qualities),
                "longest edit": longest,
                "share of edits pulled back to it": float(
                    np.mean([e.shortened.mean() for e in all_edits])
                ),
            },
            resample=resample,
            resampled=self.params.samples,
            curve=_drawn(list(edits), curves, self.params.samples, self.oracle),
        )

    def _seen(self, seen: Seen) -> Floats:
        return seen.judge if self.oracle == "judge" else seen.guide

    def _outcomes(self, edits: Mapping[str, AttributeEdits], *, crossing: bool) -> Outcomes:
        return stacked(
            [
                outcomes(
                    self._seen(one.before),
                    self._seen(one.edits.seen),
                    one.edits.finite,
                    one.place,
                    self.params.threshold,
                    crossing=crossing,
                )
                for one in edits.values()
            ]
        )

    def _facts(
        self, edits: Mapping[str, AttributeEdits], curves: Curves
    ) -> dict[str, dict[str, float]]:
        """Numbers of every edited attribute by what they are, then by the attribute's name."""
        facts: dict[str, dict[str, float]] = {}
        levels = strengths(self.params.levels)
        for row, (name, one) in enumerate(edits.items()):
            x, y = curves.points(row)
            best = curves.best(row)
            at = [curves.accuracy[row], curves.disentanglement[row], levels]
            chosen = [float("nan")] * 3 if best is None else [float(line[best]) for line in at]
            numbers = {
                "": float(curves.areas()[row]),
                "highest accuracy": float(x[-1]),
                "best accuracy": chosen[0],
                "best disentanglement": chosen[1],
                "best strength": chosen[2],
                "others changed at accuracy .5": float(
                    1 - np.interp(HALF, x, y) if x[-1] >= HALF else np.nan
                ),
                "share of starts that show it": float(
                    (one.before.judge[:, one.place] >= PRESENT).mean()
                ),
            }
            for what, value in numbers.items():
                facts.setdefault(what, {})[name] = value
        return facts


class MdsGuide(Mds):
    """Area under disentanglement over accuracy of edits of attributes, as the guide sees them.

    The metric `mds` by the oracle that editors may look at; read it beside that, never alone.
    """

    name: ClassVar[str] = "mds_guide"
    oracle: ClassVar[Literal["judge", "guide"]] = "guide"


def _by_attribute(
    names: Sequence[str],
    facts: Mapping[str, Mapping[str, float]],
    qualities: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Every number of every attribute, undefined for those left out, and the means.

    A mean is undefined where one of its numbers is, so that no editor gains by what it cannot do.
    """
    nan = float("nan")
    details = {
        f"{name} {what}".rstrip(): numbers.get(name, nan)
        for name in names
        for what, numbers in facts.items()
    }
    for what, numbers in qualities.items():
        details |= {f"{name} {what}": value for name, value in numbers.items()}
    for what in ("highest accuracy", "others changed at accuracy .5"):
        details[f"mean {what}"] = float(np.mean(list(facts[what].values())))
    for what, numbers in qualities.items():
        defined = [value for value in numbers.values() if np.isfinite(value)]
        details[f"mean {what}"] = float(np.mean(defined)) if defined else nan
    return details


def _drawn(names: Sequence[str], curves: Curves, samples: int, oracle: str) -> Curve:
    """Every attribute's curve at all accuracies that N samples can have, and their mean."""
    grid = np.arange(samples + 1) / samples
    lines = {
        name: np.interp(grid, *curves.points(row), right=np.nan) for row, name in enumerate(names)
    }
    mean = np.mean(list(lines.values()), axis=0)
    return Curve(
        x=grid,
        lines={**lines, "mean, as far as all get": mean},
        x_label=f"accuracy, by the {oracle}",
        y_label=f"disentanglement, by the {oracle}",
    )


def _undefined(reason: str, count: int) -> Measurement:
    return Measurement(float("nan"), excluded=nonzero({reason: count}))
