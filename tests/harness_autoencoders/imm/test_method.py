"""The whole method on small drawn discs."""

import math

import numpy as np
import pytest
import torch
from drawn_discs import discs, draw_discs, regression_error
from killed_run import Killed, fitted_in
from memory_run import MemoryRun

from harness.errors import AssetMissing, ConfigError, DataError, RecordError
from harness.training import TrainingRun
from harness.training import optimisation as optimisation_module
from harness.vision.perceptual import PerceptualLoss, build_net
from harness_autoencoders.imm.method import Imm, Training
from harness_autoencoders.imm.pairs import Pairs


@pytest.fixture(scope="module")
def photos():
    return torch.from_numpy(draw_discs(8, 16, 9)[0])


def mean_loss(run, part):
    return float(torch.stack([scalars["loss"] for scalars in run.curves[part]]).mean())


def test_training_lowers_the_loss(learnt):
    _, run = learnt
    assert mean_loss(run, slice(-20, None)) < 0.8 * mean_loss(run, slice(20))


def error_at_the_bright_disc(method):
    images, centres = draw_discs(200, 16, 5)
    points = method.detect(torch.from_numpy(images)).points
    return regression_error(points.numpy(), centres[:, :1])


def test_keypoints_tell_where_the_bright_disc_is(learnt):
    """A linear map from keypoints errs far less than always answering the mean place."""
    assert error_at_the_bright_disc(learnt[0]) < 0.3


def test_keypoints_of_the_untrained_method_do_not_tell_it_as_well(learnt, tiny):
    untrained = Imm(tiny(steps=0), 4, 16)
    untrained.fit(discs(), MemoryRun())
    assert error_at_the_bright_disc(learnt[0]) < 0.5 * error_at_the_bright_disc(untrained)


def test_keypoints_are_fractions_within_the_outermost_places(learnt, photos):
    found = learnt[0].detect(photos)
    assert found.points.shape == (8, 4, 2)
    assert found.points.dtype == torch.float32
    assert found.confidence is None
    # The map has 8 places; the centres of the first and the last are at 1/16 and 15/16.
    assert found.points.min() >= 1 / 16
    assert found.points.max() <= 15 / 16


def test_detecting_does_not_depend_on_the_other_images_of_a_batch(learnt, photos):
    together = learnt[0].detect(photos).points
    assert torch.allclose(learnt[0].detect(photos[3:4]).points, together[3:4], atol=1e-5)
    assert torch.equal(learnt[0].detect(photos).points, together)


def test_reconstruction_resembles_the_image(learnt, photos):
    drawn = learnt[0].reconstruct(photos)
    assert drawn.shape == photos.shape
    assert drawn.dtype == torch.uint8
    errors = [
        (photos.float() - other.float()).square().mean() for other in (drawn, photos.roll(1, 0))
    ]
    assert errors[0] < 0.7 * errors[1]


def test_given_keypoints_stand_in_for_the_detected_ones(learnt, photos):
    points = learnt[0].detect(photos).points
    assert torch.equal(learnt[0].reconstruct(photos, points), learnt[0].reconstruct(photos))
    of_others = learnt[0].reconstruct(photos, points.roll(1, 0))
    assert not torch.equal(of_others, learnt[0].reconstruct(photos))


def test_keypoints_of_an_image_bring_its_pose_to_another_look(learnt, photos):
    whole = learnt[0].reconstruct(photos)
    points = learnt[0].detect(photos).points
    mixed = learnt[0].reconstruct(photos.roll(1, 0), points, appearance=photos)
    assert torch.equal(mixed, whole)
    other = learnt[0].reconstruct(photos, appearance=photos.roll(1, 0))
    assert not torch.equal(other, whole)


def test_moved_keypoint_changes_the_picture_near_it_more_than_elsewhere(learnt):
    """Pixels within a quarter of the edge of the old or the new place, against the others."""
    images = torch.from_numpy(draw_discs(32, 16, 9)[0])
    points = learnt[0].detect(images).points
    axis = (torch.arange(16) + 0.5) / 16
    pixels = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    plain = learnt[0].reconstruct(images).float()
    near_change, far_change = 0.0, 0.0
    for part in range(4):
        moved = points.clone()
        moved[:, part] = 1.0 - moved[:, part]
        change = (learnt[0].reconstruct(images, moved).float() - plain).abs().mean(dim=1)
        places = torch.stack((points[:, part], moved[:, part]), dim=1)[:, :, None, None]
        near = ((pixels - places).norm(dim=-1) < 0.25).any(dim=1)
        near_change += float(change[near].mean())
        far_change += float(change[~near].mean())
    assert near_change > 1.5 * far_change


