from __future__ import annotations

import numpy as np
import pytest

from harness.drawing.operation_text import parse_operation
from harness.drawing.operations import Background, Look, Move, Operation, Rotate, Scale
from harness.errors import ConfigError, ShapeError

#: Three keypoints of one image; their mean is (0.4, 0.3).
POINTS = np.array([[[0.2, 0.2], [0.4, 0.2], [0.6, 0.5]]])


def draw() -> dict[str, np.ndarray]:
    """Four images with three parts; every number tells where it is from."""
    return {
        "keypoints": np.arange(24.0).reshape(4, 3, 2),
        "appearance": 100 + np.arange(24.0).reshape(4, 3, 2),
        "background": 200 + np.arange(4.0)[:, None],
        "background_place": 300 + np.arange(8.0).reshape(4, 1, 2),
        "noise": 400 + np.arange(4.0)[:, None],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("move=1:+0.1,-0.05", [[0.2, 0.2], [0.5, 0.15], [0.6, 0.5]]),
        ("move=0+2:-0.2,0", [[0.0, 0.2], [0.4, 0.2], [0.4, 0.5]]),
        ("move=all:0,0.5", [[0.2, 0.7], [0.4, 0.7], [0.6, 1.0]]),
        # About (0.4, 0.3), the mean of all.
        ("scale=all:2", [[0.0, 0.1], [0.4, 0.1], [0.8, 0.7]]),
        # About (0.3, 0.2), the mean of the two.
        ("scale=0+1:3", [[0.0, 0.2], [0.6, 0.2], [0.6, 0.5]]),
        # One keypoint goes about the mean of all.
        ("scale=2:0.5", [[0.2, 0.2], [0.4, 0.2], [0.5, 0.4]]),
        # Clockwise: what is left of the centre goes above it.
        ("rotate=0+1:90", [[0.3, 0.1], [0.3, 0.3], [0.6, 0.5]]),
        ("rotate=1:-90", [[0.2, 0.2], [0.3, 0.3], [0.6, 0.5]]),
        ("rotate=all:360", POINTS[0].tolist()),
    ],
)
def test_operations_move_the_chosen_keypoints_only(text: str, expected: list[list[float]]) -> None:
    before = POINTS.copy()
    np.testing.assert_allclose(parse_operation(text).apply(POINTS)[0], expected, atol=1e-12)
    np.testing.assert_array_equal(POINTS, before)


def test_every_image_has_a_centre_of_its_own() -> None:
    both = np.concatenate([POINTS, POINTS + 0.3])
    turned = Rotate(None, 40.0).apply(both)
    np.testing.assert_allclose(turned[1] - turned[0], np.full((3, 2), 0.3), atol=1e-12)


def test_missing_keypoints_stay_missing_and_do_not_count_in_the_centre() -> None:
    points = np.concatenate([POINTS, np.full((1, 1, 2), np.nan)], axis=1)
    scaled = Scale(None, 2.0).apply(points)
    np.testing.assert_allclose(scaled[:, :3], Scale(None, 2.0).apply(POINTS))
    assert np.isnan(scaled[0, 3]).all()
    lost = np.full((1, 2, 2), np.nan)
    np.testing.assert_array_equal(Scale(None, 2.0).apply(lost), lost)


def test_operations_keep_the_type_of_the_points() -> None:
    for operation in (Move(None, 0.1, 0.1), Scale(None, 1.1), Rotate((0,), 5.0)):
        assert operation.apply(POINTS.astype(np.float32)).dtype == np.float32


def test_a_keypoint_that_there_is_none_of_is_refused_with_the_number_of_keypoints() -> None:
    with pytest.raises(ConfigError, match="no keypoint 3: the method has 3, numbered from 0 to 2"):
        Move((0, 3), 0.1, 0.1).apply(POINTS)


