"""Plain optimisation of latents in the linear world."""

import math
from typing import Any

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import RecordError, RunError
from harness_editing.gradient.config import GradientConfig
from harness_editing.gradient.method import Gradient

NAN = math.nan
ALL = [i / 20 for i in range(21)]


def made(generator: Any = None, guide: Any = None, *, fit: bool = True, **changes: Any) -> Gradient:
    generator = generator or ToyGenerator()
    editor = Gradient(GradientConfig(**changes), 10, 4)
    editor.attach(generator, guide or ToyOracle(generator))
    if fit:
        editor.fit(None, MemoryRun())
    return editor


def starts(count=12, seed=5, **options):
    return ToyGenerator(**options).draw_latents(count, torch.Generator().manual_seed(seed))


def asked(latents, editor, *places):
    """Each attribute at these places to the side where it is not."""
    present = editor.conditions_of(latents)
    wanted = torch.full_like(present, NAN)
    for place in places:
        wanted[:, place] = (present[:, place] < 0.5).to(present)
    return wanted


@pytest.mark.parametrize("kind", ["attributes", "keypoints", "embedding"])
def test_what_is_wanted_is_reached_step_by_step(kind):
    generator = ToyGenerator()
    guide = ToyOracle(generator, kind=kind)
    editor, latents = made(generator, guide, steps=40), starts(30)
    if kind == "attributes":
        wanted = asked(latents, editor, 1)
    else:
        wanted = editor.conditions_of(starts(30, seed=6))
    path = editor.edit(latents, wanted, [0.0, 0.25, 0.5, 1.0])
    assert torch.equal(path[0], latents)
    gaps = [(editor.conditions_of(step) - wanted).abs().nanmean().item() for step in path]
    assert gaps[0] > gaps[1] > gaps[2] > gaps[3]
    assert gaps[3] < 0.25 * gaps[0]


def test_the_first_step_of_adam_is_the_rate_against_the_gradient():
    """That of (c - c_1)^2 for c = 0.5 + 0.1 z A is 0.2 (c - c_1) A'; Adam keeps the signs."""
    generator = ToyGenerator()
    guide = ToyOracle(generator, count=2, kind="keypoints")
    editor = made(generator, guide, rate=0.01, steps=1)
    latents = starts(4)
    wanted = editor.conditions_of(latents) + torch.tensor([0.2, -0.1])
    step = editor.edit(latents, wanted, [1.0])[0] - latents
    gradient = -torch.tensor([0.2, -0.1]) @ guide.directions.T
    expected = -0.01 * editor.deviation * gradient.sign().expand(4, -1)
    torch.testing.assert_close(step, expected, atol=1e-5, rtol=1e-3)


def test_rate_is_in_deviations_of_the_latents():
    class Wide(ToyGenerator):
        def draw_latents(self, count, generator):
            return 10.0 * super().draw_latents(count, generator) + 3.0

    editor = made(Wide())
    assert float(editor.deviation) == pytest.approx(10.0, rel=0.02)
    assert float(made().deviation) == pytest.approx(1.0, rel=0.02)


def test_held_conditions_stay_nearer_than_free_ones():
    """Attributes along directions that are not orthogonal: five of them in four values."""
    generator = ToyGenerator(size=4)
    guide = ToyOracle(generator, count=5)
    latents = starts(40, size=4)
    changes = {}
    for hold in (True, False):
        editor = made(generator, guide, hold=hold, steps=60)
        wanted = asked(latents, editor, 0)
        end = editor.edit(latents, wanted, [1.0])[0]
        moved = (editor.conditions_of(end) - editor.conditions_of(latents)).abs().mean(dim=0)
        assert moved[0] > 0.4
        changes[hold] = float(moved[1:].mean())
    assert changes[True] < 0.8 * changes[False]


@pytest.mark.parametrize("hold", [True, False])
def test_samples_without_wish_stay_exactly_where_they_are(hold):
    editor, latents = made(ToyGenerator(length=2.0), hold=hold), starts(6, length=2.0)
    wanted = asked(latents, editor, 1)
    wanted[::2] = NAN
    path = editor.edit(latents, wanted, ALL)
    assert torch.equal(path[:, ::2], latents[::2].expand(21, -1, -1))
    assert (path[-1, 1::2] - latents[1::2]).norm(dim=1).min() > 0.1
    torch.testing.assert_close(path.norm(dim=2), torch.full((21, 6), 2.0))


def test_a_batch_gives_what_its_samples_give_alone():
    editor, latents = made(), starts(5)
    wanted = asked(latents, editor, 1, 2)
    path = editor.edit(latents, wanted, ALL)
    alone = [editor.edit(latents[i : i + 1], wanted[i : i + 1], ALL) for i in range(5)]
    torch.testing.assert_close(path, torch.cat(alone, dim=1), atol=1e-4, rtol=0)


def test_edit_works_in_inference_mode_and_leaves_its_arguments():
    editor, latents = made(), starts()
    wanted = asked(latents, editor, 1)
    expected = editor.edit(latents, wanted, [0.0, 1.0])
    with torch.inference_mode():
        given = latents.clone(), wanted.clone()
        found = editor.edit(*given, [0.0, 1.0])
    assert torch.equal(found, expected)
    assert torch.equal(given[0], latents)
    assert torch.equal(given[1].isnan(), wanted.isnan())
    assert not found.requires_grad


def test_state_moves_to_a_fresh_editor():
    editor, fresh, latents = made(), made(fit=False), starts()
    fresh.load_state_dict(editor.state_dict())
    wanted = asked(latents, editor, 0)
    assert torch.equal(fresh.edit(latents, wanted, [1.0]), editor.edit(latents, wanted, [1.0]))
    assert fresh.parameter_count() == 0


def test_foreign_states_and_missing_fits_are_refused():
    editor = made(fit=False)
    with pytest.raises(RunError, match="gradient knows no deviation yet; call fit first"):
        editor.edit(starts(), torch.ones(12, 4), [1.0])
    for state in ({}, {"mean": torch.zeros(3)}, {"deviation": torch.zeros(3)}):
        with pytest.raises(RecordError, match="gradient stores one number, 'deviation', but the"):
            editor.load_state_dict(state)