def test_curves_and_pictures_are_shown(learnt):
    _, run = learnt
    assert run.loops == ["autoencoder"]
    assert len(run.curves) == 150
    assert all(math.isfinite(scalars["loss"]) for scalars in run.curves)
    assert run.pictures.keys() == {"pairs"}
    assert len(run.pictures["pairs"]) == 10
    # Eight sources, eight targets, eight drawn targets.
    assert all(p.shape == (24, 3, 16, 16) for p in run.pictures["pairs"])
    assert all(p.dtype == torch.uint8 for p in run.pictures["pairs"])


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, images):
    states = []
    for seed in (5, 5, 6):
        torch.rand(3)
        method = Imm(tiny(steps=3), 3, 16)
        method.fit(images, MemoryRun(seed))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_state_moves_to_a_fresh_method(learnt, tiny, photos):
    fresh = Imm(tiny(), 4, 16)
    fresh.load_state_dict(learnt[0].state_dict())
    assert torch.equal(fresh.detect(photos).points, learnt[0].detect(photos).points)
    assert torch.equal(fresh.reconstruct(photos), learnt[0].reconstruct(photos))


def test_state_of_another_configuration_is_refused(learnt, tiny):
    with pytest.raises(RecordError, match="imm: the saved networks does not fit"):
        Imm(tiny(filters=4), 4, 16).load_state_dict(learnt[0].state_dict())


def test_parameters_are_counted_without_the_loss_network(learnt):
    networks = learnt[0].networks
    assert learnt[0].parameter_count() == sum(p.numel() for p in networks.parameters())


def test_untrained_method_predicts_too(tiny, photos):
    method = Imm(tiny(steps=0, perceptual="rotation_net"), 3, 16)
    method.fit(discs(), MemoryRun())
    assert method.detect(photos).points.isfinite().all()
    assert method.reconstruct(photos).shape == photos.shape


@pytest.mark.parametrize(
    ("kill_at", "schedule"),
    [
        (("rotation_net", 2), "linear"),
        (("autoencoder", 0), "linear"),
        (("autoencoder", 3), "linear"),
        (("autoencoder", 3), "plateau"),
    ],
    ids=["in the first loop", "between the loops", "in the second loop", "on a plateau"],
)
def test_run_killed_at_any_step_resumes_to_the_same_weights(
    tiny, images, tmp_path, kill_at, schedule
):
    config = tiny(
        steps=5, perceptual="rotation_net", rotation_steps=3, averaging=0.5, schedule=schedule
    )
    whole = fitted_in(tmp_path / "whole", Imm(config, 3, 16), images)
    with pytest.raises(Killed):
        fitted_in(tmp_path / "killed", Imm(config, 3, 16), images, kill_at=kill_at)
    resumed = fitted_in(tmp_path / "killed", Imm(config, 3, 16), images)
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_half_precision_trains_and_predicts_in_float32(tiny, images, photos, tmp_path):
    cpu = torch.device("cpu")
    run = TrainingRun(tmp_path, "x", seed=1, device=cpu, precision="bf16")
    method = Imm(tiny(steps=3, perceptual="rotation_net", rotation_steps=1), 3, 16)
    method.fit(images, run)
    assert method.detect(photos).points.dtype == torch.float32
    floats = [value for value in method.state_dict().values() if value.is_floating_point()]
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in floats)


def test_frames_of_clips_can_be_the_pairs(tiny):
    images = discs(40, clips=np.repeat([0, 1], 20))
    run = MemoryRun()
    Imm(tiny(pairs="clips", steps=2), 3, 16).fit(images, run)
    assert len(run.curves) == 2


