"""InterFaceGAN finds known directions, moves the right way, and says what it cannot do."""

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import ConfigError, RunError
from harness_editing.directions.interfacegan.boundary import conditional


@pytest.fixture
def fitted(make, plain):
    def learn(**changes):
        editor, run = make("interfacegan", *plain, **changes), MemoryRun()
        editor.fit(None, run)
        return editor, run

    return learn


def asked(latents, **values):
    wanted = torch.full((len(latents), 4), torch.nan)
    for name, value in values.items():
        wanted[:, int(name[-1])] = value
    return wanted


def test_true_directions_are_found(fitted, plain):
    editor, _ = fitted()
    cosines = (editor.stored("directions") * plain[1].directions.T).sum(dim=1)
    assert (cosines > 0.95).all()


def test_true_directions_are_found_among_unequal_deviations(make, styled_world):
    """The difference of the sides' means would be 4 : 0.5 times as long along coordinate 0."""
    world = styled_world([((0,), 0, 1.0)], layers=1)
    slopes = torch.tensor([[[0.5, 0.0, 0.0, 1.0, 0.0, 0.0]]])
    world[1].readout = world[0].rows.T @ slopes.flatten(1).T
    editor = make("interfacegan", *world, latents=20_000)
    editor.fit(None, MemoryRun())
    true = torch.nn.functional.normalize(slopes.flatten(), dim=0)
    assert editor.stored("directions")[0] @ true > 0.95


def test_attributes_go_up_where_more_is_wanted_and_else_down(fitted, plain):
    """Also samples that have, or lack, the attribute already: they are edited the other way."""
    editor, _ = fitted()
    generator, oracle = plain
    latents = generator.draw_latents(40, torch.Generator().manual_seed(8))
    present = oracle.answer(generator.synthesise(latents))[:, 1]
    has = present > 0.5
    assert 5 < has.sum() < 35
    wanted = asked(latents)
    wanted[:, 1] = torch.where(has, 0.0, 1.0)
    path = editor.edit(latents, wanted, (0.0, 0.5, 1.0))
    later = [oracle.answer(generator.synthesise(step))[:, 1] for step in path]
    assert torch.equal(later[1] < later[0], has)
    assert torch.equal(later[2] < later[1], has)


def test_wanted_values_between_the_ends_are_compared_with_the_present_one(fitted, plain):
    editor, _ = fitted()
    latents = torch.zeros(3, 6)  # of which the guide says 0.5
    wanted = asked(latents)
    wanted[:, 2] = torch.tensor([0.6, 0.4, torch.nan])
    assert editor.senses(latents, wanted)[:, 2].tolist() == [1, -1, 0]


def test_a_saturated_answer_is_never_moved_away_from_the_end_that_is_wanted(fitted, plain):
    editor, _ = fitted()
    latents = 60 * torch.stack([plain[1].directions[:, 0], -plain[1].directions[:, 0]])
    present = plain[1].answer(plain[0].synthesise(latents))[:, 0]
    assert present[0] == 1.0
    assert editor.senses(latents, asked(latents, at0=1.0))[:, 0].tolist() == [1, 1]
    assert editor.senses(latents, asked(latents, at0=0.0))[:, 0].tolist() == [-1, -1]


def test_several_attributes_add_their_directions(fitted):
    editor, _ = fitted()
    latents = torch.zeros(1, 6)
    both = editor.directions(latents, asked(latents, at0=1.0, at3=0.0))[0]
    normals = editor.stored("directions")
    expected = torch.nn.functional.normalize(normals[0] - normals[3], dim=0)
    torch.testing.assert_close(both, expected)


def test_directions_that_cancel_move_nothing(fitted):
    editor, _ = fitted()
    state = editor.state_dict()
    state["directions"][1] = state["directions"][0]
    editor.load_state_dict(state)
    latents = torch.zeros(1, 6)
    path = editor.edit(latents, asked(latents, at0=1.0, at1=0.0), (0.0, 1.0))
    assert torch.equal(path[1], path[0])