def test_points_of_another_form_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\[3, 2\], expected \[N, K, 2\]"):
        Move((0,), 0.1, 0.1).apply(POINTS[0])


def test_operations_on_points_change_no_other_latent() -> None:
    given = draw()
    got = Move((1,), 0.5, 0.0).changed(given, given)
    np.testing.assert_array_equal(got["keypoints"][:, 1], given["keypoints"][:, 1] + [0.5, 0])
    np.testing.assert_array_equal(got["keypoints"][:, ::2], given["keypoints"][:, ::2])
    assert all(got[name] is given[name] for name in given if name != "keypoints")


def test_a_look_is_that_of_the_same_part_in_another_image() -> None:
    given = draw()
    got = Look((0, 2), 3).changed(given, given)
    for image in range(4):
        np.testing.assert_array_equal(got["appearance"][image, ::2], [[118, 119], [122, 123]])
        np.testing.assert_array_equal(got["appearance"][image, 1], given["appearance"][image, 1])
    assert all(got[name] is given[name] for name in given if name != "appearance")
    np.testing.assert_array_equal(given["appearance"], draw()["appearance"])


def test_a_look_of_all_parts_makes_all_images_look_alike() -> None:
    got = Look(None, 1).changed(draw(), draw())
    np.testing.assert_array_equal(got["appearance"], np.repeat(draw()["appearance"][[1]], 4, 0))


def test_what_is_taken_comes_from_the_draw_as_it_was() -> None:
    """Whatever was done to the images before: only the draw is looked at."""
    changed = {name: value + 1 for name, value in draw().items()}
    got = Look((0,), 2).changed(changed, draw())
    np.testing.assert_array_equal(got["appearance"][:, 0], np.tile([112, 113], (4, 1)))
    np.testing.assert_array_equal(got["appearance"][:, 1:], changed["appearance"][:, 1:])


def test_some_images_can_take_from_one_that_is_not_among_them() -> None:
    some = {name: value[:2] for name, value in draw().items()}
    got = Background(3).changed(some, draw())
    np.testing.assert_array_equal(got["background"], [[203], [203]])


def test_a_background_takes_along_all_that_belongs_to_it() -> None:
    given = draw()
    got = Background(2).changed(given, given)
    np.testing.assert_array_equal(got["background"], np.full((4, 1), 202))
    np.testing.assert_array_equal(got["background_place"], np.tile([[304, 305]], (4, 1, 1)))
    assert all(got[name] is given[name] for name in ("keypoints", "appearance", "noise"))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 101), (0.25, 104), (0.5, 107), (1.0, 113)])
def test_a_share_goes_straight_to_the_other_image(share: float, expected: float) -> None:
    """Image 0 has 101 there and image 2 has 113."""
    got = Look((0,), 2, share).changed(draw(), draw())
    assert got["appearance"][0, 0, 1] == expected
    behind = Background(2, share).changed(draw(), draw())
    assert behind["background"][0, 0] == 200 + 2 * share


def test_the_ends_of_a_way_are_exact_in_single_precision(rng: np.random.Generator) -> None:
    latents = {"appearance": rng.normal(size=(5, 4, 7)).astype(np.float32)}
    for image, share, source in ((1, 1.0, 1), (1, 0.0, 0)):
        got = Look(None, image, share).changed(latents, latents)["appearance"]
        np.testing.assert_array_equal(got[0], latents["appearance"][source])
        assert got.dtype == np.float32


@pytest.mark.parametrize("operation", [Look((0,), 4), Background(4)], ids=str)
def test_an_image_that_there_is_none_of_is_refused(operation: Operation) -> None:
    with pytest.raises(ConfigError, match="no image 4 in a draw of 4, numbered from 0 to 3"):
        operation.changed(draw(), draw())


def test_a_look_of_a_part_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ConfigError, match="no keypoint 3: the method has 3, numbered from 0 to 2"):
        Look((1, 3), 0).changed(draw(), draw())