@pytest.mark.parametrize("net", ["vgg19_imagenet", "vgg16_colour"])
def test_missing_loss_network_is_told_before_anything_is_trained(
    tiny, images, monkeypatch, tmp_path, net
):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    run = MemoryRun()
    with pytest.raises(AssetMissing, match=f"perceptual = {net} needs .* which is missing"):
        Imm(tiny(perceptual=net), 3, 16).fit(images, run)
    assert run.loops == []


def test_start_values_that_do_not_fit_the_network_are_told_before_anything_is_trained(tiny, images):
    run = MemoryRun()
    config = tiny(perceptual="rotation_net", rotation_steps=5, perceptual_start=(1.0, 2.0))
    with pytest.raises(ConfigError, match="expected 5 numbers above 0"):
        Imm(config, 3, 16).fit(images, run)
    assert run.loops == []


@pytest.mark.parametrize(
    ("changes", "clips", "message"),
    [
        ({}, None, "imm: the role 'fit' has 1 image, expected at least 2; give more images"),
        ({"pairs": "clips"}, np.zeros(1, int), "has 1 image"),
    ],
)
def test_single_image_is_refused(tiny, changes, clips, message):
    run = MemoryRun()
    with pytest.raises(DataError, match=message):
        Imm(tiny(**changes), 3, 16).fit(discs(1, clips=clips), run)
    assert run.loops == []


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (None, "imm: pairs from clips need a dataset with clips"),
        (np.arange(6), r"imm: no clip has two frames .* \(the longest has 1 frames\)"),
    ],
)
def test_clips_without_a_pair_are_refused_before_anything_is_trained(tiny, clips, message):
    run = MemoryRun()
    config = tiny(pairs="clips", perceptual="rotation_net", rotation_steps=5)
    with pytest.raises(DataError, match=message):
        Imm(config, 3, 16).fit(discs(6, clips=clips), run)
    assert run.loops == []


@pytest.fixture
def training(tiny, images):
    def make(**changes):
        config = tiny(**changes)
        run = MemoryRun()
        method = Imm(config, 3, 16)
        loss = PerceptualLoss(build_net("pixels"), start=config.perceptual_start)
        return Training(config, method.networks, loss, run), Pairs(config, images, run)

    return make


def test_plateau_is_seen_in_the_errors_and_not_in_the_loss(training, monkeypatch):
    """The loss stays near the number of layers, however small the errors are."""
    monkeypatch.setattr(optimisation_module, "PLATEAU_STEPS", 2)
    seen = []
    trained, pairs = training(schedule="plateau", perceptual_start=(900.0,))
    trained.optimisation.plateau.step = seen.append
    errors = []
    for step in range(4):
        trained.step(step, pairs.draw(step))
        errors.append(float(trained.loss.means))
    assert seen == pytest.approx([np.mean(errors[:2]), np.mean(errors[2:])], rel=1e-5)


def test_loss_scale_multiplies_the_loss(training):
    losses = []
    for scale in (1.0, 1000.0):
        trained, pairs = training(loss_scale=scale)
        losses.append(float(trained.step(0, pairs.draw(0))))
    assert losses[1] == pytest.approx(1000 * losses[0], rel=1e-5)


def test_masked_border_of_the_target_is_not_learnt(training):
    """Where the mask is zero, another target gives the same loss."""
    trained, pairs = training(mask_off=0.25, mask_rise=0.0, perceptual_start=(1.0,))
    pair = pairs.draw(0)
    drawn = trained.networks.draw(torch.zeros(16, 3, 2), pair.source)
    outside = (pair.mask == 0).float()
    assert outside.any()
    trained.loss.eval()
    plain = trained.loss(drawn, pair.target, pair.mask)
    other = trained.loss(drawn, pair.target + 50 * outside, pair.mask)
    assert torch.equal(plain, other)


def test_kept_networks_are_the_averaged_ones(training):
    trained, pairs = training(averaging=0.75)
    before = {name: p.clone() for name, p in trained.networks.named_parameters()}
    trained.step(0, pairs.draw(0))
    after = dict(trained.networks.named_parameters())
    for name, average in trained.averaged.module.named_parameters():
        expected = before[name] + 0.25 * (after[name] - before[name])
        assert torch.allclose(average, expected, atol=1e-6), name
