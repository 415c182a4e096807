"""What all editors along directions share: lengths, projection, states and refusals."""

from types import SimpleNamespace

import pytest
import torch
from memory_run import MemoryRun
from safetensors.torch import load, save
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import ConfigError, RecordError, RunError, ShapeError
from harness_editing.directions.editor import moved, unit

NAMES = ("interfacegan", "ganspace", "random_direction")


@pytest.fixture
def fitted(make, styled):
    def learn(name, **changes):
        editor = make(name, *styled, **changes)
        editor.fit(None, MemoryRun())
        return editor

    return learn


def starts(count=7, size=6):
    return 2 * torch.randn(count, size, generator=torch.Generator().manual_seed(3))


def asked(count=7, attributes=3, places=(0,), value=1.0):
    wanted = torch.full((count, attributes), torch.nan)
    wanted[:, list(places)] = value
    return wanted


def test_radius_is_the_mean_distance_from_the_mean(make):
    four = torch.tensor([[13.0, 4.0], [7.0, -4.0], [10.0, 2.0], [10.0, -2.0]])
    generator = SimpleNamespace(draw_latents=lambda count, source: four.repeat(count // 4, 1))
    spread = make("random_direction", generator, None).measure_spread(torch.Generator())
    assert spread["mean"].tolist() == [10.0, 0.0]
    assert spread["radius"].item() == pytest.approx((5 + 5 + 2 + 2) / 4)


@pytest.mark.parametrize("name", NAMES)
def test_longest_edit_is_the_cap_and_lengths_grow_with_strength(fitted, name):
    editor = fitted(name, cap=0.8)
    latents = starts()
    path = editor.edit(latents, asked(), (0.0, 0.25, 1.0))
    start = latents if path.dim() == 3 else latents[:, None].expand_as(path[0])
    assert torch.equal(path[0], start)
    steps = path - start
    lengths = torch.linalg.vector_norm(steps, dim=-1)
    longest = 0.8 * editor.stored("radius")
    changed = lengths[2] > 0
    assert changed.any(dim=-1).all()
    torch.testing.assert_close(
        lengths[2][changed], longest.expand(int(changed.sum())), rtol=1e-5, atol=0
    )
    torch.testing.assert_close(steps[1], 0.25 * steps[2], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_several_asked_conditions_move_no_further(fitted, name):
    editor = fitted(name)
    latents = starts()
    path = editor.edit(latents, asked(places=(0, 1, 2)), (0.0, 1.0))
    lengths = torch.linalg.vector_norm(path[1] - path[0], dim=-1)
    longest = 1.5 * editor.stored("radius").item()
    assert lengths.amax().item() == pytest.approx(longest, rel=1e-5)
    assert ((lengths < 1e-6) | ((lengths - longest).abs() < 1e-4)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_gives_what_its_samples_give(fitted, name):
    editor = fitted(name)
    latents, wanted = starts(), asked()
    wanted[1::2] = asked(places=(1, 2), value=0.0)[1::2]
    wanted[4] = torch.nan
    together = editor.edit(latents, wanted, (0.3, 1.0))
    single = [editor.edit(latents[i : i + 1], wanted[i : i + 1], (0.3, 1.0)) for i in range(7)]
    torch.testing.assert_close(together, torch.cat(single, dim=1), rtol=0, atol=1e-5)
    last = editor.edit(latents.flip(0), wanted.flip(0), (0.3, 1.0)).flip(1)
    torch.testing.assert_close(together, last, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_which_nothing_is_asked_stays(fitted, name):
    path = fitted(name).edit(starts(), asked(value=torch.nan), (0.0, 0.5, 1.0))
    assert torch.equal(path[0], path[1])
    assert torch.equal(path[0], path[2])


def test_a_generator_with_one_length_gets_it_everywhere_on_the_path(make):
    generator = ToyGenerator(length=2.0)
    editor = make("interfacegan", generator, ToyOracle(generator))
    editor.fit(None, MemoryRun())
    latents = generator.draw_latents(5, torch.Generator().manual_seed(1))
    path = editor.edit(latents, asked(5, 4), (0.0, 0.5, 1.0))
    torch.testing.assert_close(torch.linalg.vector_norm(path, dim=-1), torch.full((3, 5), 2.0))
    cosines = (path[2] * path[0]).sum(dim=-1) / 4
    assert (cosines < 0.9).all()


@pytest.mark.parametrize("name", NAMES)
def test_state_goes_through_a_file_and_edits_alike(fitted, make, styled, name):
    editor = fitted(name)
    again = make(name, *styled)
    again.load_state_dict(load(save(editor.state_dict())))
    latents, wanted = starts(), asked(places=(0, 2))
    assert torch.equal(
        again.edit(latents, wanted, (0.0, 1.0)), editor.edit(latents, wanted, (0.0, 1.0))
    )
    assert again.parameter_count() == {"random_direction": 0}.get(name, 3 * 6)


def test_all_stored_tensors_move_to_a_device(fitted):
    editor = fitted("interfacegan")
    editor.to(torch.device("meta"))
    assert {tensor.device.type for tensor in editor.state_dict().values()} == {"meta"}


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_learns_the_same(make, styled, name):
    states = []
    for seed in (0, 0, 1):
        editor = make(name, *styled)
        editor.fit(None, MemoryRun(seed))
        states.append(editor.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not all(torch.equal(states[0][key], states[2][key]) for key in states[0])


@pytest.mark.parametrize("name", NAMES)
def test_state_of_another_method_is_refused(make, styled, name):
    with pytest.raises(RecordError, match=f"{name} stores tensors .* belongs to another method"):
        make(name, *styled).load_state_dict({"mean": torch.zeros(6)})


@pytest.mark.parametrize("name", NAMES)
def test_another_size_of_latents_means_another_generator(fitted, name):
    with pytest.raises(RecordError, match=f"{name} was trained for another generator: .* 6 .* 5;"):
        fitted(name).edit(starts(size=5), asked(), (0.0, 1.0))


@pytest.mark.parametrize("name", ["interfacegan", "ganspace"])
def test_another_number_of_answers_means_another_guide(fitted, make, styled_world, name):
    state = fitted(name).state_dict()
    editor = make(name, *styled_world([((0,), 0, 1.0), ((1,), 1, 1.0)]))
    editor.load_state_dict(state)
    with pytest.raises(RecordError, match=f"{name} was trained for another guide: .* 3 .* 2;"):
        editor.edit(starts(), asked(attributes=2), (0.0, 1.0))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_learned_is_said(make, styled, name):
    with pytest.raises(RunError, match=f"{name} knows no mean yet; call fit first"):
        make(name, *styled).edit(starts(), asked(), (0.0, 1.0))


@pytest.mark.parametrize(
    ("latents", "wanted", "message"),
    [
        (starts()[:, None], asked(), r"latents has shape \[7, 1, 6\], expected \[N, D\]"),
        (starts(), asked()[:6], r"wanted has shape \[6, 3\], expected \[7, C\]"),
        (starts(), asked()[0], r"wanted has shape \[3\], expected \[7, C\]"),
        (starts(), asked(attributes=2), r"wanted has shape \[7, 2\], expected \[7, 3\]"),
    ],
    ids=["layers", "samples", "one row", "attributes"],
)
def test_other_shapes_are_refused(fitted, latents, wanted, message):
    with pytest.raises(ShapeError, match=f"interfacegan: {message}"):
        fitted("interfacegan").edit(latents, wanted, (0.0, 1.0))


@pytest.mark.parametrize(
    "strengths", [(), (0.0, 1.1), (-0.1, 1.0), (0.5, 0.5), (0.0, float("nan"))]
)
def test_strengths_that_do_not_rise_from_0_to_1_are_refused(fitted, strengths):
    with pytest.raises(ConfigError, match="expected increasing numbers from 0 to 1"):
        fitted("random_direction").edit(starts(), asked(), strengths)


def test_short_sums_point_nowhere():
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0], [4e-7, 3e-7]])
    assert unit(vectors).tolist() == [pytest.approx([0.6, 0.8]), [0.0, 0.0], [0.0, 0.0]]


def test_latents_of_layers_move_each_along_their_own_direction():
    latents = torch.tensor([[1.0, 2.0]])
    directions = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, -1.0]]])
    path = moved(ToyGenerator(size=2), latents, directions, (0.0, 3.0))
    assert path[:, 0].tolist() == [[[1.0, 2.0]] * 3, [[4.0, 2.0], [1.0, 2.0], [1.0, -1.0]]]
