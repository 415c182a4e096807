"""Products of Jacobians against finite differences and closed forms, and the toy by hand."""

import pytest
import torch
from torch.func import jacrev, vmap

from harness_editing.sgf.field import PRODUCTS, displacement, spectral_radius

F64 = torch.float64


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


@pytest.mark.parametrize(
    ("order", "length"), [(0, 0.10), (1, 0.15), (2, 0.175), (3, 0.1875), (40, 0.2)]
)
def test_a_step_of_the_toy_by_hand(products, known_mapping, order, length):
    latents, present = torch.tensor([[0.0, 5.0]], dtype=F64), torch.zeros(1, 1, dtype=F64)
    change = 0.2 * torch.ones(1, 1, dtype=F64)
    step = displacement(PRODUCTS[products](known_mapping, latents, present), change, order)
    expected = torch.tensor([[length, 0.0]], dtype=F64)
    torch.testing.assert_close(step, expected, atol=1e-12, rtol=0)


def test_products_equal_finite_differences(products, drawn_mapping):
    mapping = drawn_mapping()
    latents, present = draw(4, 5, seed=1), draw(4, 3, seed=2)
    way = PRODUCTS[products](mapping, latents, present)
    moves, changes = draw(4, 5, seed=3), draw(4, 3, seed=4)
    tiny = 1e-6
    with torch.no_grad():
        along_c = mapping(latents, present + tiny * changes)
        along_c = (along_c - mapping(latents, present - tiny * changes)) / (2 * tiny)
        along_z = mapping(latents + tiny * moves, present)
        along_z = (along_z - mapping(latents - tiny * moves, present)) / (2 * tiny)
    # The leaky ReLU has no kink within the difference here.
    torch.testing.assert_close(way.along_conditions(changes), along_c, atol=1e-7, rtol=1e-6)
    torch.testing.assert_close(way.along_latents(moves), along_z, atol=1e-7, rtol=1e-6)
    assert along_c.abs().max() > 0.01
    assert along_z.abs().max() > 0.1


def test_a_step_equals_the_sum_over_whole_jacobians(products, drawn_mapping):
    mapping = drawn_mapping()
    latents, present, change = draw(4, 5, seed=1), draw(4, 3, seed=2), draw(4, 3, seed=3)

    def one(z, c):
        return mapping(z[None], c[None])[0]

    by_z, by_c = (vmap(jacrev(one, argnums=i))(latents, present).detach() for i in (0, 1))
    expected = first = (by_c @ change[:, :, None])[:, :, 0]
    for power in (1, 2, 3):
        term = torch.linalg.matrix_power(by_z, power) @ first[:, :, None]
        expected = expected + term[:, :, 0]
    step = displacement(PRODUCTS[products](mapping, latents, present), change, 3)
    torch.testing.assert_close(step, expected)


def test_many_terms_give_the_closed_form_inverse_of_a_linear_mapping(products):
    by_z = draw(4, 4, seed=5)
    by_z = 0.6 * by_z / torch.linalg.matrix_norm(by_z, ord=2)
    by_c = draw(4, 2, seed=6)
    latents, present, change = draw(3, 4, seed=7), draw(3, 2, seed=8), draw(3, 2, seed=9)
    way = PRODUCTS[products](lambda z, c: z @ by_z.T + c @ by_c.T, latents, present)
    inverse = torch.linalg.inv(torch.eye(4, dtype=F64) - by_z)
    torch.testing.assert_close(displacement(way, change, 80), change @ (inverse @ by_c).T)
    # One term less than the inverse is not the inverse.
    short = change @ (by_c + by_z @ by_c).T
    torch.testing.assert_close(displacement(way, change, 1), short)


def test_no_change_of_conditions_is_no_step(products, drawn_mapping):
    latents, present = draw(4, 5, seed=1), draw(4, 3, seed=2)
    step = displacement(
        PRODUCTS[products](drawn_mapping(), latents, present), torch.zeros(4, 3, dtype=F64), 2
    )
    assert torch.equal(step, torch.zeros(4, 5, dtype=F64))


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [
        ([[0.5, 0.0], [0.0, 0.9]], 0.9),
        ([[0.0, -1.5], [0.7, 0.0]], (1.5 * 0.7) ** 0.5),
        ([[-1.2, 0.0], [0.0, 0.1]], 1.2),
    ],
    ids=["toy", "complex pair", "negative"],
)
def test_spectral_radius_by_hand(products, matrix, radius):
    by_z = torch.tensor(matrix, dtype=F64)
    latents, present = draw(7, 2), draw(7, 1)
    way = PRODUCTS[products](lambda z, c: z @ by_z.T + c, latents, present)
    found = spectral_radius(way, torch.Generator().manual_seed(3), latents)
    # Twenty powers, of which (5 / 9)^10 remains of the toy's other eigenvalue.
    torch.testing.assert_close(found, torch.full((7,), radius, dtype=F64), rtol=0.02, atol=0)


def test_both_ways_work_without_gradients(products, drawn_mapping):
    latents, present, change = draw(2, 5, seed=1), draw(2, 3, seed=2), draw(2, 3, seed=3)
    expected = displacement(PRODUCTS[products](drawn_mapping(), latents, present), change, 1)
    with torch.no_grad():
        step = displacement(PRODUCTS[products](drawn_mapping(), latents, present), change, 1)
    assert torch.equal(step, expected)
    assert not step.requires_grad
