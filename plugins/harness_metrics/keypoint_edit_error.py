"""How far the keypoints of edited images are from where they were wanted."""

from __future__ import annotations

import numpy as np

from harness.contract import Editing, Evaluation, Measurement, Metric
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.edit_progress import Progress, measurement
from harness_metrics.fields import Floats, landmarks_of
from harness_metrics.landmark_regression import IMAGE_CENTRE
from harness_metrics.latent_edits import Seen, editing_of, follow, look, look_at_images


class KeypointEditError(Metric):
    """Distance of the keypoints of edited images from the wanted ones, as the judge sees them.

    Lower is better; percent of the image edge, mean over keypoints and N = `samples` new images.
    The wanted keypoints of an image are those that the judge sees in the next one of them, the
    first one's for the last, limited to the image; so they are keypoints that the generator can
    draw, and the same for all editors. The value is that of edits at strength 1. Edits at `levels`
    strengths are made, and pulled back to `longest` as in the metric `mds`; one that is not finite
    counts as not made, one that was not made keeps the distance of its start. A keypoint that an
    oracle does not find is the image centre and counted.

    `also` holds the distance before editing, at the strength where the mean is least, and both at
    strength 1 and before by the guide; `details` the share of the way, 1 - after / before, and how
    far judge and guide are apart before editing. Where the dataset has as many landmarks as the
    oracles have keypoints, it holds both oracles' distances from them on the images of role `test`,
    pooled over visible landmarks; they mean something only of oracles that learned landmarks. The
    interval resamples the images.

    Source: the keypoint edits of Li et al. 2021 (Surrogate Gradient Field, section 4.7), who show
        pictures; the measure is this project's own.
    """

    params: LatentEditParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean distance at strength 1.

        Raises:
            ShapeError: guide and judge answer different numbers of keypoints.
            DataError: the method is no editor, or the oracles answer no keypoints.
        """
        params = self.params
        editing = editing_of(evaluation, "keypoints", "keypoint_edit_error")
        starts = editing.draw(params.samples, params.seed)
        seen = look(editing, starts)
        before = _found(seen)
        wanted = np.clip(np.roll(before.judge, -1, axis=0), 0.0, 1.0)
        edits = follow(editing, starts, wanted, params)
        after = _found(edits.seen)
        return measurement(
            Progress(_percent(before.judge, wanted), _percent(after.judge, wanted), 0.0),
            Progress(_percent(before.guide, wanted), _percent(after.guide, wanted), 0.0),
            edits,
            y_label="distance from the wanted keypoints (% of image edge)",
            excluded={
                "keypoints: not found, set to image centre": _missing(seen) + _missing(edits.seen)
            },
            details={
                "judge and guide apart before editing": float(
                    _percent(before.judge, before.guide).mean()
                ),
                **_distances_from_landmarks(editing, evaluation, wanted.shape[1] // 2),
            },
        )


def _percent(points: Floats, others: Floats) -> Floats:
    """Mean distances `[...]` of keypoints `[..., 2K]`, x0, y0, x1 ..., in percent of the edge."""
    apart = points - others
    pairs = apart.reshape(*apart.shape[:-1], -1, 2)
    distances: Floats = 100 * np.linalg.norm(pairs, axis=-1).mean(axis=-1)
    return distances


def _found(seen: Seen) -> Seen:
    """Answers with every keypoint that has a coordinate which is not finite at the centre."""

    def filled(answers: Floats) -> Floats:
        points = answers.reshape(*answers.shape[:-1], -1, 2)
        whole = np.isfinite(points).all(axis=-1, keepdims=True)
        return np.where(whole, points, IMAGE_CENTRE).reshape(answers.shape)

    return Seen(filled(seen.judge), filled(seen.guide))


def _missing(seen: Seen) -> int:
    """How many keypoints both oracles did not find."""
    return sum(
        int((~np.isfinite(answers).reshape(-1, 2).all(axis=1)).sum())
        for answers in (seen.judge, seen.guide)
    )


def _distances_from_landmarks(
    editing: Editing, evaluation: Evaluation, keypoints: int
) -> dict[str, float]:
    """Mean distance of both oracles from the test images' landmarks, if these are as many."""
    truth = evaluation.test_truth
    if truth.landmarks is None or truth.landmarks.shape[1] != keypoints:
        return {}
    landmarks = landmarks_of(truth, "test")
    seen = _found(look_at_images(editing, truth.images))
    found = {"judge": seen.judge, "guide": seen.guide}
    return {
        f"distance of {who} from landmarks": float(
            100
            * np.linalg.norm(points.reshape(landmarks.points.shape) - landmarks.points, axis=2)[
                landmarks.visible
            ].mean()
        )
        for who, points in found.items()
        if landmarks.visible.any()
    }
