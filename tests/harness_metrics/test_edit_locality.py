from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from toy_generator import Latents, ToyGenerator, latents

from harness.contract import Evaluation, Measurement
from harness.errors import DataError
from harness_metrics.edit_locality import EditLocality, discs
from harness_metrics.edit_params import EditLocalityParams

SIZE = 32
AXIS = (np.arange(SIZE) + 0.5) / SIZE
ACROSS, DOWN = np.meshgrid(AXIS, AXIS)


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    return EditLocality(EditLocalityParams(**params)).measure(evaluation)


def inside(x: float, y: float, radius: float) -> np.ndarray:
    """Pixels of a disc, by hand."""
    return (ACROSS - x) ** 2 + (DOWN - y) ** 2 < radius**2


def ground(given: Latents) -> np.ndarray:
    shape = (len(given["background"]), 3, SIZE, SIZE)
    return np.broadcast_to(given["background"][:, :, None, None], shape).astype(np.float64)


def local(given: Latents) -> np.ndarray:
    """A small disc at every keypoint in the part's colour."""
    images = ground(given).copy()
    for image, points, looks in zip(images, given["keypoints"], given["appearance"], strict=True):
        for (x, y), look in zip(points, looks, strict=True):
            image[:, inside(x, y, 0.06)] = look[:, None]
    return images.astype(np.uint8)


def mirrored(given: Latents) -> np.ndarray:
    """The same with every disc once more at the other side of the image."""
    return np.maximum(local(given), local(given)[..., ::-1])


def even(given: Latents) -> np.ndarray:
    """Every look changes all pixels alike, every keypoint all pixels of one colour."""
    whole = given["appearance"].astype(int).sum(axis=1) // 8
    whole[:, 0] += (20 * given["keypoints"].sum(axis=(1, 2))).astype(int)
    return np.broadcast_to(whole[:, :, None, None], (len(whole), 3, SIZE, SIZE)).astype(np.uint8)


def deaf(given: Latents) -> np.ndarray:
    """No latent but the background changes a pixel."""
    return ground(given).astype(np.uint8)


#: Far enough from each other, and from the other side's discs, that no regions touch.
PLACES = np.tile([[[0.25, 0.25], [0.28, 0.75]]], (4, 1, 1))


def test_a_generator_that_changes_the_part_alone_reaches_the_area_share() -> None:
    got = measure(ToyGenerator(latents(PLACES), local).evaluation())
    areas = [inside(x, y, 0.25).mean() for x, y in PLACES[0]]
    assert got.value == pytest.approx(np.mean([1 / area for area in areas]))
    assert got.value == pytest.approx(16 / np.pi, rel=0.05)
    assert got.also["share inside the region"] == 1
    assert got.details["area share of the region"] == pytest.approx(np.mean(areas))
    assert got.details["part 0"] == pytest.approx(1 / areas[0])
    assert got.details["part 1"] == pytest.approx(1 / areas[1])
    assert (got.details["images"], got.details["edits that change nothing"]) == (4, 0)
    assert got.per_image is None
    assert got.excluded == {}


def test_half_of_the_change_elsewhere_halves_the_locality() -> None:
    got = measure(ToyGenerator(latents(PLACES), mirrored).evaluation())
    areas = [inside(x, y, 0.25).mean() for x, y in PLACES[0]]
    assert got.also["share inside the region"] == pytest.approx(0.5)
    assert got.value == pytest.approx(np.mean([0.5 / area for area in areas]))


def test_an_even_change_has_locality_1_wherever_the_parts_are() -> None:
    places = np.random.default_rng(3).uniform(0, 1, (7, 3, 2))
    got = measure(ToyGenerator(latents(places), even).evaluation())
    assert got.value == pytest.approx(1, abs=1e-12)
    assert got.also["one keypoint moved"] == pytest.approx(1, abs=1e-12)
    area = got.details["area share of the region"]
    assert got.also["share inside the region"] == pytest.approx(area, abs=1e-12)


def test_a_generator_that_ignores_edits_has_locality_0_and_says_how_often() -> None:
    got = measure(ToyGenerator(latents(PLACES), deaf).evaluation())
    assert got.value == 0
    assert got.also == {
        "share inside the region": 0,
        "one keypoint moved": 0,
        "one keypoint moved, share inside the region": 0,
    }
    assert got.details["edits that change nothing"] == 8
    assert got.details["moves that change nothing"] == 8
    assert got.details["standard error over images"] == 0


def test_one_edit_of_two_that_changes_nothing_halves_the_value() -> None:
    """Both parts look alike in both images, but for the first part of them."""
    given = latents(PLACES[:2])
    given["appearance"][:, 1] = 99
    got = measure(ToyGenerator(given, local).evaluation())
    assert got.details["edits that change nothing"] == 2
    assert got.details["part 1"] == 0
    assert got.value == pytest.approx(got.details["part 0"] / 2)
    assert got.also["share inside the region"] == 0.5


