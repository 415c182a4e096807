"""The whole method on small drawn discs."""

import importlib.util
import math

import numpy as np
import pytest
import torch
from drawn_discs import discs, draw_discs, regression_error
from killed_run import Killed, fitted_in
from memory_run import MemoryRun

from harness.errors import AssetMissing, DataError, RecordError
from harness.training import TrainingRun
from harness_autoencoders.lmdis_rep.method import LmdisRep

TERMS = ("reconstruction", "concentration", "separation", "equivariance")


@pytest.fixture(scope="module")
def photos():
    return torch.from_numpy(draw_discs(8, 16, 9)[0])


def mean_of(run, term, part):
    return float(torch.stack([scalars[term] for scalars in run.curves[part]]).mean())


@pytest.mark.parametrize("term", TERMS)
def test_training_lowers_every_term(learnt, term):
    _, run = learnt
    assert mean_of(run, term, slice(-20, None)) < 0.8 * mean_of(run, term, slice(20))


def test_landmarks_tell_where_the_bright_disc_is(learnt):
    """A linear map from landmarks errs far less than always answering the mean place."""
    images, centres = draw_discs(200, 16, 5)
    points = learnt[0].detect(torch.from_numpy(images)).points
    assert regression_error(points.numpy(), centres[:, :1]) < 0.3


def test_landmarks_come_with_the_height_of_their_maps(learnt, photos):
    found = learnt[0].detect(photos)
    assert found.points.shape == (8, 4, 2)
    assert found.points.dtype == torch.float32
    assert found.confidence.shape == (8, 4)
    maps = learnt[0].networks.landmarks(learnt[0]._padded(photos)).maps[:, :4]
    assert torch.equal(found.confidence, maps.flatten(2).max(dim=-1).values)
    assert 0 < found.confidence.min() <= found.confidence.max() <= 1


def test_detecting_does_not_depend_on_the_other_images_of_a_batch(learnt, photos):
    together = learnt[0].detect(photos).points
    assert torch.allclose(learnt[0].detect(photos[3:4]).points, together[3:4], atol=1e-5)
    assert torch.equal(learnt[0].detect(photos).points, together)


def test_description_holds_a_descriptor_of_every_landmark_and_the_background(learnt, photos):
    described = learnt[0].describe(photos)
    assert described.shape == (8, 5 * 4)
    assert described.dtype == torch.float32
    assert torch.equal(learnt[0].describe(photos), described)
    alone = learnt[0].describe(photos[2:3])
    assert torch.allclose(alone, described[2:3], atol=1e-4)


def test_reconstruction_resembles_the_image(learnt, photos):
    drawn = learnt[0].reconstruct(photos)
    assert drawn.shape == photos.shape
    assert drawn.dtype == torch.uint8
    errors = [
        (photos.float() - other.float()).square().mean() for other in (drawn, photos.roll(1, 0))
    ]
    assert errors[0] < 0.6 * errors[1]


def test_given_landmarks_and_looks_stand_in_for_the_images_own(learnt, photos):
    whole = learnt[0].reconstruct(photos)
    points = learnt[0].detect(photos).points
    assert torch.equal(learnt[0].reconstruct(photos, points), whole)
    assert torch.equal(learnt[0].reconstruct(photos.roll(1, 0), points, photos), whole)
    assert not torch.equal(learnt[0].reconstruct(photos, points.roll(1, 0)), whole)
    assert not torch.equal(learnt[0].reconstruct(photos, appearance=photos.roll(1, 0)), whole)


def test_moved_landmark_changes_the_picture_near_it_more_than_elsewhere(learnt):
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
    assert run.loops == ["autoencoder", "norms"]
    assert len(run.curves) == 150
    assert {name for scalars in run.curves for name in scalars} == set(TERMS)
    assert all(math.isfinite(value) for scalars in run.curves for value in scalars.values())
    assert run.pictures.keys() == {"drawn"}
    assert len(run.pictures["drawn"]) == 10
    # Eight images and what is drawn of them.
    assert all(p.shape == (16, 3, 16, 16) for p in run.pictures["drawn"])
    assert all(p.dtype == torch.uint8 for p in run.pictures["drawn"])


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, images):
    states = []
    for seed in (5, 5, 6):
        torch.rand(3)
        method = LmdisRep(tiny(steps=3, norm_steps=2), 3, 16)
        method.fit(images, MemoryRun(seed))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_state_moves_to_a_fresh_method(learnt, tiny, photos):
    fresh = LmdisRep(tiny(), 4, 16)
    fresh.load_state_dict(learnt[0].state_dict())
    assert torch.equal(fresh.detect(photos).points, learnt[0].detect(photos).points)
    assert torch.equal(fresh.describe(photos), learnt[0].describe(photos))
    assert torch.equal(fresh.reconstruct(photos), learnt[0].reconstruct(photos))


