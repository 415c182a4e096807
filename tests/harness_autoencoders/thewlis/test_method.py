"""The whole method on tiny images of two discs."""

import math

import numpy as np
import pytest
import torch
from drawn_discs import discs, draw_discs, regression_error
from killed_run import Killed, fitted_in
from memory_run import MemoryRun

from harness.errors import ConfigError, RecordError
from harness.training import TrainingRun
from harness_autoencoders.thewlis.method import Thewlis


@pytest.fixture(scope="module")
def photos():
    return torch.from_numpy(draw_discs(16, 16, 9)[0])


def test_landmarks_follow_a_disc_of_new_images(learnt):
    """Nothing asks them to follow both: landmarks need only move with the image."""
    method, _ = learnt
    pixels, truth = draw_discs(200, 16, 5)
    points = method.detect(torch.from_numpy(pixels)).points.numpy()
    assert min(regression_error(points, truth[:, [disc]]) for disc in (0, 1)) < 0.2


def test_training_makes_both_losses_smaller(learnt):
    _, run = learnt
    for name in ("alignment", "diversity"):
        first, last = (
            np.mean([float(scalars[name]) for scalars in part])
            for part in (run.curves[:5], run.curves[-20:])
        )
        assert last < 0.5 * first, name


def test_landmarks_lie_in_the_image_and_have_a_confidence(learnt, photos):
    found = learnt[0].detect(photos)
    assert found.points.shape == (16, 3, 2)
    assert found.confidence.shape == (16, 3)
    for values in (found.points, found.confidence):
        assert values.dtype == torch.float32
        assert ((values > 0) & (values < 1)).all()


def test_detecting_does_not_depend_on_the_other_images_of_a_batch(learnt, photos):
    together = learnt[0].detect(photos).points
    assert torch.allclose(learnt[0].detect(photos[3:4]).points, together[3:4], atol=1e-5)


def test_landmarks_of_a_shifted_image_are_shifted(tiny):
    """Far from the border a map moves with its image; x and y are not exchanged."""
    method = Thewlis(tiny(context_blocks=0), 3, 64)
    generator = torch.Generator().manual_seed(0)
    method.networks.draw_weights(generator)
    method.networks.head.weight.data *= 100
    images = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    spot = torch.randint(0, 255, (3, 10, 14), dtype=torch.uint8, generator=generator)
    images[0, :, 20:30, 16:30] = spot
    images[1] = images[0].roll((8, 20), dims=(1, 2))
    found = method.detect(images)
    sure = found.confidence.amin(dim=0) > 0.5
    assert sure.any()
    moved = found.points[1] - found.points[0]
    expected = torch.tensor([20 / 64, 8 / 64]).expand(int(sure.sum()), 2)
    assert torch.allclose(moved[sure], expected, atol=1e-3)


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, images):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = Thewlis(tiny(steps=3), 3, 16)
        method.fit(images, MemoryRun(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(learnt, tiny, photos):
    fresh = Thewlis(tiny(), 3, 16)
    fresh.load_state_dict(learnt[0].state_dict())
    got, expected = fresh.detect(photos), learnt[0].detect(photos)
    assert torch.equal(got.points, expected.points)
    assert torch.equal(got.confidence, expected.confidence)


def test_state_of_another_configuration_is_refused(learnt, tiny):
    with pytest.raises(RecordError, match="thewlis: the saved networks does not fit"):
        Thewlis(tiny(filters=(8, 17)), 3, 16).load_state_dict(learnt[0].state_dict())


def test_image_size_that_does_not_fit_is_refused(tiny):
    with pytest.raises(ConfigError, match="thewlis: image_size 3 is too small"):
        Thewlis(tiny(), 3, 3)


def test_curves_and_pictures_are_shown(learnt):
    _, run = learnt
    assert all(scalars.keys() == {"alignment", "diversity"} for scalars in run.curves)
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    assert len(run.curves) == 60
    pictures = run.pictures["landmarks"]
    assert len(pictures) == 10
    assert all(p.dtype == torch.uint8 and p.shape == (16, 3, 16, 16) for p in pictures)


def test_parameters_are_those_of_the_detector(learnt):
    method, _ = learnt
    assert method.parameter_count() == sum(p.numel() for p in method.networks.parameters())


def test_untrained_method_predicts_too(tiny, photos):
    method = Thewlis(tiny(steps=0), 3, 16)
    method.fit(discs(), MemoryRun())
    assert method.detect(photos).points.isfinite().all()


@pytest.mark.parametrize("pairs", ["one", "both"])
def test_run_killed_at_any_step_resumes_to_the_same_weights(tiny, images, tmp_path, pairs):
    config = tiny(steps=5, pairs=pairs)
    whole = fitted_in(tmp_path / "whole", Thewlis(config, 3, 16), images)
    with pytest.raises(Killed):
        fitted_in(tmp_path / "killed", Thewlis(config, 3, 16), images, kill_at=("detector", 3))
    resumed = fitted_in(tmp_path / "killed", Thewlis(config, 3, 16), images)
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_half_precision_trains_and_predicts_in_float32(tiny, images, photos, tmp_path):
    cpu = torch.device("cpu")
    run = TrainingRun(tmp_path, "x", seed=1, device=cpu, precision="bf16")
    method = Thewlis(tiny(steps=3), 3, 16)
    method.fit(images, run)
    found = method.detect(photos)
    assert found.points.dtype == torch.float32
    assert found.points.isfinite().all()
    assert all(value.isfinite().all() for value in method.state_dict().values())
