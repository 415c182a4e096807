"""The whole method on sixteen tiny images."""

import math

import pytest
import torch

from harness.errors import ConfigError, RecordError
from harness.training.run import TrainingRun
from harness_autoencoders.thewlis.method import Thewlis


@pytest.fixture
def fitted(tiny, run, squares):
    method = Thewlis(tiny(), 3, 16)
    method.fit(squares, run)
    return method


def test_landmarks_lie_in_the_image_and_have_a_confidence(fitted, squares):
    found = fitted.detect(squares.images)
    assert found.points.shape == (16, 3, 2)
    assert found.confidence.shape == (16, 3)
    for values in (found.points, found.confidence):
        assert values.dtype == torch.float32
        assert ((values > 0) & (values < 1)).all()


def test_detecting_does_not_depend_on_the_other_images_of_a_batch(fitted, squares):
    together = fitted.detect(squares.images).points
    assert torch.allclose(fitted.detect(squares.images[3:4]).points, together[3:4], atol=1e-5)


def test_landmarks_of_a_shifted_image_are_shifted(tiny):
    """Without a view of the border, a map moves with its image; x and y are not exchanged."""
    method = Thewlis(tiny(context_blocks=0, margin_pixels=0), 3, 64)
    method.networks.draw_weights(torch.Generator().manual_seed(0))
    method.networks.head.weight.data *= 100
    images = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    images[0, :, 20:30, 16:30] = torch.randint(0, 255, (3, 10, 14), dtype=torch.uint8)
    images[1] = images[0].roll((8, 20), dims=(1, 2))
    found = method.detect(images)
    sure = found.confidence.amin(dim=0) > 0.5
    assert sure.any()
    moved = found.points[1] - found.points[0]
    expected = torch.tensor([20 / 64, 8 / 64]).expand(int(sure.sum()), 2)
    assert torch.allclose(moved[sure], expected, atol=1e-3)


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, new_run, squares):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = Thewlis(tiny(), 3, 16)
        method.fit(squares, new_run(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(fitted, tiny, squares):
    fresh = Thewlis(tiny(), 3, 16)
    fresh.load_state_dict(fitted.state_dict())
    got, expected = fresh.detect(squares.images), fitted.detect(squares.images)
    assert torch.equal(got.points, expected.points)
    assert torch.equal(got.confidence, expected.confidence)


def test_state_of_another_configuration_is_refused(fitted, tiny):
    with pytest.raises(RecordError, match="thewlis: the saved networks does not fit"):
        Thewlis(tiny(filters=(4, 7)), 3, 16).load_state_dict(fitted.state_dict())


def test_image_size_that_does_not_fit_is_refused(tiny):
    with pytest.raises(ConfigError, match="thewlis: image_size 10 is too small"):
        Thewlis(tiny(), 3, 10)


def test_curves_and_pictures_are_shown(fitted, run):
    assert all(scalars.keys() == {"alignment", "diversity"} for scalars in run.curves)
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    assert len(run.curves) == 3
    pictures = run.pictures["landmarks"]
    assert all(p.dtype == torch.uint8 and p.shape == (8, 3, 12, 12) for p in pictures)


def test_training_makes_both_losses_smaller(tiny, run, squares):
    Thewlis(tiny(steps=60, margin_pixels=0, diversity_weight=100.0), 3, 16).fit(squares, run)
    for name in ("alignment", "diversity"):
        first, last = (
            sum(float(s[name]) for s in part) for part in (run.curves[:5], run.curves[-5:])
        )
        assert last < 0.5 * first, name


def test_parameters_are_those_of_the_detector(fitted):
    assert fitted.parameter_count() == sum(p.numel() for p in fitted.networks.parameters())


def test_untrained_method_predicts_too(tiny, run, squares):
    method = Thewlis(tiny(steps=0), 3, 16)
    method.fit(squares, run)
    assert method.detect(squares.images).points.isfinite().all()


def test_run_killed_at_any_step_resumes_to_the_same_weights(tiny, squares, tmp_path):
    config = tiny(steps=5, schedule="linear")

    class Killed(Exception):
        pass

    class KillAt:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, name, step):
            if step == 3:
                raise Killed

    def fit(folder, watcher):
        cpu = torch.device("cpu")
        run = TrainingRun(folder, "x", seed=1, device=cpu, watcher=watcher, checkpoint_seconds=0)
        method = Thewlis(config, 3, 16)
        method.fit(squares, run)
        return method.state_dict()

    whole = fit(tmp_path / "whole", None)
    with pytest.raises(Killed):
        fit(tmp_path / "killed", KillAt())
    resumed = fit(tmp_path / "killed", None)
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_half_precision_trains_and_predicts_in_float32(tiny, squares, tmp_path):
    cpu = torch.device("cpu")
    run = TrainingRun(tmp_path, "x", seed=1, device=cpu, precision="bf16")
    method = Thewlis(tiny(), 3, 16)
    method.fit(squares, run)
    found = method.detect(squares.images)
    assert found.points.dtype == torch.float32
    assert found.points.isfinite().all()
    assert all(value.isfinite().all() for value in method.state_dict().values())
