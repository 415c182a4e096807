"""The whole method on sixteen tiny images."""

import math

import pytest
import torch

from harness.errors import ConfigError, RecordError
from harness.training.run import TrainingRun
from harness_gans.pixels import to_bytes
from harness_gans.stylegan2.method import StyleGan2

CPU = torch.device("cpu")


@pytest.fixture
def fitted(tiny, run, squares):
    method = StyleGan2(tiny(), 3, 16)
    method.fit(squares, run)
    return method


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_samples_come_with_their_latents(fitted):
    drawn = fitted.sample(5, seeded())
    assert drawn.images.shape == (5, 3, 16, 16)
    assert drawn.images.dtype == torch.uint8
    assert {name: tuple(v.shape) for name, v in drawn.latents.items()} == {"z": (5, 6), "w": (5, 7)}
    assert drawn.keypoints is None
    with torch.no_grad():
        network = fitted.generator
        assert torch.equal(network.mapping(drawn.latents["z"]), drawn.latents["w"])
        again = network.synthesis(drawn.latents["w"])
    assert torch.equal(to_bytes(again), drawn.images)


def test_same_generator_draws_the_same_samples(fitted):
    first, again = fitted.sample(3, seeded(7)), fitted.sample(3, seeded(7))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, fitted.sample(3, seeded(8)).images)


def test_truncation_pulls_samples_together(fitted, tiny):
    state = fitted.state_dict()

    def drawn(**changes):
        method = StyleGan2(tiny(**changes), 3, 16)
        method.load_state_dict(state)
        return method.sample(8, seeded())

    whole, some, none = drawn(), drawn(truncation=0.5), drawn(truncation=0.0)
    spread = [d.images.float().std(dim=0).mean().item() for d in (whole, some, none)]
    assert spread[0] > spread[1] > spread[2] == 0.0
    assert torch.equal(some.latents["w"], whole.latents["w"])
    first = drawn(truncation=0.0, truncation_layers=2).images.float().std(dim=0).mean().item()
    assert spread[0] > first > 0.0


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, new_run, squares):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = StyleGan2(tiny(flip=True), 3, 16)
        method.fit(squares, new_run(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(fitted, tiny):
    fresh = StyleGan2(tiny(), 3, 16)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.sample(2, seeded()).images, fitted.sample(2, seeded()).images)
    with pytest.raises(RecordError, match="stylegan2: the saved generator does not fit"):
        StyleGan2(tiny(style_size=5), 3, 16).load_state_dict(fitted.state_dict())


@pytest.mark.parametrize(
    ("changes", "size", "message"),
    [
        ({}, 24, "image_size 24 is no power of two"),
        ({"channel_base": 8}, 16, "8 / 16 leaves the largest map without a channel"),
        ({"discriminator_base": 8}, 16, "8 / 16 leaves the largest map without a channel"),
    ],
)
def test_what_cannot_be_built_is_refused(tiny, changes, size, message):
    with pytest.raises(ConfigError, match=message):
        StyleGan2(tiny(**changes), 3, size)


def test_batch_that_groups_do_not_divide_is_refused(tiny):
    with pytest.raises(ValueError, match="batch_size 6 is no multiple of deviation_group 4"):
        tiny(batch_size=6, deviation_group=4)
    assert tiny(batch_size=3, deviation_group=4).batch_size == 3


def test_curves_and_pictures_are_shown(fitted, run):
    assert run.loops == ["gan"]
    assert len(run.curves) == 3
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    assert run.pictures.keys() == {"samples"}
    assert {tuple(p.shape) for p in run.pictures["samples"]} == {(24, 3, 16, 16)}


def test_parameters_are_those_of_the_generator(fitted):
    assert fitted.parameter_count() == sum(p.numel() for p in fitted.generator.parameters())


def test_untrained_method_samples_too(tiny, squares, tmp_path):
    method = StyleGan2(tiny(), 3, 16)
    method.fit(squares, TrainingRun(tmp_path, "x", seed=1, device=CPU, step_limit=0))
    assert method.sample(3, seeded()).images.float().std() > 0


def test_run_killed_between_steps_resumes_to_the_same_weights(tiny, squares, tmp_path):
    class Killed(Exception):
        pass

    class KillAtTwo:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, _, step):
            if step == 2:
                raise Killed

    def fit(folder, watcher):
        run = TrainingRun(folder, "x", seed=1, device=CPU, watcher=watcher, checkpoint_seconds=0)
        method = StyleGan2(tiny(flip=True, averaging_ramp=0.5), 3, 16)
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
    method = StyleGan2(tiny(), 3, 16)
    method.fit(squares, run)
    assert method.sample(2, seeded()).latents["w"].dtype == torch.float32
    assert all(value.isfinite().all() for value in method.state_dict().values())


def test_editors_see_latents_of_one_or_of_all_layers(fitted):
    latents = fitted.draw_latents(3, seeded()).requires_grad_()
    images = fitted.synthesise(latents)
    assert torch.equal(to_bytes(images.detach()), fitted.sample(3, seeded()).images)
    each = latents[:, None].expand(-1, fitted.layers, -1)
    assert torch.equal(fitted.synthesise(each), images)
    images.square().sum().backward()
    assert latents.grad.abs().sum() > 0
    assert torch.equal(fitted.projected(latents), latents)
