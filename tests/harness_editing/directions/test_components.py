"""Principal components by hand, by blocks, and from a checkpoint."""

import torch

from harness_editing.directions.ganspace.components import Components


def latents(count=90):
    drawn = torch.randn(count, 4, generator=torch.Generator().manual_seed(1))
    return 2 + drawn @ torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5]))


def test_four_points_by_hand():
    found = Components(2)
    found.add(torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    torch.testing.assert_close(found.directions.abs(), torch.eye(2))
    torch.testing.assert_close(found.deviations, torch.tensor([6.0, 2 / 3]).sqrt())


def test_blocks_give_what_all_at_once_give():
    rows = latents()
    found = Components(4)
    for block in rows.split(30):
        found.add(block)
    variances, axes = torch.linalg.eigh(torch.cov(rows.T.double()))
    torch.testing.assert_close(found.deviations, variances.flip(0).sqrt().float())
    cosines = (found.directions * axes.flip(1).T).sum(dim=1).abs()
    torch.testing.assert_close(cosines, torch.ones_like(cosines))


def test_latents_are_not_changed():
    rows = latents().double()
    before = rows.clone()
    Components(2).add(rows)
    assert torch.equal(rows, before)


def test_checkpoint_goes_on_to_the_same_components():
    first, second = latents().split(45)
    unbroken, broken, again = Components(3), Components(3), Components(3)
    assert broken.state_dict() == {}
    again.load_state_dict({})
    unbroken.add(first)
    unbroken.add(second)
    broken.add(first)
    again.load_state_dict({name: value.clone() for name, value in broken.state_dict().items()})
    torch.testing.assert_close(again.directions, broken.directions, rtol=0, atol=0)
    again.add(second)
    assert torch.equal(again.directions, unbroken.directions)
    assert torch.equal(again.deviations, unbroken.deviations)
