"""Random directions: each sample's own, and nobody's choice."""

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle


@pytest.fixture
def editor(make, plain):
    editor = make("random_direction", *plain)
    editor.fit(None, MemoryRun())
    return editor


def latents(count=6):
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(2))


def test_every_sample_has_a_direction_of_its_own(editor):
    directions = editor.directions(latents(40), torch.ones(40, 4))
    torch.testing.assert_close(torch.linalg.vector_norm(directions, dim=1), torch.ones(40))
    cosines = directions @ directions.T - torch.eye(40)
    assert cosines.abs().amax() < 0.999


def test_same_latents_have_the_same_direction_wherever_they_stand(editor):
    rows = latents(6)[[0, 3, 0, 5]]
    directions = editor.directions(rows, torch.ones(4, 4))
    assert torch.equal(directions[0], directions[2])
    assert torch.equal(directions, editor.directions(rows.flip(0), torch.ones(4, 4)).flip(0))


def test_directions_are_uniform_on_the_sphere(editor):
    directions = editor.directions(latents(4000), torch.ones(4000, 4))
    # Four standard errors: of a mean sqrt(1/6/4000), of a second moment about sqrt(2/6/8/4000).
    assert directions.mean(dim=0).abs().amax() < 0.026
    moments = directions.T @ directions / 4000
    assert (moments - torch.eye(6) / 6).abs().amax() < 0.014


def test_direction_depends_on_what_is_asked_but_not_on_its_value(editor):
    rows = latents()
    first, second, low = (torch.full((6, 4), torch.nan) for _ in range(3))
    first[:, 0], second[:, 1], low[:, 0] = 1.0, 1.0, 0.0
    assert torch.equal(editor.directions(rows, first), editor.directions(rows, low))
    difference = editor.directions(rows, first) - editor.directions(rows, second)
    assert (torch.linalg.vector_norm(difference, dim=1) > 0.1).all()


def test_another_seed_gives_other_directions(make, plain):
    found = []
    for seed in (0, 1):
        editor = make("random_direction", *plain)
        editor.fit(None, MemoryRun(seed))
        found.append(editor.directions(latents(), torch.ones(6, 4)))
    assert (torch.linalg.vector_norm(found[0] - found[1], dim=1) > 0.1).all()


@pytest.mark.parametrize("kind", ["attributes", "keypoints", "embedding"])
def test_any_conditions_will_do(make, kind):
    generator = ToyGenerator()
    editor = make("random_direction", generator, ToyOracle(generator, kind=kind))
    editor.fit(None, MemoryRun())
    wanted = torch.full((6, 4), 0.3)
    path = editor.edit(latents(), wanted, (0.0, 1.0))
    assert path.shape == (2, 6, 6)
    lengths = torch.linalg.vector_norm(path[1] - path[0], dim=1)
    torch.testing.assert_close(lengths, (1.5 * editor.stored("radius")).expand(6))


def test_no_sample_at_all_gives_an_empty_path(editor):
    assert editor.edit(torch.zeros(0, 6), torch.zeros(0, 4), (0.0, 1.0)).shape == (2, 0, 6)
