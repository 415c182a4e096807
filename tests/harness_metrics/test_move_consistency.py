from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from toy_generator import Latents, ToyGenerator, latents

from harness.contract import Measurement
from harness.errors import DataError, ShapeError
from harness_metrics.edit_params import MoveConsistencyParams
from harness_metrics.generated import inward
from harness_metrics.move_consistency import MoveConsistency

#: Places are written into pixels as two bytes, from -1 to 3: a step is 4 / 65536 of the edge.
STEP = 4 / 65536
PLACES = np.array(
    [[[0.3, 0.4], [0.5, 0.5], [0.6, 0.7]], [[0.4, 0.3], [0.55, 0.5], [0.35, 0.6]]] * 2
)

Where = Callable[[np.ndarray], np.ndarray]


def generator(where: Where, places: np.ndarray = PLACES) -> ToyGenerator:
    """Draws keypoints at `where(keypoints)`."""

    def paint(given: Latents) -> np.ndarray:
        points = where(given["keypoints"].astype(np.float64))
        numbers = np.rint((points + 1) / STEP).astype(np.int64)
        images = np.zeros((len(points), 3, 8, 8), np.uint8)
        for axis in range(2):
            images[:, axis, 0, : points.shape[1]] = numbers[..., axis] // 256
            images[:, axis, 1, : points.shape[1]] = numbers[..., axis] % 256
        return images

    return ToyGenerator(latents(places), paint)


def read(images: np.ndarray, parts: int = 3) -> np.ndarray:
    """Where keypoints were drawn."""
    high, low = (images[:, :2, row, :parts].astype(np.float64) for row in (0, 1))
    return (256 * high + low).transpose(0, 2, 1) * STEP - 1


def measure(made: ToyGenerator, detect: Callable = read, **params: object) -> Measurement:
    evaluation = made.evaluation(detect)
    return MoveConsistency(MoveConsistencyParams(**params)).measure(evaluation)


def obeyed(points: np.ndarray) -> np.ndarray:
    return points


def ignored(points: np.ndarray) -> np.ndarray:
    return np.broadcast_to([0.5, 0.5], points.shape)


def test_a_generator_that_obeys_has_1_everywhere_and_no_distance() -> None:
    got = measure(generator(obeyed))
    assert got.value == pytest.approx(1, abs=1e-3)
    distance = "distance from where one was put, % of image edge"
    assert got.also.keys() == {
        "all keypoints, up or down",
        "one keypoint",
        "best keypoint",
        distance,
    }
    assert got.also.pop(distance) == pytest.approx(0, abs=0.01)
    assert list(got.also.values()) == pytest.approx([1, 1, 1], abs=1e-3)
    assert got.details["distance in unchanged images, % of image edge"] < 0.01
    assert got.details["images"] == 4
    assert got.details["standard error over images"] < 1e-3
    assert (got.per_image, got.excluded) == (None, {})


def test_a_generator_that_ignores_its_keypoints_has_0() -> None:
    got = measure(generator(ignored))
    assert got.value == 0
    assert got.also["all keypoints, up or down"] == 0
    assert got.also["one keypoint"] == got.also["best keypoint"] == 0


def test_half_of_the_way_is_a_half() -> None:
    got = measure(generator(lambda points: 0.25 + points / 2))
    assert got.value == pytest.approx(0.5, abs=1e-3)
    assert got.also["one keypoint"] == pytest.approx(0.5, abs=1e-3)


def test_keypoints_that_vote_obey_together_and_hardly_alone() -> None:
    """All are drawn at their mean, so that one of three takes them a third of its way."""
    got = measure(generator(lambda p: np.repeat(p.mean(1, keepdims=True), p.shape[1], axis=1)))
    assert got.value == pytest.approx(1, abs=1e-3)
    assert got.also["one keypoint"] == pytest.approx(1 / 3, abs=1e-3)


def test_the_best_keypoint_is_one_of_all() -> None:
    def where(points: np.ndarray) -> np.ndarray:
        return 0.5 + (points - 0.5) * np.array([0.2, 0.9, 0.4])[:, None]

    got = measure(generator(where))
    assert got.also["best keypoint"] == pytest.approx(0.9, abs=1e-3)
    assert got.also["one keypoint"] == pytest.approx(0.5, abs=1e-3)
    own = [got.details[f"keypoint {index}"] for index in range(3)]
    assert own == pytest.approx([0.2, 0.9, 0.4], abs=1e-3)


def test_only_the_way_along_the_motion_counts() -> None:
    """Turned by a right angle, a motion is not obeyed at all; mirrored, it is opposed."""
    turned = measure(generator(lambda p: np.stack([1 - p[..., 1], p[..., 0]], -1)))
    assert turned.value == pytest.approx(0, abs=1e-3)
    mirrored = measure(generator(lambda p: np.stack([1 - p[..., 0], p[..., 1]], -1)))
    assert mirrored.value == pytest.approx(-1, abs=1e-3)
    assert mirrored.also["all keypoints, up or down"] == pytest.approx(1, abs=1e-3)
    assert mirrored.also["one keypoint"] == pytest.approx(0, abs=1e-3)


def test_a_detector_that_always_errs_alike_sees_the_whole_motion() -> None:
    """By 3 and 4 percent, which is a distance of 5, moved or not."""
    got = measure(generator(obeyed), lambda images: read(images) + np.array([0.03, 0.04]))
    assert got.value == pytest.approx(1, abs=1e-3)
    assert got.also["distance from where one was put, % of image edge"] == pytest.approx(
        5, abs=0.02
    )
    for what in ("in unchanged images", "from where all were put"):
        distance = got.details[f"distance {what}, % of image edge"]
        assert distance == pytest.approx(5, abs=0.02)