def test_state_of_another_configuration_is_refused(learnt, tiny):
    with pytest.raises(RecordError, match="lmdis_rep: the saved networks does not fit"):
        LmdisRep(tiny(descriptor_size=5), 4, 16).load_state_dict(learnt[0].state_dict())


def test_parameters_are_those_of_the_networks(learnt):
    networks = learnt[0].networks
    assert learnt[0].parameter_count() == sum(p.numel() for p in networks.parameters())


def test_untrained_method_predicts_too(tiny, photos):
    method = LmdisRep(tiny(steps=0, norm_steps=0, reconstruction="rotation_net"), 3, 16)
    method.fit(discs(), MemoryRun())
    assert method.detect(photos).points.isfinite().all()
    assert method.describe(photos).isfinite().all()
    assert method.reconstruct(photos).shape == photos.shape


@pytest.mark.parametrize(
    "kill_at",
    [
        ("rotation_net", 2),
        ("autoencoder", 0),
        ("autoencoder", 3),
        ("norms", 0),
        ("norms", 2),
    ],
    ids=[
        "in the first loop",
        "before the main loop",
        "in the main loop",
        "before the norms",
        "in the norms",
    ],
)
def test_run_killed_at_any_step_resumes_to_the_same_weights(tiny, images, tmp_path, kill_at):
    config = tiny(
        steps=5,
        norm_steps=4,
        reconstruction="rotation_net",
        rotation_steps=3,
        averaging=0.5,
        landmark_warps=0.5,
        landmark_warps_from=(1, 2),
    )
    whole = fitted_in(tmp_path / "whole", LmdisRep(config, 3, 16), images)
    with pytest.raises(Killed):
        fitted_in(tmp_path / "killed", LmdisRep(config, 3, 16), images, kill_at=kill_at)
    resumed = fitted_in(tmp_path / "killed", LmdisRep(config, 3, 16), images)
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_run_with_flow_killed_in_the_loop_resumes_to_the_same_weights(tiny, tmp_path):
    images = discs(40, size=32, clips=np.repeat([0, 1], 20))
    config = tiny(flow_weight=5.0, padded_size=48, steps=4, norm_steps=1, batch_size=4)
    whole = fitted_in(tmp_path / "whole", LmdisRep(config, 3, 32), images)
    with pytest.raises(Killed):
        fitted_in(tmp_path / "killed", LmdisRep(config, 3, 32), images, kill_at=("autoencoder", 2))
    resumed = fitted_in(tmp_path / "killed", LmdisRep(config, 3, 32), images)
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())


def test_half_precision_trains_and_predicts_in_float32(tiny, images, photos, tmp_path):
    cpu = torch.device("cpu")
    run = TrainingRun(tmp_path, "x", seed=1, device=cpu, precision="bf16")
    config = tiny(steps=3, norm_steps=2, reconstruction="rotation_net", rotation_steps=1)
    method = LmdisRep(config, 3, 16)
    method.fit(images, run)
    assert method.detect(photos).points.dtype == torch.float32
    floats = [value for value in method.state_dict().values() if value.is_floating_point()]
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in floats)


def test_single_image_is_refused_before_anything_is_trained(tiny):
    run = MemoryRun()
    config = tiny(reconstruction="rotation_net", rotation_steps=5)
    with pytest.raises(DataError, match="lmdis_rep: the role 'fit' has 1 image, expected at least"):
        LmdisRep(config, 3, 16).fit(discs(1), run)
    assert run.loops == []


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (None, "lmdis_rep: pairs from clips need a dataset with clips"),
        (np.arange(6), r"lmdis_rep: no clip has two frames .* \(the longest has 1 frames\)"),
    ],
)
def test_flow_without_a_pair_is_refused_before_anything_is_trained(tiny, clips, message):
    run = MemoryRun()
    config = tiny(flow_weight=1.0, reconstruction="rotation_net", rotation_steps=5)
    with pytest.raises(DataError, match=message):
        LmdisRep(config, 3, 16).fit(discs(6, clips=clips), run)
    assert run.loops == []


def test_flow_without_opencv_is_refused_before_anything_is_trained(tiny, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    run = MemoryRun()
    config = tiny(flow_weight=1.0, reconstruction="rotation_net", rotation_steps=5)
    with pytest.raises(AssetMissing, match="OpenCV"):
        LmdisRep(config, 3, 16).fit(discs(6, clips=np.zeros(6, int)), run)
    assert run.loops == []
