"""The whole editor: the toy by hand, paths in the linear world, states and refusals."""

import math
from types import SimpleNamespace

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import RecordError, RunError
from harness.training.run import TrainingRun

CPU = torch.device("cpu")
NAN = math.nan
ALL = [i / 20 for i in range(21)]


def toy(editor, wanted=1.0, strengths=ALL):
    start = torch.tensor([[0.0, 5.0]], dtype=torch.float64)
    goal = torch.tensor([[wanted]], dtype=torch.float64)
    return editor.edit(start, goal, strengths)[:, 0]


def starts(count=12, seed=5):
    return ToyGenerator().draw_latents(count, torch.Generator().manual_seed(seed))


def asked(latents, editor, *places):
    """Each attribute at these places to the side where it is not."""
    present = editor.conditions_of(latents)
    wanted = torch.full_like(present, NAN)
    for place in places:
        wanted[:, place] = (present[:, place] < 0.5).to(present)
    return wanted


def gaps(editor, latents, wanted):
    found = (editor.conditions_of(latents) - wanted).abs()
    return found.nanmean(dim=0)


def test_steps_of_the_toy_by_hand(known, products):
    path = toy(known(products=products))
    expected = 0.15 * torch.arange(21, dtype=torch.float64)
    torch.testing.assert_close(path[:, 0], expected, atol=1e-9, rtol=0)
    assert (path[:, 1] == 5.0).all()


@pytest.mark.parametrize(("tolerance", "last"), [(0.12, 0.90), (0.06, 1.05)])
def test_the_toy_stops_at_the_step_computed_by_hand(known, products, tolerance, last):
    path = toy(known(products=products, stop=True, attribute_tolerance=tolerance))
    steps = round(last / 0.15)
    expected = 0.15 * torch.arange(21, dtype=torch.float64).clamp_max(steps)
    torch.testing.assert_close(path[:, 0], expected, atol=1e-9, rtol=0)


def test_one_whole_step_of_many_terms_reaches_the_toys_goal(known, products):
    path = toy(known(products=products, step_size=1.0, order=60, steps=1), strengths=[0.0, 1.0])
    expected = torch.tensor([[0.0, 5.0], [1.0, 5.0]], dtype=torch.float64)
    torch.testing.assert_close(path, expected, atol=1e-9, rtol=0)


def test_the_toy_stays_where_it_is_wanted(known, products):
    for wanted in (0.0, NAN):
        assert torch.equal(toy(known(products=products), wanted)[:, 0], torch.zeros(21).double())


def test_change_of_conditions_is_fixed_once_and_conditions_are_measured_anew(known):
    """F = (z_1 + c^2 / 2, z_2) moves by c lambda (c_1 - c_0): 1 towards 2 by 1.1, then 1.21."""
    editor = known(step_size=0.1, steps=2, order=0)
    editor.mapping = SquareMapping()
    start = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    path = editor.edit(start, torch.tensor([[2.0]], dtype=torch.float64), [0.0, 0.5, 1.0])
    torch.testing.assert_close(path[:, 0, 0], torch.tensor([1.0, 1.1, 1.21]).double())


class SquareMapping(torch.nn.Module):
    def forward(self, latents, conditions):
        half = torch.cat([conditions.square() / 2, torch.zeros_like(conditions)], dim=1)
        return latents + half


def test_edits_move_what_is_asked_towards_it_and_more_than_the_rest(fitted):
    editor, latents = fitted(), starts(40)
    for place in range(4):
        wanted = asked(latents, editor, place)
        path = editor.edit(latents, wanted, [0.0, 0.25, 0.5])
        assert torch.equal(path[0], latents)
        before, some, more = (gaps(editor, step, wanted)[place] for step in path)
        assert before > 0.7
        assert some < before - 0.2
        assert more < some
        changes = (editor.conditions_of(path[1]) - editor.conditions_of(latents)).abs().mean(dim=0)
        others = [i for i in range(4) if i != place]
        assert changes[place] > 2.0 * changes[others].max()


def test_several_conditions_are_reached_at_once(fitted):
    editor, latents = fitted(), starts(40)
    wanted = asked(latents, editor, 0, 2)
    path = editor.edit(latents, wanted, [0.0, 0.5])
    before, after = gaps(editor, path[0], wanted), gaps(editor, path[1], wanted)
    assert (before[[0, 2]] > 0.7).all()
    assert (after[[0, 2]] < 0.25).all()


