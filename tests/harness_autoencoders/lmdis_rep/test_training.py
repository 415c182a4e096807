"""The objective of one step: its terms, their schedule, its draws, and the averaged norms."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from drawn_discs import discs
from memory_run import MemoryRun
from torch import nn

from harness.vision.perceptual import PerceptualLoss
from harness.vision.perceptual.nets import Pixels
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.flow import flow_pairs
from harness_autoencoders.lmdis_rep.losses import pixel_loss
from harness_autoencoders.lmdis_rep.networks import Landmarks, LmdisNetworks
from harness_autoencoders.lmdis_rep.training import Training, jittered

TERMS = {"reconstruction", "concentration", "separation", "equivariance"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [0.01, 0.01, 0.1, 0.1, 1.0, 1.0]),
        (
            {"reconstruction_weight": 0.1, "reconstruction_growth": (100.0, 10.0)},
            [0.1, 0.1, 10.0, 10.0, 100.0, 100.0],
        ),
        ({"milestones": (), "reconstruction_growth": ()}, [0.01] * 6),
        (
            {"milestones": (40_000, 80_000), "reconstruction_milestones": (50_000, 150_000)},
            [0.01, 0.1, 0.1, 0.1, 1.0, 1.0],
        ),
    ],
)
def test_weight_of_the_reconstruction_grows_at_its_milestones(changes, expected):
    config = LmdisRepConfig(**changes)
    steps = (0, 99_999, 100_000, 149_999, 200_000, 249_999)
    got = [config.reconstruction_factor(step) for step in steps]
    assert got == pytest.approx(expected)


def test_total_is_the_sum_of_the_weighted_terms(training, monkeypatch):
    trained = training(
        reconstruction_weight=0.5,
        concentration_weight=2.0,
        separation_weight=3.0,
        equivariance_weight=4.0,
        reconstruction_growth=(10.0,),
        milestones=(1,),
    )
    totals = []
    monkeypatch.setattr(
        trained.optimisation, "update", lambda step, total: totals.append((step, total.item()))
    )
    for step, factor in ((0, 0.5), (1, 5.0)):
        terms = trained.step(step)
        assert terms.keys() == TERMS
        expected = (
            factor * terms["reconstruction"]
            + 2.0 * terms["concentration"]
            + 3.0 * terms["separation"]
            + 4.0 * terms["equivariance"]
        )
        assert totals[-1] == (step, pytest.approx(expected.item(), rel=1e-5))


@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_equivariance_costs_nothing_for_an_exactly_equivariant_detector(training, batch, offset):
    """It finds places of the image, and in the warped image where the warp shows them."""
    trained = training()
    drawn, plain = [], trained._warps
    trained._warps = lambda *given: drawn.append(plain(*given)) or drawn[-1]
    generator = torch.Generator().manual_seed(0)
    places = offset + 0.4 + 0.2 * torch.rand(8, 3, 2, generator=generator)

    def detect(both):
        seen = drawn[-1].grid.inverse(places).float()
        points = torch.cat((places, seen))
        return Landmarks(torch.ones(16, 4, 24, 24) / 4, points, torch.full((16, 3, 2), 0.01))

    trained.networks.landmarks = detect
    assert trained.losses(0, batch)["equivariance"].item() == pytest.approx(0.0, abs=1e-8)


def test_equivariance_costs_something_for_a_detector_that_answers_the_same(training, batch):
    trained = training()
    places = torch.tensor([[0.3, 0.3], [0.7, 0.5], [0.5, 0.8]]).expand(16, 3, 2)
    trained.networks.landmarks = lambda both: Landmarks(
        torch.ones(16, 4, 24, 24) / 4, places, torch.full((16, 3, 2), 0.01)
    )
    assert trained.losses(0, batch)["equivariance"] > 0.01


def test_target_of_the_decoder_is_the_unwarped_image(training, batch):
    trained = training()
    trained.networks.draw = lambda points, descriptors: batch
    assert trained.losses(0, batch)["reconstruction"].item() == 0.0
    trained.networks.draw = lambda points, descriptors: batch.roll(1, 0)
    assert trained.losses(0, batch)["reconstruction"] > 1.0


@pytest.mark.parametrize("kind", ["paper", "code"])
def test_reconstruction_is_the_configured_pixel_loss(training, batch, kind):
    trained = training(reconstruction=kind)
    trained.networks.draw = lambda points, descriptors: batch.roll(1, 0)
    expected = pixel_loss(batch.roll(1, 0), batch, kind)
    assert torch.allclose(trained.losses(0, batch)["reconstruction"], expected)


@pytest.mark.parametrize("kind", ["paper", "rotation_net"])
def test_errors_at_the_border_cost_nothing_with_a_mask(tiny, images, run, batch, kind):
    config = tiny(reconstruction=kind, mask_off=0.25)
    pixels = PerceptualLoss(Pixels(), start=(1.0,), rate=1e-9)
    perceptual = pixels if kind == "rotation_net" else None
    trained = Training(config, LmdisNetworks(config, 3, 16), perceptual, images, run)
    inside, everywhere = batch.clone(), batch + 0.1
    inside[:, :, :4] += 0.1
    trained.networks.draw = lambda points, descriptors: inside
    assert trained.losses(0, batch)["reconstruction"].item() == 0.0
    trained.networks.draw = lambda points, descriptors: everywhere
    assert trained.losses(0, batch)["reconstruction"] > 0.1


def test_perceptual_loss_compares_grey_levels(tiny, images, run, batch):
    config = tiny(reconstruction="rotation_net")
    perceptual = PerceptualLoss(Pixels(), start=(1.0,), rate=1e-9)
    trained = Training(config, LmdisNetworks(config, 3, 16), perceptual, images, run)
    trained.networks.draw = lambda points, descriptors: batch + 1 / 255
    assert trained.losses(0, batch)["reconstruction"].item() == pytest.approx(1.0, rel=1e-3)
    assert "perceptual" in trained.state()


def test_decoder_gets_landmarks_of_the_unpadded_frame(training, batch):
    trained = training()
    places = torch.full((16, 3, 2), 0.6)
    trained.networks.landmarks = lambda both: Landmarks(
        torch.ones(16, 4, 24, 24) / 4, places, torch.full((16, 3, 2), 0.01)
    )
    given = []
    trained.networks.draw = lambda points, descriptors: given.append(points) or batch
    trained.losses(0, batch)
    # 0.1 of 24 pixels is 0.15 of 16.
    assert torch.allclose(given[0], torch.full((8, 3, 2), 0.65), atol=1e-6)


def test_detector_sees_images_and_warped_ones_together_and_the_rest_the_images_alone(
    training, batch
):
    trained = training()
    seen = {}
    for name in ("detector", "features", "image"):
        module = getattr(trained.networks, name)
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: seen.setdefault(name, []).append(inputs[0])
        )
    trained.losses(0, batch)
    assert {name: [len(given) for given in calls] for name, calls in seen.items()} == {
        "detector": [16],
        "features": [8],
        "image": [8],
    }
    padded = trained.networks.padded(batch)
    assert torch.equal(seen["detector"][0][:8], padded)
    assert torch.equal(seen["features"][0], padded)
    assert not torch.allclose(seen["detector"][0][8:], padded)


@pytest.mark.parametrize(("step", "calls"), [(0, [16]), (5, [8, 16])])
def test_landmark_warps_look_for_the_landmarks_first(training, batch, step, calls):
    trained = training(landmark_warps=1.0, landmark_warps_from=(2, 4))
    seen = []
    trained.networks.detector.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    losses = trained.losses(step, batch)
    assert seen == calls
    assert all(loss.isfinite() for loss in losses.values())


def without_gradient(trained, batch):
    """Names of the parameters that the sum of all terms does not change, in float64."""
    plain = trained._warps

    def exact(*given):
        warps = plain(*given)
        return replace(warps, grid=warps.grid.to(torch.float64))

    trained._warps = exact
    networks = trained.networks.double()
    losses = trained.losses(0, batch.double())
    torch.stack(list(losses.values())).sum().backward()
    return {name for name, p in networks.named_parameters() if p.grad.abs().max() < 1e-10}


def test_gradients_reach_every_parameter_but_biases_in_front_of_norms(training, batch):
    trained = training(scores="further", pooling="gaussian", skip_convolutions=(2, 1, 1))
    without = without_gradient(trained, batch)
    useless = set()
    for name, module in trained.networks.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            parent, _, place = name.rpartition(".")
            useless.add(f"{parent}.{int(place) - 1}.bias")
    # The norm behind the further scores takes away the shift of the norm in front of it.
    useless.add("detector.0.last.1.bias")
    assert without == useless


def test_gradients_reach_every_parameter_of_the_layout_with_a_stem(training, batch):
    trained = training(stem_channels=4, spread_channels=6, scores="separate")
    without = without_gradient(trained, batch)
    assert all(name.endswith(".bias") for name in without)
    assert {"detector.0.bias", "features.0.bias", "into.bias", "out.bias"}.isdisjoint(without)


# Jitter.


def test_jitter_is_one_draw_for_the_whole_batch():
    images = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.1 + 0.45
    out = jittered(images, LmdisRepConfig(), torch.Generator().manual_seed(1))
    means = images.mean(dim=(2, 3), keepdim=True)
    shift = (out.mean(dim=(2, 3), keepdim=True) - means).flatten()
    assert torch.allclose(shift, shift[0].expand(18), atol=1e-6)
    factor = (out - out.mean(dim=(2, 3), keepdim=True)) / (images - means)
    assert torch.allclose(factor, factor[0, 0, 0, 0].expand_as(factor), rtol=1e-2)
    assert shift[0].abs() > 1e-3
    assert (factor[0, 0, 0, 0] - 1).abs() > 1e-3


def test_jitter_stays_within_its_bounds_and_reaches_them():
    images = torch.full((1, 3, 1, 2), 0.5)
    images[..., 0] = 0.4
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack(
        [jittered(images, LmdisRepConfig(), generator)[0, 0, 0] for _ in range(999)]
    )
    shift = drawn.mean(dim=1) - 0.45
    factor = (drawn[:, 1] - drawn[:, 0]) / 0.1
    assert 0.98 * 32 / 255 < shift.max() <= 32 / 255 + 1e-6
    assert -32 / 255 - 1e-6 <= shift.min() < -0.98 * 32 / 255
    assert 0.5 - 1e-5 <= factor.min() < 0.51
    assert 1.49 < factor.max() <= 1.5 + 1e-5


def test_jittered_values_are_cut_to_0_to_1():
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    config = LmdisRepConfig(jitter_brightness=1.0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        out = jittered(images, config, generator)
        assert out.min() >= 0
        assert out.max() <= 1


def test_no_jitter_leaves_images_as_they_are(batch):
    config = LmdisRepConfig(jitter_brightness=0.0, jitter_contrast=0.0)
    out = jittered(batch, config, torch.Generator().manual_seed(0))
    assert torch.allclose(out, batch, atol=1e-6)


def test_batch_is_the_jittered_one_of_its_step(training, images):
    trained = training(jitter_brightness=0.0, jitter_contrast=0.0)
    expected = images.batch(3, 8).float() / 255
    assert torch.allclose(trained.batch(3), expected, atol=1e-6)


# Norms.


def averaged_norms(trained, name, batches):
    """Inputs of a norm in every batch, while the norms are averaged."""
    norm = trained.averaged.module.get_submodule(name)
    inputs = []
    hook = norm.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach()))
    for step in range(batches):
        trained.average_norms(step)
    hook.remove()
    return norm, inputs


@pytest.mark.parametrize("name", ["detector.down.0.1", "features.up.1.1", "image.last.1"])
def test_norms_become_the_plain_means_over_batches(training, name):
    trained = training()
    trained.step(0)
    norm, inputs = averaged_norms(trained, name, 5)
    assert len(inputs) == 5
    means = torch.stack([values.mean(dim=(0, 2, 3)) for values in inputs]).mean(0)
    variances = torch.stack([values.var(dim=(0, 2, 3)) for values in inputs]).mean(0)
    assert torch.allclose(norm.running_mean, means, atol=1e-5)
    assert torch.allclose(norm.running_var, variances, rtol=1e-4, atol=1e-6)


def test_norms_see_warps_as_at_the_end_of_training(training):
    trained = training(landmark_warps=1.0, landmark_warps_from=(2, 4))
    steps, plain = [], trained._warps
    trained._warps = lambda step, padded: steps.append(step) or plain(step, padded)
    trained.average_norms(0)
    assert steps == [150]


def test_averaging_norms_leaves_the_weights_and_the_evaluation_mode(training):
    trained = training()
    module = trained.averaged.module
    before = {name: p.clone() for name, p in module.named_parameters()}
    trained.average_norms(0)
    assert all(torch.equal(before[name], p) for name, p in module.named_parameters())
    assert not any(part.training for part in module.modules())


def test_detector_norms_see_warped_images_too(training):
    trained = training()
    _, inputs = averaged_norms(trained, "detector.down.0.1", 1)
    assert len(inputs[0]) == 2 * 8
    _, inputs = averaged_norms(trained, "features.down.0.1", 1)
    assert len(inputs[0]) == 8


# Optical flow.


def test_flow_is_a_term_of_its_own_where_it_is_asked_for(tiny):
    images = discs(40, size=32, clips=np.repeat([0, 1], 20))
    config = tiny(
        flow_weight=7.0, flow_preference_weight=2.0, flow_gap=2, padded_size=48, batch_size=4
    )
    clips = flow_pairs(images, config.flow_gap)
    networks = LmdisNetworks(config, 3, 32)
    trained = Training(config, networks, None, images, MemoryRun(), clips=clips)
    terms = trained.step(0)
    assert terms.keys() == TERMS | {"flow", "flow_preference"}
    assert terms["flow"] > 0
    assert terms["flow_preference"] < 0
    weights = trained.weights(0)
    assert (weights["flow"], weights["flow_preference"]) == (7.0, 2.0)


def test_landmarks_that_follow_known_frames_have_no_flow_loss(tiny, monkeypatch):
    """Frames whose flow is given: the detector's answers differ by exactly that flow."""
    images = discs(8, clips=np.zeros(8, int))
    config = tiny(flow_weight=1.0, flow_gap=1, batch_size=4)
    networks = LmdisNetworks(config, 3, 16)
    clips = flow_pairs(images, 1)
    trained = Training(config, networks, None, images, MemoryRun(), clips=clips)
    flow = torch.zeros(4, 2, 16, 16)
    flow[:, 0] = 0.09  # of the image's edge: 0.06 of the padded one
    monkeypatch.setattr("harness_autoencoders.lmdis_rep.training.dense_flow", lambda *_: flow)
    before = torch.full((4, 3, 2), 0.5)
    after = before + torch.tensor([0.06, 0.0])
    maps, variances = torch.ones(8, 4, 24, 24) / 4, torch.ones(8, 3, 2)
    networks.landmarks = lambda padded: Landmarks(maps, torch.cat((before, after)), variances)
    assert trained._flow(clips)["flow"].item() == pytest.approx(0.0, abs=1e-8)


def test_frozen_norms_keep_their_statistics_and_learn_with_them(training):
    trained = training(norm_steps=0, norm_frozen_from=2)
    norm = trained.networks.get_submodule("detector.down.0.1")
    seen, weights = [], []
    for step in range(4):
        trained.step(step)
        seen.append(norm.running_mean.clone())
        weights.append(norm.weight.clone())
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2])
    assert torch.equal(seen[2], seen[3])
    assert not torch.equal(weights[2], weights[3])


def test_with_frozen_norms_a_landmark_does_not_depend_on_its_batch(training):
    trained = training(norm_steps=0, norm_frozen_from=1)
    padded = trained.networks.padded(trained.batch(0))
    trained.step(0)
    apart = (
        trained.networks.landmarks(padded[:1]).points
        - trained.networks.landmarks(padded).points[:1]
    )
    trained.step(1)
    together = (
        trained.networks.landmarks(padded[:1]).points
        - trained.networks.landmarks(padded).points[:1]
    )
    assert apart.abs().max() > 1e-4
    assert together.abs().max() < 1e-6
