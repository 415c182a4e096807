from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_plugin.data import ToyDataset
from toy_plugin.methods import ToyDisc, ToyNamed
from toy_plugin.options import NoConfig, ToyData
from toy_world import Toy

from harness.errors import ConfigError, ShapeError, UnknownName, UserError
from harness.manipulation import (
    Move,
    Operation,
    Rotate,
    Scale,
    exchange,
    interpolation,
    manipulated,
    parse_operation,
)
from harness.saved import Fitted

#: Three keypoints of one image; their mean is (0.4, 0.3).
POINTS = np.array([[[0.2, 0.2], [0.4, 0.2], [0.6, 0.5]]])


def images(count: int = 3) -> np.ndarray:
    return ToyDataset(None, ToyData(images=count)).read("test", range(count), 16).images


@pytest.fixture
def disc(toy: Toy) -> Fitted:
    """Draws discs at its two keypoints, which lie 0.1 apart."""
    spec = toy.known.methods.get("toy_disc").spec
    return Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))


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


@pytest.mark.parametrize(
    "operation",
    [Move((1, 3), 0.1, -0.05), Move(None, 1e-07, 0.0), Scale((2,), 1.25), Rotate(None, -15.0)],
    ids=str,
)
def test_the_text_of_an_operation_parses_to_it(operation: Operation) -> None:
    assert parse_operation(str(operation)) == operation


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("move", "'move' names no keypoints; expected move=KEYPOINTS:DX,DY, such as move=2:"),
        ("scale=:2", "'scale=:2' names no keypoints"),
        ("move=2", "'move=2' has no numbers; expected move=KEYPOINTS:DX,DY"),
        ("rotate=2:", "'rotate=2:' has no numbers; expected rotate=KEYPOINTS:DEGREES"),
        ("move=2:0.1", "has 1 numbers where 2 must stand"),
        ("scale=2:1,2", "has 2 numbers where 1 must stand"),
        ("move=x:0,0", "'x' is no keypoint; expected an index such as 2"),
        ("move=1+-2:0,0", "'-2' is no keypoint"),
        ("move=1,2:0,0", "'1,2' is no keypoint"),
        ("move=1+:0,0", "'' is no keypoint"),
        ("move=1+2+1:0,0", "names keypoint 1 twice"),
        ("move=1:a,0", "'a' is no number"),
        ("move=1:0,nan", "nan is not finite"),
        ("rotate=1:inf", "inf is not finite"),
        ("move=1:10,0", "10 is out of range; expected fractions of the image's edge from -1 to 1"),
        ("scale=1:0", "0 is out of range; expected above 0"),
    ],
)
def test_malformed_operations_are_explained_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_operation(text)
    assert sentence in str(refused.value)


def test_a_mistyped_operation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"operation 'rotat'\. Did you mean 'rotate'"):
        parse_operation("rotat=1:5")


def test_a_keypoint_that_there_is_none_of_is_refused_with_the_number_of_keypoints() -> None:
    with pytest.raises(ConfigError, match="no keypoint 3: the method has 3, numbered from 0 to 2"):
        Move((0, 3), 0.1, 0.1).apply(POINTS)


def test_points_of_another_form_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\[3, 2\], expected \[N, K, 2\]"):
        Move((0,), 0.1, 0.1).apply(POINTS[0])


def test_images_are_drawn_with_their_keypoints_after_all_operations(disc: Fitted) -> None:
    operations = [Move(None, 0.25, 0.0), Scale((0, 1), 2.0)]
    got = manipulated(disc, images(), operations)
    np.testing.assert_array_equal(got.before, disc.predict(images()).keypoints)
    # The keypoints lie 0.1 below each other, so scaling takes them 0.05 further from their middle.
    shift = np.array([[0.25, -0.05], [0.25, 0.05]])
    np.testing.assert_allclose(got.after, got.before + shift, atol=1e-6)
    np.testing.assert_array_equal(got.images, disc.reconstruct(images(), got.after))
    assert (got.images != disc.reconstruct(images())).any()


def test_without_operations_the_reconstruction_is_drawn(disc: Fitted) -> None:
    got = manipulated(disc, images(), [])
    np.testing.assert_array_equal(got.images, disc.reconstruct(images()))


def test_geometry_and_look_come_from_different_images(disc: Fitted) -> None:
    red = np.zeros((3, 3, 16, 16), np.uint8)
    red[:, 0] = 120
    got = manipulated(disc, images(), [], red).images
    own = disc.reconstruct(images())
    np.testing.assert_array_equal(got[:, 0] > 0, own.max(axis=1) > 0)
    assert got[:, 0].max() == 120
    assert got[:, 1:].max() == 0


def test_interpolation_goes_straight_from_pose_to_pose_with_one_look(disc: Fitted) -> None:
    a, b = images(2)
    got = interpolation(disc, a, b, 5)
    ends = disc.predict(np.stack([a, b])).keypoints
    assert ends is not None
    np.testing.assert_allclose(got.after[0], ends[0], atol=1e-6)
    np.testing.assert_allclose(got.after[1], 0.75 * ends[0] + 0.25 * ends[1], atol=1e-6)
    np.testing.assert_allclose(got.after[4], ends[1], atol=1e-6)
    np.testing.assert_array_equal(got.before, np.repeat(ends[:1], 5, axis=0))
    colours = {tuple(map(int, image.reshape(3, -1).max(axis=1))) for image in got.images}
    assert colours == {tuple(map(int, a.mean(axis=(1, 2))))}


def test_interpolation_needs_two_steps(disc: Fitted) -> None:
    with pytest.raises(ConfigError, match="at least 2 steps, got 1"):
        interpolation(disc, *images(2), 1)


def test_exchange_has_the_geometry_of_the_row_and_the_look_of_the_column(disc: Fitted) -> None:
    given = images()
    got = exchange(disc, given)
    assert got.shape == (3, 3, 3, 16, 16)
    for row in range(3):
        for column in range(3):
            one = manipulated(disc, given[[row]], [], given[[column]])
            np.testing.assert_array_equal(got[row, column], one.images[0])


def test_methods_that_cannot_reconstruct_are_refused(toy: Toy) -> None:
    spec = toy.known.methods.get("toy_named").spec
    named = Fitted(ToyNamed(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))
    with pytest.raises(UserError, match=r"^toy_named cannot reconstruct images; it offers locate"):
        manipulated(named, images(), [])


def test_methods_without_keypoints_are_refused(disc: Fitted) -> None:
    blind = replace(disc, spec=replace(disc.spec, capabilities=("reconstruct",)))
    with pytest.raises(UserError, match="toy_disc finds no keypoints that could be changed"):
        manipulated(blind, images(), [])