def test_a_second_edit_starts_from_the_first_with_its_conditions_measured(fitted):
    editor, latents = fitted(), starts(40)
    first = editor.edit(latents, asked(latents, editor, 0), [0.5])[0]
    shown = editor.conditions_of(first)
    wanted = asked(first, editor, 1)
    second = editor.edit(first, wanted, [0.0, 0.25])
    assert torch.equal(second[0], first)
    assert gaps(editor, second[1], wanted)[1] < gaps(editor, first, wanted)[1] - 0.2
    drift = (editor.conditions_of(second[1]) - shown)[:, 0].abs().mean()
    start_gap = (editor.conditions_of(latents) - shown)[:, 0].abs().mean()
    assert drift < 0.3 * start_gap


@pytest.mark.parametrize("kind", ["keypoints", "embedding"])
def test_other_conditions_are_approached_too(make, kind):
    generator = ToyGenerator()
    guide = ToyOracle(generator, kind=kind)
    editor = make(generator, guide)
    editor.fit(None, MemoryRun())
    latents = starts(30)
    present = editor.conditions_of(latents)
    if kind == "embedding":
        wanted = guide.encode([f"face {i}" for i in range(30)])
    else:
        wanted = present.clone()
        wanted[:, :2] += torch.tensor([0.1, -0.1])
        wanted[:, 2:] = NAN
    path = editor.edit(latents, wanted, [0.0, 0.5])
    if kind == "embedding":
        before, after = ((editor.conditions_of(s) * wanted).sum(dim=1).mean() for s in path)
        assert after > before + 0.4
    else:
        before, after = (gaps(editor, step, wanted)[:2].mean() for step in path)
        assert after < 0.6 * before


def test_wanting_nothing_or_what_is_there_changes_nothing(fitted, products):
    editor, latents = fitted(products=products), starts()
    present = editor.conditions_of(latents)
    for wanted in (torch.full_like(present, NAN), present):
        path = editor.edit(latents, wanted, [0.0, 0.5, 1.0])
        assert torch.equal(path, latents.expand(3, -1, -1))


@pytest.mark.parametrize("stop", [False, True])
def test_a_batch_gives_what_its_samples_give_alone(fitted, products, stop):
    editor, latents = fitted(products=products, stop=stop, steps=8), starts(4)
    wanted = asked(latents, editor, 1)
    wanted[2, 1], wanted[2, 3] = NAN, 1.0
    levels = [i / 8 for i in range(9)]
    path = editor.edit(latents, wanted, levels)
    alone = [editor.edit(latents[i : i + 1], wanted[i : i + 1], levels) for i in range(4)]
    torch.testing.assert_close(path, torch.cat(alone, dim=1), atol=1e-4, rtol=0)


def test_samples_that_have_stopped_do_not_change_while_others_go_on(fitted):
    stopping, going = fitted(stop=True), fitted()
    latents = starts(30)
    wanted = asked(latents, stopping, 1)
    wanted[0] = NAN
    path, free = stopping.edit(latents, wanted, ALL), going.edit(latents, wanted, ALL)
    shown = torch.stack([going.conditions_of(step) for step in free])
    near = (shown[..., 1] - wanted[:, 1]).abs() < 0.1
    ends = [int(near[:, i].nonzero()[0]) if near[:, i].any() else 20 for i in range(30)]
    for i, end in list(enumerate(ends))[1:]:
        assert torch.equal(path[: end + 1, i], free[: end + 1, i])
        assert torch.equal(path[end:, i], path[end, i].expand(21 - end, -1))
    assert torch.equal(path[:, 0], latents[0].expand(21, -1))
    assert len(set(ends)) > 3
    assert not torch.equal(path[-1], free[-1])


def test_generator_brings_latents_to_where_it_draws_them(make):
    generator = ToyGenerator(length=2.5)
    editor = make(generator)
    editor.fit(None, MemoryRun())
    latents = generator.draw_latents(5, torch.Generator().manual_seed(1))
    path = editor.edit(latents, asked(latents, editor, 0), [0.0, 0.1, 1.0])
    torch.testing.assert_close(path.norm(dim=2), torch.full((3, 5), 2.5))
    assert not torch.allclose(path[1], latents)


def test_images_and_answers_are_made_without_gradients(fitted, monkeypatch):
    editor = fitted()
    seen, answer = [], editor.guide.answer

    def watched(images):
        seen.append(torch.is_grad_enabled())
        return answer(images)

    monkeypatch.setattr(editor.guide, "answer", watched)
    editor.edit(starts(), torch.full((12, 4), 1.0), [1.0])
    assert len(seen) == 21
    assert not any(seen)


def test_edit_works_in_inference_mode(fitted, products):
    editor, latents = fitted(products=products), starts()
    wanted = asked(latents, editor, 1)
    expected = editor.edit(latents, wanted, [0.0, 1.0])
    with torch.inference_mode():
        found = editor.edit(latents.clone(), wanted.clone(), [0.0, 1.0])
    assert torch.equal(found, expected)