def test_a_move_counts_where_the_keypoint_was_and_where_it_was_put() -> None:
    got = measure(ToyGenerator(latents(PLACES), local).evaluation(), distance=0.3)
    areas = [
        (inside(x, y, 0.25) | inside(np.float32(x + 0.3), y, 0.25)).mean() for x, y in PLACES[0]
    ]
    assert got.also["one keypoint moved, share inside the region"] == 1
    assert got.also["one keypoint moved"] == pytest.approx(np.mean([1 / a for a in areas]))
    moved = got.details["area share of the region, one keypoint moved"]
    assert moved == pytest.approx(np.mean(areas))


def test_looks_come_from_the_next_image_and_moves_go_inwards() -> None:
    places = np.tile([[[0.3, 0.5], [0.8, 0.5]]], (5, 1, 1))
    generator = ToyGenerator(latents(places), local)
    measure(generator.evaluation(), distance=0.15)
    plain, *edits = generator.seen
    given = generator.latents
    assert {name: value.shape for name, value in plain.items()} == {
        name: value.shape for name, value in given.items()
    }
    assert len(edits) == 4
    for part in range(2):
        looks = given["appearance"].copy()
        looks[:, part] = looks[[1, 2, 3, 4, 0], part]
        np.testing.assert_array_equal(edits[part]["appearance"], looks)
        np.testing.assert_array_equal(edits[part]["keypoints"], given["keypoints"])
        points = given["keypoints"].copy()
        points[:, part, 0] += (0.15, -0.15)[part]
        np.testing.assert_allclose(edits[2 + part]["keypoints"], points, atol=1e-6)
        np.testing.assert_array_equal(edits[2 + part]["appearance"], given["appearance"])
    for edit in edits:
        for name in ("background", "own"):
            np.testing.assert_array_equal(edit[name], given[name])


def test_an_edit_whose_region_holds_no_pixel_is_left_out_and_counted() -> None:
    places = PLACES.copy()
    places[1, 0] = (3, 3)
    got = measure(ToyGenerator(latents(places), even).evaluation())
    assert got.value == pytest.approx(1)
    assert got.excluded == {
        "edits: region outside of the image": 1,
        "moves: region outside of the image": 1,
    }


def test_without_any_region_the_value_is_undefined() -> None:
    got = measure(ToyGenerator(latents(np.full((2, 1, 2), 3.0)), even).evaluation())
    assert np.isnan(got.value)
    assert np.isnan(got.details["part 0"])


def test_the_region_has_the_radius_of_the_parameters() -> None:
    generator = ToyGenerator(latents(PLACES), local)
    got = measure(generator.evaluation(), radius=0.1, images=9, seed=4)
    assert generator.asked == [(9, 4)]
    assert got.value == pytest.approx(np.mean([1 / inside(x, y, 0.1).mean() for x, y in PLACES[0]]))


def test_discs_hold_the_pixels_whose_centres_are_nearer() -> None:
    """The centres of 4 pixels are at 1/8, 3/8, 5/8 and 7/8; (x, y) is (column, row)."""
    got = discs(np.array([[0.375, 0.125]]), 0.26, 4)
    expected = np.array([[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], bool)
    np.testing.assert_array_equal(got[0], expected)


def test_differences_of_bytes_do_not_wrap() -> None:
    """From 250 to 10 is 240, where bytes would give 16."""
    given = latents(PLACES[:2])
    given["appearance"][0], given["appearance"][1] = 250, 10

    def two(made: Latents) -> np.ndarray:
        """Part 0 in the left half, and a sixteenth of it in the right one."""
        images = np.zeros((len(made["keypoints"]), 3, SIZE, SIZE))
        images += made["appearance"][:, 0, :, None, None]
        images[..., SIZE // 2 :] /= 16
        return images.astype(np.uint8)

    got = measure(ToyGenerator(given, two).evaluation(), radius=0.2)
    stripe = inside(0.25, 0.25, 0.2).sum() / (SIZE * SIZE / 2)
    assert got.details["part 0"] * inside(0.25, 0.25, 0.2).mean() == pytest.approx(
        stripe * 240 / (240 + 15)
    )


@pytest.mark.parametrize("missing", ["sample", "render"])
def test_without_a_generator_there_is_nothing_to_edit(missing: str) -> None:
    made = replace(ToyGenerator(latents(PLACES), local).evaluation(), **{missing: None})
    with pytest.raises(DataError, match="edit_locality edits generated images, and the method gen"):
        measure(made)


@pytest.mark.parametrize("params", [{"images": 1}, {"radius": 0}, {"distance": 2}, {"seed": -1}])
def test_parameters_out_of_range_are_refused(params: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        EditLocalityParams(**params)
