"""Overlap of nameless parts with named ones, after the parts have been given names."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from harness.contract import Evaluation, Measurement, Metric
from harness.errors import DataError
from harness_metrics.contingency import pool, role_tables
from harness_metrics.fields import Floats
from harness_metrics.params import PartIouParams

Matching = Literal["one_to_one", "many_to_one"]


class PartIou(Metric):
    """Intersection over union of each true part with the predicted parts assigned to it.

    Higher is better; fraction in [0, 1]; pixels are pooled over the test images, then classes are
    averaged. Names are given once, on the role `regress`, never on test images. Background keeps
    label 0 on both sides and is no class of the mean. Classes that do not occur in the test truth
    are left out; `also` gives `miou_all`, which counts those that are predicted nevertheless as 0,
    and the value under the other matching. Ignored pixels leave every count. Without a part in
    the test truth the value is undefined.

    Source: the definition is this project's own; published papers merge all parts instead.
    """

    params: PartIouParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean overlap over the classes of the test split.

        Raises:
            ShapeError: predicted and true masks differ in size.
            DataError: parts are missing on one of the roles `regress` and `test`.
        """
        if evaluation.regress is None or evaluation.regress_truth is None:
            raise DataError(
                "part_iou names parts on a labelled split of role 'regress'; name one in the suite "
                "or give its predictions too."
            )
        classes = len(evaluation.part_names) + 1
        test = role_tables(evaluation.test, evaluation.test_truth, "test", classes)
        regress = role_tables(evaluation.regress, evaluation.regress_truth, "regress", classes)
        shape = (max(test.shape[1], regress.shape[1]), max(test.shape[2], regress.shape[2]))
        tables, naming = _padded(test, shape), _padded(regress, shape).sum(axis=0)
        other: Matching = "many_to_one" if self.params.matching == "one_to_one" else "one_to_one"
        names = assign_parts(naming, self.params.matching)

        def mean_iou(images: NDArray[np.int64] | None = None) -> float:
            return _mean_iou(pool(tables, images), names)

        return Measurement(
            value=mean_iou(),
            also={
                "miou_all": _mean_iou(pool(tables), names, predicted_only=True),
                f"matching={other}": _mean_iou(pool(tables), assign_parts(naming, other)),
            },
            resample=mean_iou,
        )


def assign_parts(table: Floats, matching: Matching) -> NDArray[np.int64]:
    """The class of every predicted label, 0 for background and for parts without a class.

    Args:
        table: pixel counts `[K + 1, P + 1]` by predicted and true label, background first.
        matching: `one_to_one` maximises the sum of overlaps over all assignments of different
            classes to different parts; `many_to_one` gives each part its most frequent true label,
            which may be the background. A part that never meets its class gets none.

    Returns:
        Classes `int64 [K + 1]`.
    """
    names = np.zeros(len(table), dtype=np.int64)
    if matching == "many_to_one":
        names[1:] = table[1:].argmax(axis=1)
        return names
    common = table[1:, 1:]
    union = table.sum(axis=1)[1:, None] + table.sum(axis=0)[None, 1:] - common
    parts, classes = linear_sum_assignment(common / np.maximum(union, 1), maximize=True)
    met = common[parts, classes] > 0
    names[parts[met] + 1] = classes[met] + 1
    return names


def _mean_iou(table: Floats, names: NDArray[np.int64], *, predicted_only: bool = False) -> float:
    """Mean overlap over the true classes that occur, or that are predicted as well."""
    classes = table.shape[1]
    by_class = np.zeros((classes, classes))
    np.add.at(by_class, names, table)
    common, truth = np.diagonal(by_class)[1:], table.sum(axis=0)[1:]
    union = by_class.sum(axis=1)[1:] + truth - common
    counts = union > 0 if predicted_only else truth > 0
    return float((common[counts] / union[counts]).mean()) if counts.any() else float("nan")


def _padded(tables: Floats, shape: tuple[int, int]) -> Floats:
    """Tables `[N, A, B]` with empty rows and columns added up to this shape."""
    missing = [(0, 0), (0, shape[0] - tables.shape[1]), (0, shape[1] - tables.shape[2])]
    return np.pad(tables, missing)