def test_mapping_is_edited_with_in_evaluation(fitted):
    editor, latents = fitted(), starts()
    wanted = asked(latents, editor, 1)
    before = {name: value.clone() for name, value in editor.state_dict().items()}
    expected = editor.edit(latents, wanted, [1.0])
    editor.mapping.train()
    assert torch.equal(editor.edit(latents, wanted, [1.0]), expected)
    assert all(torch.equal(v, before[name]) for name, v in editor.state_dict().items())


def test_images_of_the_suite_are_not_looked_at(make):
    editor = make(updates=2, pairs=40)
    editor.fit(SimpleNamespace(), MemoryRun())
    assert editor.state_dict()


def test_state_moves_to_a_fresh_editor(fitted, make):
    editor, latents = fitted(), starts()
    fresh = make()
    fresh.load_state_dict(editor.state_dict())
    wanted = asked(latents, editor, 3)
    expected = editor.edit(latents, wanted, [0.3, 1.0])
    assert torch.equal(fresh.edit(latents, wanted, [0.3, 1.0]), expected)
    assert fresh.parameter_count() == editor.parameter_count() > 0


def test_state_of_another_generator_guide_or_configuration_is_refused(fitted, make):
    state = fitted().state_dict()
    plain = ToyGenerator()
    for editor, message in (
        (make(ToyGenerator(size=7)), "another generator, whose latents have 6 values, not 7"),
        (
            make(guide=ToyOracle(ToyGenerator(), count=3)),
            "guide, which answers 4 conditions, not 3",
        ),
        (make(guide=ToyOracle(plain, seed=3)), "another generator or guide of the same"),
        (make(blocks=2), "the saved mapping does not fit this configuration"),
    ):
        with pytest.raises(RecordError, match=message):
            editor.load_state_dict(state)
    with pytest.raises(RecordError, match="the saved mapping does not fit"):
        make().load_state_dict({})


def test_an_editor_without_mapping_says_so(make):
    editor = make()
    with pytest.raises(RunError, match="sgf has no mapping yet; call fit first"):
        editor.edit(starts(), torch.ones(12, 4), [1.0])
    with pytest.raises(RunError, match="sgf has no mapping yet"):
        editor.state_dict()


def test_same_seed_learns_the_same_whatever_the_global_seed(make):
    states = []
    for seed in (5, 5, 6):
        torch.rand(3)
        editor = make(updates=5, pairs=100)
        editor.fit(None, MemoryRun(seed=seed))
        states.append(editor.state_dict())
    first, again, other = states
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["mapping.linear.weight"], other["mapping.linear.weight"])


def test_untrained_editor_edits_too(make, tmp_path):
    editor = make(pairs=100)
    editor.fit(None, TrainingRun(tmp_path, "x", seed=1, device=CPU, step_limit=0))
    path = editor.edit(starts(), torch.ones(12, 4), [0.0, 1.0])
    assert path.isfinite().all()


@pytest.mark.parametrize(("pairs", "loop"), [(150, "mapping"), (450, "pairs")])
def test_run_killed_between_steps_resumes_to_the_same_weights(make, tmp_path, pairs, loop):
    killed_in = []

    class Killed(Exception):
        pass

    class KillAtThree:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, name, step):
            if step == 3:
                killed_in.append(name)
                raise Killed

    def fit(folder, watcher):
        run = TrainingRun(folder, "x", seed=1, device=CPU, watcher=watcher, checkpoint_seconds=0)
        generator = ToyGenerator()
        drawn = []
        draw = generator.draw_latents
        generator.draw_latents = lambda count, source: (drawn.append(count), draw(count, source))[1]
        editor = make(generator, updates=20, pairs=pairs)
        editor.fit(None, run)
        return editor.state_dict(), sum(count for count in drawn if count > 4)

    whole, drawn = fit(tmp_path / "whole", None)
    with pytest.raises(Killed):
        fit(tmp_path / "killed", KillAtThree())
    resumed, drawn_again = fit(tmp_path / "killed", None)
    assert (killed_in, drawn) == ([loop], pairs)
    assert drawn_again == {"mapping": 0, "pairs": 250}[loop]
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name
    curves = [(tmp_path / name / "curves.csv").read_text() for name in ("whole", "killed")]
    assert curves[0] == curves[1]
    assert "condition_use" in curves[0]


def test_half_precision_run_trains_the_same_mapping(make, tmp_path):
    states = []
    for precision in ("fp32", "bf16"):
        run = TrainingRun(tmp_path / precision, "x", seed=1, device=CPU, precision=precision)
        editor = make(updates=3, pairs=100)
        editor.fit(None, run)
        states.append(editor.state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