def test_the_distance_of_an_ignored_move_is_the_move() -> None:
    """Single keypoints start at the image centre, where all are drawn."""
    places = np.full((2, 2, 2), 0.5)
    made = generator(ignored, places)
    got = measure(made, lambda images: read(images, 2), single=0.2, together=0.3)
    assert got.also["distance from where one was put, % of image edge"] == pytest.approx(
        20, abs=0.02
    )
    distance = got.details["distance from where all were put, % of image edge"]
    assert distance == pytest.approx(30, abs=0.02)


def test_all_are_moved_by_one_length_and_each_alone_by_the_other() -> None:
    made = generator(obeyed)
    measure(made, images=7, seed=5, together=0.05, single=0.2)
    assert made.asked == [(7, 5)]
    plain, *edits = made.seen
    given = made.latents["keypoints"]
    np.testing.assert_array_equal(plain["keypoints"], given)
    shifts = [edit["keypoints"] - given for edit in edits]
    assert len(shifts) == 2 + 2 * 3
    np.testing.assert_allclose(shifts[0], np.tile([0.05, 0], (4, 3, 1)), atol=1e-6)
    np.testing.assert_allclose(shifts[1], np.tile([0, 0.05], (4, 3, 1)), atol=1e-6)
    for keypoint in range(3):
        for axis in range(2):
            expected = np.zeros((4, 3, 2))
            expected[:, keypoint, axis] = 0.2
            np.testing.assert_allclose(shifts[2 + 2 * keypoint + axis], expected, atol=1e-6)
    for edit in edits:
        for name in ("appearance", "background", "own"):
            np.testing.assert_array_equal(edit[name], made.latents[name])


def test_a_single_keypoint_of_a_generator_with_one_is_moved_by_both_lengths() -> None:
    made = generator(obeyed, PLACES[:, :1])
    measure(made, lambda images: read(images, 1), together=0.05, single=0.2)
    shifts = [np.abs(edit["keypoints"] - made.latents["keypoints"]).max() for edit in made.seen]
    assert shifts == pytest.approx([0, 0.05, 0.05, 0.2, 0.2], abs=1e-6)


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        ([0.5], 0.15),
        ([0.74], 0.15),
        ([0.76], -0.15),
        ([0.95], -0.15),
        # Outside already: both ways lead outside, so the first one is taken.
        ([1.5], 0.15),
        ([-0.2], 0.15),
        # One leaves to the right and one to the left.
        ([0.2, 0.8], 0.15),
        # Two leave to the right and one to the left.
        ([0.2, 0.8, 0.85], -0.15),
    ],
)
def test_moves_go_where_fewer_keypoints_get_near_the_border(
    xs: list[float], expected: float
) -> None:
    points = np.stack([xs, np.full(len(xs), 0.5)], axis=-1)[None]
    np.testing.assert_allclose(inward(points, np.array([0.15, 0.0])), [[[expected, 0]]])
    down = points[..., ::-1]
    np.testing.assert_allclose(inward(down, np.array([0.0, 0.15])), [[[0, expected]]])


def test_every_image_goes_its_own_way() -> None:
    points = np.array([[[0.5, 0.5]], [[0.95, 0.5]]])
    got = inward(points, np.array([0.1, 0.0]))
    np.testing.assert_allclose(got, [[[0.1, 0]], [[-0.1, 0]]])
    made = generator(obeyed, np.repeat(points, 2, axis=1))
    got_measure = measure(made, lambda images: read(images, 2))
    assert got_measure.value == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_keypoint_that_is_not_found_has_no_share_and_is_counted(lost: str) -> None:
    calls: list[int] = []

    def detect(images: np.ndarray) -> np.ndarray:
        points = read(images)
        if (len(calls) == 0) == (lost == "before"):
            points[:, 1] = np.nan
        calls.append(1)
        return points

    got = measure(generator(obeyed), detect)
    assert got.value == pytest.approx(2 / 3, abs=1e-3)
    assert got.details["keypoint 1"] == 0
    assert got.also["one keypoint"] == pytest.approx(2 / 3, abs=1e-3)
    # Four images: in both moves of all keypoints, and in both of keypoint 1 alone.
    counts = {"before": {"keypoints: missing in new images": 4}}
    counts["after"] = {"keypoints: missing in changed images": 16}
    assert got.excluded == counts[lost]
    assert np.isfinite([*got.also.values(), *got.details.values()]).all()


def test_a_missing_keypoint_stands_at_the_image_centre_for_its_distance() -> None:
    places = np.tile([[0.5, 0.3]], (2, 1, 1)).reshape(2, 1, 2)
    got = measure(generator(obeyed, places), lambda images: np.full((2, 1, 2), np.nan))
    distance = got.details["distance in unchanged images, % of image edge"]
    assert distance == pytest.approx(20, abs=1e-4)


def test_a_detector_of_another_number_of_keypoints_is_refused() -> None:
    with pytest.raises(ShapeError, match="finds 2 keypoints where the generator has 3"):
        measure(generator(obeyed), lambda images: read(images, 2))


@pytest.mark.parametrize("missing", ["sample", "render", "predict"])
def test_what_is_not_at_hand_is_named(missing: str) -> None:
    made = replace(generator(obeyed).evaluation(read), **{missing: None})
    words = "needs the detector" if missing == "predict" else "edits generated images, and the met"
    with pytest.raises(DataError, match=f"move_consistency {words}"):
        MoveConsistency(MoveConsistencyParams()).measure(made)


@pytest.mark.parametrize("params", [{"images": 1}, {"together": 0}, {"single": 1.5}])
def test_parameters_out_of_range_are_refused(params: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        MoveConsistencyParams(**params)
