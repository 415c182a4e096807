from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_plugin.methods import ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.contract import GeneratedImages
from harness.drawing.generated_edits import edited, edited_each, new_draw, ways
from harness.drawing.operations import Background, Look, Move, Operation, Scale
from harness.errors import ConfigError, UserError
from harness.saved import Fitted


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    """Paints discs of known colours at three keypoints."""
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 16), spec, 3, 16, torch.device("cpu"))


def rendered(fitted: Fitted, latents: Mapping[str, np.ndarray]) -> np.ndarray:
    return fitted.render({k: torch.from_numpy(v) for k, v in latents.items()}).images.numpy()


def test_a_draw_is_what_sample_gives(painter: Fitted) -> None:
    draw, made = new_draw(painter, 5, 3), painter.sample(5, 3)
    assert len(draw) == 5
    np.testing.assert_array_equal(draw.images, made.images.numpy())
    assert set(draw.latents) == set(made.latents)
    np.testing.assert_array_equal(draw.latents["keypoints"], made.latents["keypoints"].numpy())


def test_a_method_that_draws_nothing_from_latents_is_refused(painter: Fitted) -> None:
    blind = replace(painter, spec=replace(painter.spec, capabilities=("sample",)))
    with pytest.raises(UserError, match="toy_painter cannot render images; it offers sample"):
        new_draw(blind, 2, 0)


def test_an_edit_applies_all_operations_in_order_and_draws_the_result(painter: Fitted) -> None:
    draw = new_draw(painter, 4, 0)
    operations: list[Operation] = [Move(None, 0.1, 0.0), Scale(None, 1.5), Look((1,), 2)]
    got = edited(painter, draw, operations)
    assert got.numbers == (0, 1, 2, 3)
    np.testing.assert_array_equal(got.plain, draw.images)
    np.testing.assert_array_equal(got.change.before, draw.latents["keypoints"])
    after = operations[1].apply(operations[0].apply(draw.latents["keypoints"]))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(got.change.after, after)
    looks = draw.latents["appearance"].copy()
    looks[:, 1] = looks[2, 1]
    expected = rendered(painter, {**draw.latents, "keypoints": after, "appearance": looks})
    np.testing.assert_array_equal(got.change.images, expected)
    assert (got.change.images != got.plain).any(axis=(1, 2, 3)).all()


def test_a_part_takes_the_colour_of_that_part_in_the_other_image(painter: Fitted) -> None:
    """At the keypoint of the last part, which is painted over the others, its colour is seen."""
    draw = new_draw(painter, 4, 1)
    got = edited(painter, draw, [Look((2,), 3)]).change
    wanted = 255 * draw.latents["gain"] * draw.latents["appearance"][[3], 2]
    for image, points, colour in zip(got.images, got.before, wanted, strict=True):
        x, y = (points[2] * 16).astype(int)
        np.testing.assert_array_equal(image[:, y, x], colour.astype(np.uint8))


def test_some_images_are_changed_alone(painter: Fitted) -> None:
    draw = new_draw(painter, 4, 0)
    everything, some = (
        edited(painter, draw, [Look(None, 0)], numbers) for numbers in (None, [3, 1])
    )
    assert some.numbers == (3, 1)
    np.testing.assert_array_equal(some.plain, draw.images[[3, 1]])
    np.testing.assert_array_equal(some.change.images, everything.change.images[[3, 1]])


def test_every_image_can_have_operations_of_its_own(painter: Fitted) -> None:
    draw = new_draw(painter, 3, 0)
    got = edited_each(painter, draw, {0: [Background(1)], 2: []})
    assert got.numbers == (0, 2)
    expected = edited(painter, draw, [Background(1)], [0])
    np.testing.assert_array_equal(got.change.images[0], expected.change.images[0])
    np.testing.assert_array_equal(got.change.images[1], draw.images[2])


def test_the_unchanged_images_are_drawn_again_beside_the_changed_ones(
    painter: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A method whose pixels depend on the size of the batch shows the edit alone."""
    known = ToyPainter.render

    def uneven(self: ToyPainter, latents: Mapping[str, torch.Tensor]) -> GeneratedImages:
        made = known(self, latents)
        return replace(made, images=made.images // 2 + len(made.images))

    draw = new_draw(painter, 5, 0)
    monkeypatch.setattr(ToyPainter, "render", uneven)
    got = edited(painter, draw, [], [1])
    assert (got.plain != draw.images[[1]]).any()
    np.testing.assert_array_equal(got.plain, got.change.images)


@pytest.mark.parametrize("numbers", [[4], [-1]])
def test_an_image_that_there_is_none_of_cannot_be_changed(
    painter: Fitted, numbers: list[int]
) -> None:
    with pytest.raises(ConfigError, match=f"no image {numbers[0]} in a draw of 4"):
        edited(painter, new_draw(painter, 4, 0), [], numbers)


def test_a_way_leads_straight_from_image_to_image_with_all_latents(painter: Fitted) -> None:
    draw = new_draw(painter, 3, 2)
    got = ways(painter, draw, to=2, steps=5)
    assert list(got) == [0, 1, 2]
    for number, way in got.items():
        assert way.images.shape == (5, 3, 16, 16)
        np.testing.assert_array_equal(way.images[0], draw.images[number])
        np.testing.assert_array_equal(way.images[4], draw.images[2])
        middle = {k: (v[[number]] + v[[2]]) / 2 for k, v in draw.latents.items()}
        np.testing.assert_array_equal(way.images[2], rendered(painter, middle)[0])
        start, end = draw.latents["keypoints"][[number, 2]]
        np.testing.assert_array_equal(way.before, np.repeat(start[None], 5, axis=0))
        np.testing.assert_allclose(way.after[1], 0.75 * start + 0.25 * end, atol=1e-6)
    assert (got[2].images == draw.images[2]).all()


def test_a_way_can_start_from_some_images(painter: Fitted) -> None:
    draw = new_draw(painter, 3, 2)
    got = ways(painter, draw, 0, 3, [1])
    assert list(got) == [1]
    np.testing.assert_array_equal(got[1].images, ways(painter, draw, 0, 3)[1].images)


@pytest.mark.parametrize(
    ("to", "steps", "sentence"),
    [(3, 4, "no image 3 in a draw of 3"), (0, 1, "at least 2 steps, got 1")],
)
def test_a_way_that_leads_nowhere_is_refused(
    painter: Fitted, to: int, steps: int, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ways(painter, new_draw(painter, 3, 0), to, steps)
