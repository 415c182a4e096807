"""Boundaries by hand, and directions along which others stay."""

import pytest
import torch

from harness.errors import RunError
from harness_editing.directions.config import InterFaceGanConfig
from harness_editing.directions.interfacegan.boundary import (
    boundary,
    conditional,
    extreme_rows,
    projected_out,
)


def found(latents, scores, **changes):
    config = InterFaceGanConfig(**{"latents": 200, **changes})
    return boundary(latents, scores, config, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("latents", "count"), [(10_000, 200), (200_000, 4000), (149, 2)])
def test_two_percent_of_each_side_are_examples(latents, count):
    scores = torch.rand(latents, generator=torch.Generator().manual_seed(1))
    low, high = extreme_rows(scores, 0.02, 2)
    assert len(low) == len(high) == count
    assert set(low.tolist()) == set(scores.argsort()[:count].tolist())
    assert set(high.tolist()) == set(scores.argsort()[-count:].tolist())


def test_few_latents_give_the_least_number_and_never_more_than_half():
    scores = torch.tensor([0.3, 0.1, 0.9, 0.5, 0.2])
    assert [rows.tolist() for rows in extreme_rows(scores, 0.02, 2)] == [[1, 4], [3, 2]]
    assert [rows.tolist() for rows in extreme_rows(scores, 0.02, 50)] == [[1, 4], [3, 2]]


def test_ties_are_taken_in_the_order_of_the_latents():
    low, high = extreme_rows(torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), 0.02, 2)
    assert (low.tolist(), high.tolist()) == ([1, 3], [2, 4])


def test_seventy_percent_of_the_examples_are_learned_from(monkeypatch):
    import sklearn.svm

    sizes = []

    class Counting(sklearn.svm.SVC):
        def fit(self, examples, labels):
            sizes.append((examples.shape, labels.sum()))
            return super().fit(examples, labels)

    monkeypatch.setattr(sklearn.svm, "SVC", Counting)
    latents = torch.randn(10_000, 3, generator=torch.Generator().manual_seed(1))
    found(latents, latents[:, 0].sigmoid())
    assert sizes == [((280, 3), 140)]


def test_boundary_is_the_one_of_largest_margin():
    """The means of the sides differ by (2, 3); the largest margin lies across (1, 0)."""
    points = [(0.0, 0.0)] * 10 + [(0.0, 6.0)] * 10 + [(2.0, 6.0)] * 20
    scores = torch.tensor([0.1] * 20 + [0.9] * 20)
    plane = found(torch.tensor(points), scores, extremes=0.5, penalty=100)
    assert plane.normal.tolist() == pytest.approx([1.0, 0.0], abs=1e-3)


def test_normal_has_length_1_and_points_to_those_with_the_attribute():
    latents = torch.randn(2000, 3, generator=torch.Generator().manual_seed(1))
    for sign in (1, -1):
        plane = found(latents, (sign * 5 * latents[:, 1]).sigmoid())
        assert torch.linalg.vector_norm(plane.normal).item() == pytest.approx(1, abs=1e-6)
        assert sign * plane.normal[1] > 0.95


def test_accuracies_know_where_the_boundary_lies():
    """Far from the origin; without its intercept the plane would have all on one side."""
    latents = 100 + torch.randn(4000, 3, generator=torch.Generator().manual_seed(1))
    plane = found(latents, (5 * (latents[:, 0] - 100)).sigmoid())
    assert plane.validation_accuracy == 1.0
    assert plane.accuracy > 0.95


def test_accuracy_of_all_shows_what_the_extremes_hide():
    """The attribute is a quadrant: its extremes are told apart, all others badly."""
    latents = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1))
    scores = (3 * torch.minimum(latents[:, 0], latents[:, 1])).sigmoid()
    plane = found(latents, scores)
    right = ((latents @ plane.normal > 0) == (scores > 0.5)).double().mean().item()
    assert plane.validation_accuracy > 0.95
    assert plane.accuracy < 0.9
    assert plane.accuracy != pytest.approx(right, abs=1e-3)


def test_one_condition_projected_out():
    got = projected_out(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([[0.6, 0.8, 0.0]]))
    assert got.tolist() == pytest.approx([0.8, -0.6, 0.0], abs=1e-6)


def test_two_conditions_projected_out():
    normal = torch.ones(3) / 3**0.5
    assert projected_out(normal, torch.eye(3)[:2]).tolist() == pytest.approx([0, 0, 1], abs=1e-6)


def test_alike_conditions_count_once():
    twice = torch.tensor([[0.6, 0.8, 0.0], [0.6, 0.8, 0.0], [-0.6, -0.8, 0.0]])
    got = projected_out(torch.tensor([1.0, 0.0, 0.0]), twice)
    assert got.tolist() == pytest.approx([0.8, -0.6, 0.0], abs=1e-6)


def test_slanted_conditions_are_both_left_orthogonal():
    random = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    normal, *others = torch.nn.functional.normalize(random, dim=1)
    got = projected_out(normal, torch.stack(others))
    assert (torch.stack(others) @ got).abs().amax() < 1e-6
    assert got @ normal > 0


@pytest.mark.parametrize(
    "conditions", [[[1.0, 0.0, 0.0]], [[0.6, 0.8, 0.0], [0.8, -0.6, 0.0]]], ids=["equal", "span"]
)
def test_nothing_left_is_said(conditions):
    with pytest.raises(RunError, match="in the span of those that are to stay"):
        projected_out(torch.tensor([1.0, 0.0, 0.0]), torch.tensor(conditions))


def test_the_most_alike_others_stay_whatever_their_sign():
    normals = torch.nn.functional.normalize(
        torch.tensor([[1.0, 0.0, 0.0], [-1.0, 0.3, 0.0], [1.0, 0.0, 0.6]]), dim=1
    )
    got = conditional(normals, 1)
    expected = [projected_out(normals[i], normals[[j]]) for i, j in ((0, 1), (1, 0), (2, 0))]
    assert torch.equal(got, torch.stack(expected))
    assert torch.equal(conditional(normals, 0), normals)
