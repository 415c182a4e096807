from __future__ import annotations

from typing import Any

import pytest
import torch

from harness.contract import GeneratedImages
from harness.errors import ContractError
from harness.latents import check_latents, joined_images


def made(count: int = 3, **latents: Any) -> GeneratedImages:
    given = {
        "keypoints": torch.zeros(count, 2, 2),
        "appearance": torch.zeros(count, 2, 5),
        "background": torch.zeros(count, 4),
    }
    changed = {name: value for name, value in {**given, **latents}.items() if value is not None}
    return GeneratedImages(torch.zeros(count, 3, 8, 8, dtype=torch.uint8), changed)


def test_latents_of_the_promised_form_pass_with_any_others_beside() -> None:
    check_latents(made(place=torch.zeros(3, 1, 2)), "toy: sample()")


@pytest.mark.parametrize("name", ["keypoints", "appearance", "background"])
def test_a_missing_latent_is_named_with_those_there_are(name: str) -> None:
    with pytest.raises(ContractError, match=rf"^toy: sample\(\) gave no latent '{name}', which"):
        check_latents(made(**{name: None}), "toy: sample()")


@pytest.mark.parametrize(
    ("name", "shape", "form"),
    [
        ("keypoints", (3, 2), "N, K, 2"),
        ("keypoints", (3, 2, 3), "N, K, 2"),
        ("appearance", (3, 5), "N, K, D"),
        ("appearance", (3, 3, 5), "N, K, D"),
        ("background", (3, 1, 4), "N, E"),
    ],
)
def test_a_latent_of_another_form_is_refused(name: str, shape: tuple[int, ...], form: str) -> None:
    with pytest.raises(ContractError) as refused:
        check_latents(made(**{name: torch.zeros(shape)}), "toy: render()")
    expected = f"toy: render() gave the latent '{name}' as {list(shape)}, expected [{form}]."
    assert str(refused.value) == expected


def test_batches_are_joined_in_their_order() -> None:
    one = made(2, keypoints=torch.full((2, 2, 2), 1.0))
    two = made(1, keypoints=torch.full((1, 2, 2), 2.0))
    got = joined_images([one, two])
    assert got.latents["keypoints"][:, 0, 0].tolist() == [1, 1, 2]
    assert got.images.shape == (3, 3, 8, 8)
    assert (got.keypoints, got.masks) == (None, None)