def test_conditions_stay_to_first_order(fitted):
    editor, _ = fitted(conditions=3)
    normals, directions = editor.stored("normals"), editor.stored("directions")
    torch.testing.assert_close(directions, conditional(normals, 3))
    products = directions @ normals.T
    assert (products - products.diag().diag()).abs().amax() < 1e-5
    assert (products.diag() > 0.5).all()
    plainly, _ = fitted()
    assert torch.equal(plainly.stored("directions"), plainly.stored("normals"))
    torch.testing.assert_close(plainly.stored("normals"), normals)


def test_accuracies_are_logged_for_each_attribute_and_kept(fitted):
    editor, run = fitted()
    assert run.loops == ["scoring", "boundaries"]
    logged = [curve for curve in run.curves if "accuracy" in curve]
    assert len(logged) == 4
    for attribute, curve in enumerate(logged):
        for name in ("validation_accuracy", "accuracy"):
            assert editor.stored(name)[attribute].item() == pytest.approx(curve[name])
    assert (editor.stored("validation_accuracy") == 1).all()
    assert (editor.stored("accuracy") > 0.93).all()


def test_exactly_the_latents_asked_for_are_scored(make, plain):
    counted = []

    class Counts:
        conditions = "attributes"

        def answer(self, images):
            counted.append(len(images))
            return plain[1].answer(images)

    editor = make("interfacegan", plain[0], Counts(), latents=300, batch_size=128)
    editor.fit(None, MemoryRun())
    assert [count for count in counted if count > 1] == [128, 128, 44]


def test_a_broken_fit_goes_on_and_ends_the_same(make, plain, start_run, breaks):
    unbroken = make("interfacegan", *plain, latents=600)
    unbroken.fit(None, start_run("unbroken"))
    for at in (2, 4):
        broken = make("interfacegan", plain[0], breaks(plain[1], at), latents=600)
        with pytest.raises(ConnectionError):
            broken.fit(None, start_run())
    run = start_run()
    again = make("interfacegan", *plain, latents=600)
    again.fit(None, run)
    assert run.resumed == 1
    for name, tensor in unbroken.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


def test_untrained_it_moves_along_random_directions(make, plain, start_run):
    editor = make("interfacegan", *plain)
    editor.fit(None, start_run(step_limit=0))
    directions = editor.stored("directions")
    torch.testing.assert_close(torch.linalg.vector_norm(directions, dim=1), torch.ones(4))
    assert editor.stored("accuracy").isnan().all()
    path = editor.edit(torch.zeros(2, 6), torch.ones(2, 4), (0.0, 1.0))
    assert path.isfinite().all()


@pytest.mark.parametrize("kind", ["keypoints", "embedding"])
def test_other_conditions_than_attributes_are_refused(make, kind):
    generator = ToyGenerator()
    editor = make("interfacegan", generator, ToyOracle(generator, kind=kind))
    with pytest.raises(ConfigError, match=f"interfacegan is defined for attributes only.*{kind}"):
        editor.fit(None, MemoryRun())


def test_a_guide_of_other_conditions_is_refused_after_loading_too(fitted, make):
    generator = ToyGenerator()
    editor = make("interfacegan", generator, ToyOracle(generator, kind="keypoints"))
    editor.load_state_dict(fitted()[0].state_dict())
    with pytest.raises(ConfigError, match="the guide answers keypoints"):
        editor.edit(torch.zeros(1, 6), torch.ones(1, 4), (0.0, 1.0))


def test_more_conditions_than_other_attributes_are_refused(make, plain):
    with pytest.raises(ConfigError, match=r"conditions is 4, but .* only 3 others"):
        make("interfacegan", *plain, conditions=4).fit(None, MemoryRun())


def test_an_attribute_that_never_varies_is_refused(make, plain):
    plain[1].readout[:, 2] = 0
    with pytest.raises(RunError, match=r"the same to all 4000 images .* of numbers \[2\]"):
        make("interfacegan", *plain).fit(None, MemoryRun())


def test_answers_that_are_no_numbers_are_refused(make, plain):
    plain[1].readout[0, 0] = torch.nan
    with pytest.raises(RunError, match="the guide answers NaN or infinity"):
        make("interfacegan", *plain).fit(None, MemoryRun())
