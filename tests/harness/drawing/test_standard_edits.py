from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_edits import ToyEditing

from harness.contract.arrays import Evaluation
from harness.drawing import standard_edits as module
from harness.drawing.latent_edits import LatentEdit
from harness.drawing.standard_edits import standard_edits

LATENTS = np.array([[0.2, 0.8, 0.4, 0.6], [0.6, 0.4, 0.2, 0.2]] * 3, np.float32)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[LatentEdit]:
    """Every edit that is made."""
    edits: list[LatentEdit] = []
    real = module.edited_latents

    def kept(*given: object) -> LatentEdit:
        edits.append(real(*given))  # type: ignore[arg-type]
        return edits[-1]

    monkeypatch.setattr(module, "edited_latents", kept)
    return edits


def sheet_of(toy: ToyEditing, *attributes: str, **changes: object) -> tuple[int, int]:
    evaluation: Evaluation = toy.evaluation()
    evaluation = replace(evaluation, test_truth=replace(evaluation.test_truth, **changes))
    assert evaluation.editing is not None
    width, height = standard_edits(evaluation.editing, evaluation, attributes).size
    # Rows and columns of tiles of 192 pixels; every tile has two lines of 20 pixels below it.
    rows = height // (192 + 40 + 4)
    return (width + 4) // 196, rows


def test_attributes_are_led_to_where_the_judge_does_not_see_them(made: list[LatentEdit]) -> None:
    toy = ToyEditing(LATENTS)
    assert sheet_of(toy, "smile", "hat") == (1 + 2 * 2, 6)
    smile, hat = made
    assert smile.wanted[:, 1].tolist() == [0, 1] * 3
    assert hat.wanted[:, 0].tolist() == [1, 0] * 3
    assert np.isnan(np.delete(smile.wanted, 1, axis=1)).all()
    np.testing.assert_allclose(smile.judge[1, :, 1], [0.4, 0.7] * 3, atol=3e-3)


def test_without_a_choice_the_first_attributes_are_shown(made: list[LatentEdit]) -> None:
    assert sheet_of(ToyEditing(LATENTS)) == (1 + 4 * 2, 6)
    asked = [int(np.flatnonzero(~np.isnan(edit.wanted[0]))[0]) for edit in made]
    assert asked == [0, 1, 2, 3]


def test_keypoints_are_led_to_those_of_the_next_row(made: list[LatentEdit]) -> None:
    assert sheet_of(ToyEditing(LATENTS, conditions="keypoints")) == (3, 6)
    np.testing.assert_allclose(made[0].wanted, np.roll(LATENTS, -1, axis=0), atol=2e-3)


def test_captions_are_the_first_different_ones_of_the_test_images(made: list[LatentEdit]) -> None:
    def encode(captions: object) -> np.ndarray:
        return np.array([[len(str(one)), 0, 0, 0] for one in captions], np.float32)  # type: ignore[attr-defined]

    toy = ToyEditing(LATENTS / 9, conditions="embedding", encode=encode)
    assert sheet_of(toy, captions=["a", "", "a", "bb", "ccc", "dddd"]) == (1 + 3 * 2, 6)
    assert [edit.wanted[0, 0] for edit in made] == [1, 2, 3]
