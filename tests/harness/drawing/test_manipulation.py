from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_plugin.data import ToyDataset
from toy_plugin.methods import ToyDisc, ToyNamed
from toy_plugin.options import NoConfig, ToyData
from toy_world import Toy

from harness.drawing.manipulation import exchange, interpolation, manipulated
from harness.drawing.operations import Background, Look, Move, Operation, Scale
from harness.errors import ConfigError, UserError
from harness.saved import Fitted


def images(count: int = 3) -> np.ndarray:
    return ToyDataset(None, ToyData(images=count)).read("test", range(count), 16).images


@pytest.fixture
def disc(toy: Toy) -> Fitted:
    """Draws discs at its two keypoints, which lie 0.1 apart."""
    spec = toy.known.methods.get("toy_disc").spec
    return Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))


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


@pytest.mark.parametrize("operation", [Look((0,), 1), Background(1)], ids=str)
def test_photos_have_no_generated_image_to_take_from(disc: Fitted, operation: Operation) -> None:
    with pytest.raises(UserError) as refused:
        manipulated(disc, images(), [Move(None, 0.1, 0.0), operation])
    assert str(refused.value) == (
        f"Operation '{operation}' takes from a generated image and photos have none; use it with "
        "-n, or give a photo another photo's look with --appearance."
    )
