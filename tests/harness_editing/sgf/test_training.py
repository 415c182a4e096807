"""What training logs, and that F learns and uses the conditions where it must."""

import pytest
import torch
from memory_run import MemoryRun
from torch import nn
from toy_editing import ToyGenerator, ToyOracle

from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.mapping import AuxiliaryMapping
from harness_editing.sgf.pairs import Pairs, drawn_pairs
from harness_editing.sgf.training import MappingTraining


def training(pairs, **changes):
    settings = {"blocks": 3, "updates": 120, "batch_size": 64, "rate": 3e-3}
    config = SgfConfig(**{**settings, "schedule": "linear", **changes})
    mapping = AuxiliaryMapping(config, pairs.latents.shape[1], pairs.conditions.shape[1])
    return MappingTraining(config, mapping, pairs, MemoryRun())


def world_pairs(count=1000):
    generator = ToyGenerator()
    return drawn_pairs(generator, ToyOracle(generator), count, MemoryRun())


def trained(pairs, **changes):
    running = training(pairs, **changes)
    losses = [float(running.step(step)["loss"]) for step in range(running.config.updates)]
    return running, losses


def test_mapping_gives_back_latents_that_it_did_not_learn_on():
    running, losses = trained(world_pairs())
    measured = running.measured.values
    assert sum(losses[:5]) / 5 > 0.8
    assert sum(losses[-5:]) / 5 < 0.6
    assert measured["validation_error"] < 0.7
    assert measured["condition_use"] > 0.2
    for stack in (running.mapping.styles, running.mapping.linear):
        norms = torch.linalg.svdvals(stack.layers()[0].detach())[:, 0]
        torch.testing.assert_close(norms, torch.ones_like(norms), atol=0.05, rtol=0)


def test_mapping_uses_conditions_where_it_must():
    """The first normalisation hides how long latents are, and the condition says it."""
    source = torch.Generator().manual_seed(0)
    lengths = 0.5 + 2.0 * torch.rand(1500, 1, generator=source)
    latents = lengths * nn.functional.normalize(torch.randn(1500, 8, generator=source), dim=1)
    others = lengths[torch.randperm(1500, generator=source)]
    told, mistold = (
        trained(Pairs(latents, conditions), blocks=2, updates=250, rate=1e-2)[0].measured.values
        for conditions in (lengths, others)
    )
    assert told["validation_error"] < 0.75 * mistold["validation_error"]
    assert told["condition_use"] > 0.5
    assert abs(mistold["condition_use"]) < 0.15


def test_measures_by_hand():
    """F = z + 0.1 (c - 4 z) at z = 1, 3 with c = 5 z: errors 0.1, 0.3; exchanged 1.1, -0.7."""

    class Known(nn.Module):
        spread = torch.tensor(2.0)

        def forward(self, latents, conditions):
            return latents + 0.1 * (conditions - 4.0 * latents)

    running = training(Pairs(torch.zeros(40, 1), torch.ones(40, 1)))
    latents = torch.tensor([[1.0], [3.0]])
    running.mapping, running.held_back = Known(), Pairs(latents, 5.0 * latents)
    assert running.measure() == pytest.approx(
        {
            "validation_error": 0.05 / 2.0,
            "condition_use": 0.85 / 0.05 - 1.0,
            "radius_mean": 0.6,
            "radius_most": 0.6,
        },
        rel=1e-5,
    )


def test_steps_log_the_error_as_a_share_of_the_variance():
    pairs = world_pairs(200)
    few, many = (training(pairs, updates=20) for _ in range(2))
    large = Pairs(100.0 * pairs.latents + 7.0, pairs.conditions)
    scaled = training(large, updates=20)
    expected = [float(few.step(step)["loss"]) for step in range(3)]
    found = [float(scaled.step(step)["loss"]) for step in range(3)]
    assert found == pytest.approx(expected, rel=1e-3)
    logged = [many.step(step) for step in range(20)]
    assert set(logged[0]) == {"loss"}
    assert set(logged[19]) == {
        "loss",
        "validation_error",
        "condition_use",
        "radius_mean",
        "radius_most",
    }


def test_both_ways_of_products_measure_the_same_radius():
    pairs = world_pairs(300)
    radii = []
    for way in ("backward", "forward"):
        running = training(pairs, updates=0, products=way)
        radii.append(running.measure()["radius_mean"])
    assert radii[0] == pytest.approx(radii[1], rel=1e-4)


def test_measuring_changes_nothing_that_learns():
    running = training(world_pairs(100))
    running.step(0)
    before = {name: value.clone() for name, value in running.mapping.state_dict().items()}
    running.measure()
    assert all(torch.equal(v, before[name]) for name, v in running.mapping.state_dict().items())
