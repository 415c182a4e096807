from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from toy_editing import ToyGenerator
from toy_world import Toy

from harness.drawing.projection import PENALTY, decibels, load_projection, project, scaled_errors
from harness.errors import DataError, RecordError, RunError
from harness.latent_editing import pixels
from harness.saved import Fitted

SIDE = 4


@pytest.fixture
def generator(toy: Toy) -> Fitted:
    """A linear generator of six latents."""
    return fitted(toy, ToyGenerator(side=SIDE))


def fitted(toy: Toy, method: object) -> Fitted:
    spec = toy.known.methods.get("toy_latents").spec
    return Fitted(method, spec, 1, SIDE, torch.device("cpu"), "its owner")  # type: ignore[arg-type]


def drawn(generator: Fitted, count: int = 3) -> tuple[torch.Tensor, np.ndarray]:
    latents = 0.5 * generator.method.draw_latents(  # type: ignore[attr-defined]
        count, torch.Generator().manual_seed(1)
    )
    return latents, pixels(generator.method.synthesise(latents)).numpy()  # type: ignore[attr-defined]


def test_latents_of_generated_images_are_found_but_for_the_pull_to_the_mean(
    generator: Fitted,
) -> None:
    latents, images = drawn(generator)
    found = project(generator, images, ["a", "b", "c"])
    # The minimum of |z M - x|^2 / n + PENALTY |z - m|^2 / R^2 is known where M is orthonormal.
    source = torch.Generator().manual_seed(0)
    known = generator.method.draw_latents(4000, source)  # type: ignore[attr-defined]
    mean = known.mean(dim=0)
    pull = PENALTY * 3 * SIDE**2 / float((known - mean).norm(dim=1).mean()) ** 2
    expected = (latents + pull * mean) / (1 + pull)
    np.testing.assert_allclose(found.latents, expected.numpy(), atol=0.02)
    assert found.names == ("a", "b", "c")
    assert (found.errors[:, 1] < found.errors[:, 0] / 10).all()


def test_photos_are_found_alike_alone_and_together(generator: Fitted) -> None:
    _, images = drawn(generator)
    together, alone = (
        project(generator, images, steps=20),
        project(generator, images[1:2], steps=20),
    )
    np.testing.assert_allclose(together.latents[1:2], alone.latents, atol=1e-5)


def test_errors_are_those_of_the_mean_and_of_what_was_found(generator: Fitted) -> None:
    _, images = drawn(generator, 1)
    found = project(generator, images, steps=5)
    apart = found.images.astype(float) - images
    assert found.errors[0, 1] == pytest.approx((apart**2).mean())
    assert found.facts()[0]["psnr"] == pytest.approx(decibels(found.errors[0, 1]), abs=1e-3)
    # The mean of the latents is about 0, whose image is grey.
    assert found.errors[0, 0] == pytest.approx(((images - 127.5) ** 2).mean(), rel=0.05)


def test_latents_of_one_length_keep_it(toy: Toy) -> None:
    generator = fitted(toy, ToyGenerator(side=SIDE, length=2.0))
    _, images = drawn(generator)
    found = project(generator, images, steps=30)
    np.testing.assert_allclose(np.linalg.norm(found.latents, axis=1), 2.0, rtol=1e-5)


def test_photos_of_any_size_are_brought_to_the_generators(generator: Fitted) -> None:
    photos = np.full((1, 3, 40, 40), 90, np.uint8)
    found = project(generator, photos, steps=1)
    assert found.photos.shape == found.images.shape == (1, 3, SIDE, SIDE)
    assert (found.photos == 90).all()


def test_every_step_is_told(generator: Fitted) -> None:
    told: list[tuple[str, int, int]] = []
    project(generator, drawn(generator)[1], steps=3, tell=lambda *step: told.append(step))
    assert told == [("projecting", done, 3) for done in (1, 2, 3)]


def test_differences_are_taken_at_halved_sizes() -> None:
    wanted = torch.zeros(2, 3, 16, 16)
    images = wanted.clone()
    images[0, :, ::2] = 1.0
    images[0, :, 1::2] = -1.0
    images[1] = 0.5
    # Stripes vanish at half the size; an even shift counts at 16 and at 8 pixels.
    assert scaled_errors(images, wanted).tolist() == pytest.approx([1.0, 2 * 0.25])


def test_a_generator_without_finite_images_is_refused(toy: Toy) -> None:
    generator = fitted(toy, ToyGenerator(side=SIDE))
    generator.method.matrix = generator.method.matrix * torch.nan  # type: ignore[attr-defined]
    with pytest.raises(RunError, match="toy_latents: its images are not finite; train it again"):
        project(generator, np.zeros((1, 3, SIDE, SIDE), np.uint8))


def test_projected_photos_are_read_back_for_their_generator(
    generator: Fitted, toy: Toy, tmp_path: Path
) -> None:
    found = project(generator, drawn(generator)[1], ["a", "b", "c"], steps=2)
    path = found.save(tmp_path / "found.npz")
    again = load_projection(path, generator)
    assert again.names == found.names
    for name in ("latents", "photos", "images", "errors"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    other = Fitted(generator.method, generator.spec, 1, SIDE, generator.device, "another")
    with pytest.raises(RecordError, match=r"found\.npz: its photos were projected into another"):
        load_projection(path, other)
    np.savez(tmp_path / "bare.npz", latents=found.latents)
    with pytest.raises(DataError, match="holds no projected photos"):
        load_projection(tmp_path / "bare.npz", generator)
