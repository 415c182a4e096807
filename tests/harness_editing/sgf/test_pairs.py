"""Pairs on which F learns, and those by which generator and guide are known again."""

import pytest
import torch
from memory_run import MemoryRun
from toy_editing import ToyGenerator, ToyOracle

from harness.errors import RecordError, RunError
from harness_editing.sgf.pairs import KnownPairs, Pairs, drawn_pairs, known_pairs


class Blind(ToyOracle):
    def answer(self, images):
        return super().answer(images) / 0.0 * 0.0


def test_pairs_are_latents_with_the_answers_to_their_images():
    generator = ToyGenerator()
    guide = ToyOracle(generator)
    pairs = drawn_pairs(generator, guide, 250, MemoryRun())
    assert pairs.latents.shape == (250, 6)
    expected = torch.sigmoid(2.0 * pairs.latents @ guide.directions)
    torch.testing.assert_close(pairs.conditions, expected)
    assert len(pairs.latents.unique(dim=0)) == 250


def test_same_state_draws_the_same_pairs():
    generator = ToyGenerator()
    guide = ToyOracle(generator)
    first, again = (drawn_pairs(generator, guide, 30, MemoryRun(3)) for _ in range(2))
    assert torch.equal(first.latents, again.latents)
    assert torch.equal(first.conditions, again.conditions)
    assert not torch.equal(first.latents, drawn_pairs(generator, guide, 30, MemoryRun(4)).latents)


@pytest.mark.parametrize(
    ("count", "share", "held"), [(100, 0.05, 5), (20, 0.05, 2), (100, 0.5, 50)]
)
def test_a_share_is_held_back_and_no_pair_is_on_both_sides(count, share, held):
    numbers = torch.arange(float(count))[:, None]
    train, held_back = Pairs(numbers, -numbers).split(share)
    assert (len(train), len(held_back)) == (count - held, held)
    assert torch.equal(torch.cat([train.latents, held_back.latents]), numbers)
    assert torch.equal(torch.cat([train.conditions, held_back.conditions]), -numbers)


def test_answers_that_are_no_numbers_are_refused():
    generator = ToyGenerator()
    with pytest.raises(RunError, match="sgf: the guide answers NaN or infinity to images"):
        drawn_pairs(generator, Blind(generator), 5, MemoryRun())
    with pytest.raises(RunError, match="sgf: the guide answers NaN or infinity to images"):
        known_pairs(generator, Blind(generator))


def test_the_same_generator_and_guide_are_known_again_and_others_are_not():
    generator = ToyGenerator()
    guide = ToyOracle(generator)
    known = KnownPairs(6, 4)
    known.store(known_pairs(generator, guide))
    known.require_same(known_pairs(generator, guide))
    known.latents *= 1.01  # As another device rounds, and far more.
    known.require_same(known_pairs(generator, guide))
    with pytest.raises(RecordError, match="trained for another generator or guide of the same"):
        known.require_same(known_pairs(generator, ToyOracle(generator, seed=7)))
    longer = ToyGenerator(length=5.0)
    with pytest.raises(RecordError, match="trained for another generator of the same"):
        known.require_same(known_pairs(longer, ToyOracle(longer)))
