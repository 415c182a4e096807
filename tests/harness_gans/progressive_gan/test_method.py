"""The whole method on sixteen tiny images."""

import math

import pytest
import torch

from harness.errors import ConfigError, RecordError
from harness.training.run import TrainingRun
from harness_gans.pixels import to_bytes
from harness_gans.progressive_gan.method import ProgressiveGan

CPU = torch.device("cpu")


@pytest.fixture
def fitted(tiny, run, squares):
    method = ProgressiveGan(tiny(), 3, 16)
    method.fit(squares, run)
    return method


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_samples_come_with_their_latents(fitted):
    drawn = fitted.sample(5, seeded())
    assert drawn.images.shape == (5, 3, 16, 16)
    assert drawn.images.dtype == torch.uint8
    assert {name: tuple(value.shape) for name, value in drawn.latents.items()} == {"z": (5, 5)}
    with torch.no_grad():
        assert torch.equal(to_bytes(fitted.generator(drawn.latents["z"])), drawn.images)
    assert torch.equal(fitted.sample(5, seeded()).images, drawn.images)
    assert not torch.equal(fitted.sample(5, seeded(1)).images, drawn.images)


def test_stages_curves_and_pictures(fitted, run):
    assert run.loops == ["gan_4", "gan_8", "gan_16"]
    assert len(run.curves) == 3 + 5 + 5
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    sides = {picture.shape[-1] for picture in run.pictures["samples"]}
    assert sides == {4, 8, 16}
    assert all(len(picture) == 24 for picture in run.pictures["samples"])


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, new_run, squares):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = ProgressiveGan(tiny(flip=True), 3, 16)
        method.fit(squares, new_run(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(fitted, tiny):
    fresh = ProgressiveGan(tiny(), 3, 16)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.sample(2, seeded()).images, fitted.sample(2, seeded()).images)
    with pytest.raises(RecordError, match="progressive_gan: the saved generator does not fit"):
        ProgressiveGan(tiny(noise_size=4), 3, 16).load_state_dict(fitted.state_dict())


def test_plan_that_does_not_fit_is_refused_before_anything_is_trained(tiny):
    with pytest.raises(ConfigError, match="images 20 is less than the 52"):
        ProgressiveGan(tiny(images=20), 3, 16)


def test_untrained_method_samples_too(tiny, squares, tmp_path):
    method = ProgressiveGan(tiny(), 3, 16)
    method.fit(squares, TrainingRun(tmp_path, "x", seed=1, device=CPU, step_limit=0))
    assert method.sample(3, seeded()).images.float().std() > 0


@pytest.mark.parametrize("loop", ["gan_4", "gan_8", "gan_16"])
def test_run_killed_at_any_stage_resumes_to_the_same_weights(tiny, squares, tmp_path, loop):
    class Killed(Exception):
        pass

    class KillAtTwo:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, name, step):
            if name == loop and step == 2:
                raise Killed

    def fit(folder, watcher):
        run = TrainingRun(folder, "x", seed=1, device=CPU, watcher=watcher, checkpoint_seconds=0)
        method = ProgressiveGan(tiny(flip=True), 3, 16)
        method.fit(squares, run)
        return method.state_dict()

    whole = fit(tmp_path / "whole", None)
    with pytest.raises(Killed):
        fit(tmp_path / "killed", KillAtTwo())
    resumed = fit(tmp_path / "killed", None)
    for name, value in whole.items():
        assert torch.equal(resumed[name], value), name


def test_half_precision_trains_and_samples(tiny, squares, tmp_path):
    run = TrainingRun(tmp_path, "x", seed=1, device=CPU, precision="bf16")
    method = ProgressiveGan(tiny(), 3, 16)
    method.fit(squares, run)
    assert all(value.isfinite().all() for value in method.state_dict().values())
    assert method.sample(2, seeded()).latents["z"].dtype == torch.float32


def test_editors_see_latents_of_one_length(fitted):
    latents = fitted.draw_latents(3, seeded()).requires_grad_()
    assert latents.norm(dim=1).tolist() == pytest.approx([math.sqrt(latents.shape[1])] * 3)
    images = fitted.synthesise(latents)
    assert torch.equal(to_bytes(images.detach()), fitted.sample(3, seeded()).images)
    images.square().sum().backward()
    assert latents.grad.abs().sum() > 0
    assert torch.allclose(fitted.projected(3 * latents), latents)
    assert fitted.layers == 1
