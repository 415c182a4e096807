"""GANSpace finds known components and layers, and moves nothing else."""

from types import SimpleNamespace

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import ConfigError, RecordError, RunError


@pytest.fixture
def fitted(make, styled):
    def learn(**changes):
        editor, run = make("ganspace", *styled, **changes), MemoryRun()
        editor.fit(None, run)
        return editor, run

    return learn


def asked(**values):
    wanted = torch.full((2, 3), torch.nan)
    for name, value in values.items():
        wanted[:, int(name[-1])] = value
    return wanted


def test_components_are_those_of_the_latents(fitted):
    editor, _ = fitted()
    assert (editor.stored("components").diagonal().abs() > 0.99).all()
    expected = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5])
    torch.testing.assert_close(editor.stored("deviations"), expected, rtol=0.05, atol=0)


def test_component_layers_and_sign_of_each_attribute_are_found(fitted):
    editor, _ = fitted()
    assert editor.stored("chosen").tolist() == [1, 0, 2]
    assert editor.stored("layers").tolist() == [[1, 2], [3, 4], [0, 1]]
    directions = editor.stored("directions")
    assert directions[0, 1] > 0.99
    assert directions[1, 0] < -0.99
    assert directions[2, 2] > 0.99
    assert (editor.stored("evidence").abs() > 0.4).all()


def test_the_least_layers_that_do_not_disturb_are_taken(make, styled_world):
    """Attribute 1 follows the same component in other layers: all layers would change both."""
    world = styled_world([((0, 1), 0, 2.0), ((2, 3), 0, 2.0)])
    editor = make("ganspace", *world, ranges=2)
    editor.fit(None, MemoryRun())
    assert editor.stored("chosen").tolist() == [0, 0]
    assert editor.stored("layers").tolist() == [[0, 2], [2, 4]]


def test_only_the_chosen_layers_move(fitted):
    editor, _ = fitted()
    latents = torch.randn(2, 6, generator=torch.Generator().manual_seed(3))
    path = editor.edit(latents, asked(at0=1.0), (0.0, 0.5, 1.0))
    assert path.shape == (3, 2, 4, 6)
    steps = path - latents[:, None]
    assert (steps[:, :, [0, 2, 3]] == 0).all()
    assert (steps[1:, :, 1, 1] > 0).all()


def test_several_attributes_add_layer_by_layer(fitted):
    editor, _ = fitted()
    state = editor.state_dict()
    state["layers"] = torch.tensor([[1, 3], [2, 4], [0, 1]])
    editor.load_state_dict(state)
    first, second, _ = state["directions"]
    got = editor.directions(torch.zeros(2, 6), asked(at0=1.0, at1=0.0))[0]
    mixed = torch.nn.functional.normalize(first - second, dim=0)
    torch.testing.assert_close(got, torch.stack([torch.zeros(6), first, mixed, -second]))


def test_edits_move_the_answer_where_it_is_wanted(fitted, styled):
    editor, _ = fitted()
    generator, oracle = styled
    latents = generator.draw_latents(20, torch.Generator().manual_seed(4))
    present = oracle.answer(generator.synthesise(latents))
    wanted = torch.full((20, 3), torch.nan)
    wanted[:, 1] = (present[:, 1] < 0.5).float()
    path = editor.edit(latents, wanted, (0.0, 1.0))
    after = oracle.answer(generator.synthesise(path[1]))
    assert torch.equal(after[:, 1] > present[:, 1], wanted[:, 1] == 1)
    torch.testing.assert_close(after[:, [0, 2]], present[:, [0, 2]], rtol=0, atol=0.05)


def test_correlation_takes_the_component_in_all_layers(fitted):
    editor, run = fitted(choice="correlation", labelled=300)
    assert run.loops == ["components", "scoring"]
    assert editor.stored("chosen").tolist() == [1, 0, 2]
    assert editor.stored("layers").tolist() == [[0, 4]] * 3
    assert editor.stored("evidence")[1] < -0.7
    path = editor.edit(torch.zeros(2, 6), asked(at1=1.0), (0.0, 1.0))
    assert path.shape == (2, 2, 6)
    assert (path[1, :, 0] < 0).all()


def test_latents_far_from_the_origin_are_correlated_alike(make, styled_world):
    world = styled_world([((1,), 1, 2.0), ((3,), 0, -2.0), ((0,), 2, 1.5)], mean=0.5)
    editor = make("ganspace", *world, choice="correlation", labelled=300)
    editor.fit(None, MemoryRun())
    assert editor.stored("chosen").tolist() == [1, 0, 2]
    torch.testing.assert_close(editor.stored("mean"), torch.full((6,), 0.5), rtol=0, atol=0.15)


def test_every_candidate_is_tried_in_every_range(fitted):
    _, run = fitted()
    assert run.loops == ["components", "scoring", "effects"]
    assert sum("mean_change" in curve for curve in run.curves) == 4 * 5


def test_a_broken_fit_goes_on_and_ends_the_same(make, styled, start_run, breaks):
    unbroken = make("ganspace", *styled)
    unbroken.fit(None, start_run("unbroken"))
    for at in (3, 9):
        broken = make("ganspace", styled[0], breaks(styled[1], at))
        with pytest.raises(ConnectionError):
            broken.fit(None, start_run())
    again = make("ganspace", *styled)
    again.fit(None, start_run())
    for name, tensor in unbroken.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


def test_untrained_it_moves_along_random_directions(make, styled, start_run):
    editor = make("ganspace", *styled)
    editor.fit(None, start_run(step_limit=0))
    torch.testing.assert_close(editor.stored("components").square().sum(dim=1), torch.ones(5))
    assert editor.stored("evidence").isnan().all()
    assert editor.stored("layers").tolist() == [[0, 4]] * 3
    assert editor.edit(torch.zeros(2, 6), asked(at0=1.0), (0.0, 1.0)).isfinite().all()


@pytest.mark.parametrize("kind", ["keypoints", "embedding"])
def test_other_conditions_than_attributes_are_refused(make, kind):
    generator = ToyGenerator(layers=4)
    editor = make("ganspace", generator, ToyOracle(generator, kind=kind))
    with pytest.raises(ConfigError, match=f"ganspace is defined for attributes only.*{kind}"):
        editor.fit(None, MemoryRun())


def test_a_generator_with_one_latent_for_all_layers_is_refused(make, plain):
    with pytest.raises(ConfigError, match="needs a generator whose layers take latents of their"):
        make("ganspace", *plain).fit(None, MemoryRun())


def test_more_components_than_a_latent_has_values_are_refused(make, styled):
    with pytest.raises(ConfigError, match="components is 7, but latents have only 6 values"):
        make("ganspace", *styled, components=7).fit(None, MemoryRun())


def test_another_number_of_layers_means_another_generator(fitted, make, styled):
    editor, _ = fitted()
    again = make("ganspace", SimpleNamespace(layers=5), styled[1])
    again.load_state_dict(editor.state_dict())
    with pytest.raises(RecordError, match="another generator: that had 4 layers, this one has 5"):
        again.edit(torch.zeros(2, 6), asked(at0=1.0), (0.0, 1.0))


def test_an_attribute_that_never_varies_is_refused(make, styled):
    styled[1].readout[:, 1] = 0
    with pytest.raises(RunError, match=r"the same to all 60 images .* of numbers \[1\]"):
        make("ganspace", *styled).fit(None, MemoryRun())
