"""How near edited images come to captions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric, Samples
from harness.errors import DataError, ShapeError
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.edit_progress import Progress, measurement
from harness_metrics.fields import Floats
from harness_metrics.latent_edits import Seen, editing_of, follow, look, look_at_images


class CaptionEditSimilarity(Metric):
    """Cosine of edited images and their wanted captions, as the judge sees them.

    Higher is better, in [-1, 1]; mean over N = `samples` new images. Every one is edited towards a
    caption of a test image, chosen by `seed`, each at most once while there are enough. The value
    is that of edits at strength 1. Edits at `levels` strengths are made, and pulled back to
    `longest` as in the metric `mds`; one that is not finite counts as not made and keeps the cosine
    of its start.

    Judge and guide have one encoder of text, so that a caption is the same vector for both; only
    what they see in images differs, and an editor knows the exact vector by which it is judged.

    `also` holds the cosine before editing, at the strength where the mean is greatest, and by the
    guide at strength 1 and before; `details` the share of the way, (after - before) / (1 - before),
    and the cosine with the next sample's caption, which an editor reaches that makes an average
    image of every caption. How good the oracles are is told by the cosines of the test images whose
    captions were chosen with their own caption and with the next one's. The interval resamples the
    new images.

    Source: the caption edits of Li et al. 2021 (Surrogate Gradient Field, section 4.8), who show
        pictures; the measure is this project's own.
    """

    params: LatentEditParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean cosine at strength 1.

        Raises:
            ShapeError: captions and answers have different lengths.
            DataError: the method is no editor, the oracles do not answer embeddings that are
                finite, or the test images have no captions.
        """
        params = self.params
        editing = editing_of(evaluation, "embedding", "caption_edit_similarity")
        if editing.encode is None:
            raise DataError(
                "caption_edit_similarity compares images with captions, and the judge of this "
                "suite encodes none."
            )
        captions, chosen = self._captions(evaluation.test_truth)
        wanted = editing.encode(captions).astype(np.float64)
        starts = editing.draw(params.samples, params.seed)
        before = look(editing, starts)
        _check(before, wanted)
        edits = follow(editing, starts, wanted, params)
        _check(edits.seen, wanted)
        real = look_at_images(editing, evaluation.test_truth.images[chosen])
        others = np.roll(wanted, -1, axis=0)
        sides = ((before.judge, edits.seen.judge), (before.guide, edits.seen.guide))
        judge, guide = (Progress(cosine(a, wanted), cosine(b, wanted), 1.0) for a, b in sides)
        return measurement(
            judge,
            guide,
            edits,
            y_label="cosine with the wanted caption",
            excluded={},
            details={
                "with the next sample's caption": float(
                    cosine(edits.seen.judge[-1], others).mean()
                ),
                "judge, test images and their captions": float(cosine(real.judge, wanted).mean()),
                "judge, test images and other captions": float(cosine(real.judge, others).mean()),
                "guide, test images and their captions": float(cosine(real.guide, wanted).mean()),
                "guide, test images and other captions": float(cosine(real.guide, others).mean()),
            },
        )

    def _captions(self, truth: Samples) -> tuple[list[str], NDArray[np.int64]]:
        """Captions of N test images with their positions; the order of the images is chance.

        Raises:
            DataError: there are none.
        """
        if not truth.captions:
            raise DataError(
                "The split of role 'test' has no captions, which caption_edit_similarity needs."
            )
        order = np.argsort(np.asarray(truth.ids), kind="stable")
        random = np.random.default_rng(self.params.seed)
        few = len(order) < self.params.samples
        chosen = random.choice(order, self.params.samples, replace=few)
        return [truth.captions[place] for place in chosen.tolist()], chosen


def cosine(vectors: Floats, others: Floats) -> Floats:
    """Cosines `[...]` of vectors `[..., C]`; 0 where one has no length.

    >>> cosine(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])).tolist()
    [0.6, 0.0]
    """
    products = (vectors * others).sum(axis=-1)
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(others, axis=-1)
    cosines: Floats = products / np.where(lengths > 0, lengths, 1.0)
    return cosines


def _check(seen: Seen, wanted: Floats) -> None:
    if seen.judge.shape[-1] != wanted.shape[-1]:
        raise ShapeError(
            f"The oracles answer images with {seen.judge.shape[-1]} numbers, and captions are "
            f"encoded as {wanted.shape[-1]}; both must be of one model of sentences."
        )
    for who, answers in (("judge", seen.judge), ("guide", seen.guide)):
        if not np.isfinite(answers).all():
            raise DataError(
                f"The {who} answers an image with numbers that are not finite; train it again with "
                "a lower learning rate."
            )
