"""What a fitted method generates: batches of new images, and images of latents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from toy_plugin.methods import ToyDisc, ToyNet, ToyPainter
from toy_plugin.options import NoConfig, ToyConfig
from toy_world import Toy

from harness.contract import GeneratedImages, Method
from harness.errors import ContractError, ShapeError, UserError
from harness.saved import Fitted


def painter(toy: Toy, method: Method | None = None) -> Fitted:
    return fitted(toy, "toy_painter", method or ToyPainter(NoConfig(), 2, 8))


def fitted(toy: Toy, name: str, method: Method) -> Fitted:
    spec = toy.known.methods.get(name).spec
    return Fitted(method, spec, 2, 8, torch.device("cpu"))


def test_batches_of_new_images_are_those_of_the_whole(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    made = painter(toy)
    batches = list(made.samples(6, 1))
    assert [len(batch.images) for batch in batches] == [4, 2]
    whole = made.sample(6, 1)
    assert torch.equal(torch.cat([batch.images for batch in batches]), whole.images)
    for name, value in whole.latents.items():
        assert torch.equal(torch.cat([batch.latents[name] for batch in batches]), value)


def test_batches_are_drawn_when_they_are_asked_for(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that many images never lie in memory at once."""
    drawn: list[int] = []

    class Counting(ToyPainter):
        def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
            drawn.append(count)
            return super().sample(count, generator)

    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    batches = painter(toy, Counting(NoConfig(), 2, 8)).samples(10, 0)
    next(batches)
    assert drawn == [4]


def test_latents_drawn_unchanged_give_the_sampled_images(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    made = painter(toy)
    drawn = made.sample(6, 1)
    again = made.render(drawn.latents)
    assert torch.equal(again.images, drawn.images)
    assert again.keypoints is not None
    assert torch.equal(again.keypoints, drawn.latents["keypoints"])
    assert again.masks is not None
    assert again.masks.shape == (6, 3, 8, 8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"background": torch.zeros(2, 3)}, r"Latents of \[2, 3\] images cannot be rendered"),
        ({"keypoints": None}, r"^toy_painter: render\(\) gave no latent 'keypoints'"),
    ],
    ids=["numbers", "names"],
)
def test_latents_that_are_not_those_of_a_sample_are_refused(
    toy: Toy, changes: dict[str, Any], words: str
) -> None:
    class Forgetful(ToyPainter):
        def render(self, latents: Mapping[str, torch.Tensor]) -> GeneratedImages:
            points = torch.zeros(3, 2, 2)
            return replace(super().render({"keypoints": points, **latents}), latents=latents)

    made = painter(toy, Forgetful(NoConfig(), 2, 8))
    latents = {**painter(toy).sample(3, 0).latents, **changes}
    given = {name: value for name, value in latents.items() if value is not None}
    with pytest.raises((ShapeError, ContractError), match=words):
        made.render(given)


@pytest.mark.parametrize(
    "latents", [{}, {"keypoints": torch.zeros(0, 2, 2)}], ids=["none", "empty"]
)
def test_no_latents_cannot_be_rendered(toy: Toy, latents: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ShapeError, match="cannot be rendered; expected those of one number of im"):
        painter(toy).render(latents)


def test_samples_of_a_method_that_renders_have_the_latents_it_promises(toy: Toy) -> None:
    class Bare(ToyPainter):
        def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
            return replace(super().sample(count, generator), latents={"noise": torch.zeros(3, 7)})

    with pytest.raises(
        ContractError, match=r"sample\(\) gave no latent 'keypoints'.* gave noise\."
    ):
        painter(toy, Bare(NoConfig(), 2, 8)).sample(3, 0)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (torch.zeros(3, 3, 8, 8), r"gave float32 \[3, 3, 8, 8\], expected uint8 \[3, 3, 8, 8\]"),
        (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), r"gave uint8 \[2, 3, 8, 8\], expected"),
    ],
    ids=["type", "images"],
)
def test_rendered_images_of_another_form_are_refused(
    toy: Toy, result: torch.Tensor, words: str
) -> None:
    class Wrong(ToyPainter):
        def render(self, latents: Mapping[str, torch.Tensor]) -> GeneratedImages:
            return GeneratedImages(result, latents)

    latents = painter(toy).sample(3, 0).latents
    with pytest.raises(ContractError, match=rf"toy_painter: render\(\) {words}"):
        painter(toy, Wrong(NoConfig(), 2, 8)).render(latents)


def test_a_method_that_cannot_render_says_what_it_offers(toy: Toy) -> None:
    with pytest.raises(UserError, match=r"^toy_disc cannot render images; it offers detect, recon"):
        fitted(toy, "toy_disc", ToyDisc(NoConfig(), 2, 8)).render({"colours": torch.zeros(2, 3)})
    with pytest.raises(UserError, match=r"^toy_net cannot sample images; it offers detect"):
        next(fitted(toy, "toy_net", ToyNet(ToyConfig(), 2, 8)).samples(3, 0))
