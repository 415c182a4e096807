"""Which component and layers are chosen, by hand."""

import numpy as np
import pytest
import torch

from harness_editing.directions.ganspace.choice import by_correlation, by_effect, layer_ranges


@pytest.mark.parametrize(
    ("layers", "runs", "expected"),
    [
        (8, 3, [(0, 8), (0, 3), (3, 5), (5, 8)]),
        (18, 3, [(0, 18), (0, 6), (6, 12), (12, 18)]),
        (2, 3, [(0, 2), (0, 1), (1, 2)]),
        (4, 1, [(0, 4)]),
    ],
)
def test_ranges_are_all_layers_and_runs_that_cover_them(layers, runs, expected):
    assert layer_ranges(layers, runs) == expected


def test_effect_is_weighed_against_changes_of_the_others():
    """Three components, two ranges, three attributes; the sizes of changes are as the effects."""
    effects = torch.zeros(3, 2, 3)
    effects[0, 0] = torch.tensor([0.8, 0.4, 0.4])  # large, but moves all
    effects[1, 1] = torch.tensor([-0.5, 0.0, 0.1])  # ratio 0.5 / 0.05
    effects[2, 0] = torch.tensor([0.1, 0.0, 0.0])  # the best ratio, too small
    effects[2, 1] = torch.tensor([0.0, 0.3, -0.4])
    got = by_effect(effects, effects.abs(), 0.2)
    assert got.components.tolist() == [1, 2, 2]
    assert got.ranges.tolist() == [1, 1, 1]
    assert got.evidence.tolist() == pytest.approx([-0.5, 0.3, -0.4])


def test_changes_that_cancel_between_samples_count():
    effects = torch.tensor([[[0.5, 0.0]], [[0.4, 0.0]]])
    changes = torch.tensor([[[0.5, 0.5]], [[0.4, 0.1]]])
    assert by_effect(effects, changes, 0.2).components.tolist()[0] == 1


def test_where_no_effect_is_large_the_largest_is_taken():
    effects = torch.tensor([[[0.1, 0.1]], [[-0.15, 0.15]]])
    got = by_effect(effects, effects.abs(), 0.2)
    assert got.components.tolist() == [1, 1]
    assert got.evidence.tolist() == pytest.approx([-0.15, 0.15])


def test_a_single_attribute_has_no_others():
    effects = torch.tensor([[[0.3]], [[0.6]]])
    assert by_effect(effects, effects, 0.2).components.tolist() == [1]


def test_no_effect_at_all_chooses_the_first():
    got = by_effect(torch.zeros(2, 3, 2), torch.zeros(2, 3, 2), 0.0)
    assert (got.components.tolist(), got.ranges.tolist()) == ([0, 0], [0, 0])


def test_correlation_is_pearsons():
    source = torch.Generator().manual_seed(1)
    coordinates = torch.tensor([9.0, 1.0, 0.1]) * torch.randn(50, 3, generator=source) + 4
    noise = torch.randn(50, 2, generator=source)
    answers = torch.stack([coordinates[:, 0], -5 * coordinates[:, 2]], dim=1) + 0.3 * noise
    got = by_correlation(coordinates, answers)
    table = np.corrcoef(coordinates.T, answers.T)[:3, 3:]
    best = np.abs(table).argmax(axis=0)
    assert got.components.tolist() == best.tolist() == [0, 2]
    assert got.ranges.tolist() == [0, 0]
    np.testing.assert_allclose(got.evidence, table[best, [0, 1]], rtol=1e-5)
    assert got.evidence[1] < 0
