"""Tables that count pixels by predicted and true label, one an image, and metrics made of them.

A sum of such tables is all that pooled metrics need, so resampled images cost one matrix product.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric, Predicted, Samples
from harness_metrics.fields import (
    Bools,
    Floats,
    check_ids,
    counted_pixels,
    nonzero,
    predicted_parts,
    true_parts,
)
from harness_metrics.params import RegionParams


def contingency_tables(
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer],
    counted: Bools | None = None,
    *,
    rows: int,
    columns: int,
) -> Floats:
    """Number of pixels by predicted and true label, for each image.

    Args:
        predicted: labels `[N, H, W]` below `rows`.
        truth: labels `[N, H, W]` below `columns`.
        counted: `bool [N, H, W]`, false for pixels to leave out.
        rows: number of predicted labels, background included.
        columns: number of true labels, background included.

    Returns:
        Counts `float64 [N, rows, columns]`; whole numbers, exact up to 2^53.
    """
    tables = np.zeros((len(predicted), rows, columns), dtype=np.float64)
    for place in range(len(predicted)):
        cells = predicted[place].astype(np.int64) * columns + truth[place]
        kept = cells.ravel() if counted is None else cells[counted[place]]
        tables[place] = np.bincount(kept, minlength=rows * columns).reshape(rows, columns)
    return tables


def pool(tables: Floats, images: NDArray[np.int64] | None = None) -> Floats:
    """Sum of tables `[N, A, B]` over all images, or over these positions with their repeats."""
    places = np.arange(len(tables)) if images is None else images
    weights = np.bincount(places, minlength=len(tables)).astype(np.float64)
    return np.asarray(np.tensordot(weights, tables, axes=1))


def role_tables(predicted: Predicted, truth: Samples, role: str, columns: int = 0) -> Floats:
    """Contingency tables `[N, A, B]` of one role; A and B cover the largest labels that occur.

    Args:
        predicted: predictions with part labels.
        truth: samples with part labels.
        role: its name, for messages.
        columns: least number of true labels, background included.

    Raises:
        DataError: part labels are missing, or the ids differ.
        ShapeError: the masks differ in shape.
    """
    check_ids(predicted, truth, role)
    labels = predicted_parts(predicted, role)
    parts = true_parts(truth, labels, role)
    return contingency_tables(
        labels,
        parts,
        counted_pixels(truth, labels, role),
        rows=int(labels.max(initial=0)) + 1,
        columns=max(columns, int(parts.max(initial=0)) + 1),
    )


class PooledAgreement(Metric):
    """A number of the contingency table of predicted and true parts over all test pixels.

    Percent; pooled over the test images, never a mean over them. The region `foreground` keeps
    pixels whose true label is a part (background is then a predicted label like any other), `all`
    keeps every pixel. Ignored pixels leave every count. Labels that do not occur have no influence.
    With fewer than two pixels the value is undefined.
    """

    params: RegionParams

    @abstractmethod
    def score(self, table: Floats) -> float:
        """The score of one table of counts `[A, B]` with at least two pixels, in [-1, 1]."""

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Percent over all test pixels of the region.

        Raises:
            ShapeError: predicted and true masks differ in size.
            DataError: predicted or true parts are missing.
        """
        tables = role_tables(evaluation.test, evaluation.test_truth, "test")
        if self.params.region == "foreground":
            tables = tables[:, :, 1:]
        empty = int((tables.sum(axis=(1, 2)) == 0).sum())

        def percent(images: NDArray[np.int64] | None = None) -> float:
            table = pool(tables, images)
            return 100 * self.score(table) if table.sum() >= 2 else float("nan")

        return Measurement(
            value=percent(),
            excluded=nonzero({"images: no pixel in the region": empty}),
            resample=percent,
        )
