from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from harness.contract import Evaluation, Measurement, Predicted, Samples
from harness.errors import DataError, ShapeError
from harness.vision.warps import WarpRanges, affine_warp, random_warps
from harness_metrics.equivariance_error import EquivarianceError, warped
from harness_metrics.params import EquivarianceParams

SIZE = 64
NO_SPLINE = {"displacement": 0.0}
SHIFTS = {"rotation_degrees": 0.0, "log2_scale": 0.0, **NO_SPLINE}


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    return EquivarianceError(EquivarianceParams(**params)).measure(evaluation)


def dots(centres: np.ndarray) -> np.ndarray:
    """Black images `uint8 [N, 3, 64, 64]` with a soft white dot at a place in fractions."""
    axis = (np.arange(SIZE) + 0.5) / SIZE
    across = (axis[None, None, :] - centres[:, 0, None, None]) ** 2
    down = (axis[None, :, None] - centres[:, 1, None, None]) ** 2
    dot = 255 * np.exp(-(across + down) / (2 * 0.02**2))
    return np.repeat(np.rint(dot).astype(np.uint8)[:, None], 3, axis=1)


def centre_of_mass(images: np.ndarray) -> Predicted:
    """The one keypoint of every image is the mean place of its brightness, NaN without any."""
    light = images[:, 0].astype(np.float64)
    axis = (np.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    total = light.sum(axis=(1, 2))
    whole = np.where(total > 0, total, np.nan)
    points = np.stack([light.sum(axis=1) @ axis / whole, light.sum(axis=2) @ axis / whole], axis=-1)
    return Predicted(ids=[str(i) for i in range(len(images))], keypoints=points[:, None])


def constant(*points: tuple[float, float]):
    def detect(images: np.ndarray) -> Predicted:
        keypoints = np.broadcast_to(np.array(points), (len(images), len(points), 2))
        return Predicted(ids=[str(i) for i in range(len(images))], keypoints=keypoints)

    return detect


def evaluation(images: np.ndarray, detect) -> Evaluation:
    found = detect(images)
    return Evaluation(found, Samples(ids=found.ids, images=images), predict=detect)


@pytest.fixture
def spots() -> np.ndarray:
    return dots(np.random.default_rng(0).uniform(0.25, 0.75, (40, 2)))


def test_detector_that_follows_the_dot_has_no_error_under_similarities(spots):
    """What is left is rounding to 256 grey values and bilinear sampling: a twentieth of a pixel."""
    got = measure(evaluation(spots, centre_of_mass), **NO_SPLINE)
    assert got.value < 100 * 0.05 / SIZE
    assert got.also["keypoints that stay where they are"] > 5


def test_detector_that_follows_the_dot_has_hardly_an_error_under_splines(spots):
    """A bent dot's mean is not the bent mean: second order in its radius of 2 % of the edge."""
    got = measure(evaluation(spots, centre_of_mass))
    assert got.value < 0.3
    assert got.per_image.shape == (40,)
    assert got.value == pytest.approx(np.nanmean(got.per_image))


def test_constant_detector_has_the_mean_length_of_the_shifts():
    """Mean distance from the centre of a square of half-side a is a (sqrt 2 + ln(1 + sqrt 2)) / 3.

    The tolerance is four standard errors of 2500 shifts, whose deviation is 2.85 % of the edge.
    """
    images = np.zeros((500, 3, 8, 8), np.uint8)
    got = measure(evaluation(images, constant((0.5, 0.5))), **SHIFTS)
    expected = 10 * (np.sqrt(2) + np.log(1 + np.sqrt(2))) / 3
    assert got.value == pytest.approx(expected, abs=4 * 2.85 / np.sqrt(2500))
    assert got.also == {
        "keypoints that stay where they are": pytest.approx(got.value),
        "share of keypoints left out": 0,
    }
    assert got.excluded == {}


def test_content_moved_right_by_five_pixels_moves_points_by_plus_five_pixels():
    """g(u) = u - 5 pixels shows at u what was 5 pixels to the left of it."""
    images = dots(np.array([[0.4, 0.5]]))
    matrix = torch.tensor([[[1.0, 0.0, -2 * 5 / SIZE], [0.0, 1.0, 0.0]]])
    shown, places = warped(images, np.array([[[0.4, 0.5]]]), affine_warp(matrix))
    np.testing.assert_array_equal(shown[..., 5:], images[..., :-5])
    np.testing.assert_allclose(places, [[[0.4 + 5 / SIZE, 0.5]]], atol=1e-7)
    np.testing.assert_allclose(centre_of_mass(shown).keypoints, places, atol=1e-3)


def test_quarter_turn_takes_points_where_the_pixels_go():
    """T (x, y) = (-y, x) about the centre; found 1 and 3 pixels from it, so 2 pixels on average."""
    turn = affine_warp(torch.tensor([[[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]]))
    points = np.array([[[10.0, 0.0], [0.0, 20.0]]]) / SIZE + 0.5
    images = dots(points[:, 0])
    shown, places = warped(images, points, turn)
    np.testing.assert_allclose((places - 0.5) * SIZE, [[[0, 10], [-20, 0]]], atol=1e-6)
    found = np.array([[[0.0, 11.0], [-20.0, 3.0]]]) / SIZE + 0.5
    distances = np.linalg.norm(found - places, axis=-1) * SIZE
    assert distances.mean() == pytest.approx(2)
    np.testing.assert_allclose(centre_of_mass(shown).keypoints, places[:, :1], atol=1e-3)


def test_warps_are_those_of_the_parameters(spots):
    """The constant detector's error again from the warps themselves; scales in powers of 2."""
    got = measure(
        evaluation(spots[:2], constant((0.3, 0.6))),
        warps=3,
        log2_scale=0.4,
        rotation_degrees=20,
        translation=0.05,
        grid=3,
        displacement=0.01,
        seed=5,
    )
    ranges = WarpRanges(
        rotation_degrees=20,
        log_scale=0.4 * np.log(2),
        translation=0.05,
        grid=3,
        displacement=0.01,
    )
    warps = random_warps(6, ranges, torch.Generator().manual_seed(5))
    points = torch.tensor([0.3, 0.6], dtype=torch.float64)
    moved = warps.inverse(points.expand(6, 1, 2)).numpy()[:, 0]
    distances = 100 * np.linalg.norm(moved - [0.3, 0.6], axis=1)
    np.testing.assert_allclose(got.per_image, distances.reshape(2, 3).mean(axis=1))


def test_keypoints_that_leave_the_frame_are_left_out_and_counted():
    """Places near the left border are often shifted out, those in the middle never."""
    images = np.zeros((40, 3, 8, 8), np.uint8)
    got = measure(evaluation(images, constant((0.5, 0.5), (0.06, 0.5))), **SHIFTS)
    left_out = got.excluded["keypoints: warped out of the frame or near its border"]
    # A place at 0.06 stays beyond 0.05 with shifts above -0.01 of a range from -0.1 to 0.1.
    assert left_out == pytest.approx(0.45 * 200, abs=4 * np.sqrt(200 * 0.45 * 0.55))
    assert got.also["share of keypoints left out"] == pytest.approx(100 * left_out / 400)


def test_image_whose_keypoints_all_leave_the_frame_is_left_out():
    images = np.zeros((3, 3, 8, 8), np.uint8)
    given = evaluation(images, constant((0.5, 0.5)))
    keypoints = np.array([[[0.5, 0.5]], [[-0.9, 0.5]], [[0.5, 0.5]]])
    got = measure(replace(given, test=replace(given.test, keypoints=keypoints)), warps=2, **SHIFTS)
    assert np.isnan(got.per_image).tolist() == [False, True, False]
    assert got.excluded == {
        "images: no keypoint stays in the frame": 1,
        "keypoints: warped out of the frame or near its border": 2,
    }


def test_value_is_undefined_when_nothing_stays_in_the_frame():
    got = measure(evaluation(np.zeros((2, 3, 8, 8), np.uint8), constant((-2.0, 0.5))))
    assert np.isnan(got.value)


def test_missing_keypoints_stand_at_the_centre_and_are_counted():
    """A detector that finds nothing has the error of one that always says the centre."""
    images = np.zeros((4, 3, 8, 8), np.uint8)
    got = measure(evaluation(images, constant((np.nan, np.nan))), warps=2)
    centre = measure(evaluation(images, constant((0.5, 0.5))), warps=2)
    np.testing.assert_array_equal(got.per_image, centre.per_image)
    assert got.excluded == {
        "keypoints: missing in test, set to image centre": 4,
        "keypoints: missing in warped images, set to image centre": 8,
    }


def test_only_the_first_images_are_warped(spots):
    shown = []

    def watched(images: np.ndarray) -> Predicted:
        shown.append(len(images))
        return centre_of_mass(images)

    given = replace(evaluation(spots, centre_of_mass), predict=watched)
    got = measure(given, images=35, warps=2)
    assert sum(shown) == 70
    assert np.isfinite(got.per_image).tolist() == [True] * 35 + [False] * 5
    assert got.excluded["images: beyond the first 35"] == 5


def test_seed_alone_decides_the_warps(spots):
    given = evaluation(spots[:3], constant((0.5, 0.5)))
    first = measure(given)
    np.testing.assert_array_equal(measure(given).per_image, first.per_image)
    assert measure(given, seed=1).value != first.value


def test_known_predictions_alone_are_a_data_error(spots):
    with pytest.raises(DataError, match="shows the method warped images"):
        measure(replace(evaluation(spots, centre_of_mass), predict=None))


def test_detector_whose_number_of_keypoints_changes_is_a_shape_error(spots):
    given = replace(evaluation(spots[:1], centre_of_mass), predict=constant((0, 0), (1, 1)))
    with pytest.raises(
        ShapeError, match=r"\[5, 2, 2\], those of the images themselves \[5, 1, 2\]"
    ):
        measure(given)


@pytest.mark.parametrize("wrong", [{"margin": 0.5}, {"grid": 1}, {"warps": 0}], ids=str)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        EquivarianceParams(**wrong)
