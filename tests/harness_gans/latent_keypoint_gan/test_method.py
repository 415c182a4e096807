"""The whole method on sixteen tiny images."""

import math

import pytest
import torch

from harness.errors import ConfigError, RecordError, ShapeError
from harness.training.run import TrainingRun
from harness_gans.latent_keypoint_gan.method import LatentKeypointGan


@pytest.fixture
def fitted(tiny, run, squares):
    method = LatentKeypointGan(tiny(), 3, 16)
    method.fit(squares, run)
    return method


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_detect_gives_fractions_with_a_confidence(fitted, squares):
    found = fitted.detect(squares.images)
    assert found.points.shape == (16, 3, 2)
    assert found.points.dtype == torch.float32
    assert found.points.min() > 0
    assert found.points.max() < 1
    assert found.confidence.shape == (16, 3)
    assert found.confidence.min() >= 0
    assert found.confidence.max() <= 1


def test_detecting_does_not_depend_on_the_other_images_of_a_batch(fitted, squares):
    together = fitted.detect(squares.images).points
    assert torch.allclose(fitted.detect(squares.images[3:4]).points, together[3:4], atol=1e-5)


def test_samples_come_with_their_keypoints_and_embeddings(fitted):
    drawn = fitted.sample(5, seeded())
    assert drawn.images.shape == (5, 3, 16, 16)
    assert drawn.images.dtype == torch.uint8
    shapes = {name: tuple(value.shape) for name, value in drawn.latents.items()}
    assert shapes == {"keypoints": (5, 3, 2), "appearance": (5, 3, 5), "background": (5, 5)}
    assert torch.equal(drawn.keypoints, drawn.latents["keypoints"])
    assert drawn.masks is None


def test_same_generator_draws_the_same_samples(fitted):
    first, again = fitted.sample(3, seeded(7)), fitted.sample(3, seeded(7))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, fitted.sample(3, seeded(8)).images)


@pytest.mark.parametrize("grid", ["printed", "corners", "centres"])
@pytest.mark.parametrize("background", [True, False])
def test_rendering_the_latents_of_a_sample_gives_it_again_bit_for_bit(tiny, grid, background):
    method = LatentKeypointGan(tiny(grid=grid, separate_background=background), 3, 16)
    drawn = method.sample(6, seeded())
    again = method.render({name: value.clone() for name, value in drawn.latents.items()})
    assert torch.equal(again.images, drawn.images)
    assert torch.equal(again.keypoints, drawn.keypoints)
    assert again.latents.keys() == drawn.latents.keys()


def test_each_changed_latent_changes_the_image_and_swapping_is_exact(fitted):
    drawn = fitted.sample(4, seeded())
    order = [1, 0, 3, 2]
    for name, value in drawn.latents.items():
        changed = fitted.render({**drawn.latents, name: value[order]})
        assert not torch.equal(changed.images, drawn.images), name
    swapped = fitted.render({name: value[order] for name, value in drawn.latents.items()})
    difference = swapped.images.int() - drawn.images[order].int()
    assert difference.abs().max() <= 1


def test_moving_a_keypoint_changes_what_lies_around_it(tiny):
    method = LatentKeypointGan(tiny(tau=0.02, grid="centres"), 3, 16)
    for parameter in method.generator.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=seeded())
    latents = dict(method.sample(2, seeded()).latents)
    latents["keypoints"] = torch.full_like(latents["keypoints"], 0.2)
    before = method.render(latents)
    moved = latents["keypoints"].clone()
    moved[:, 0] = torch.tensor([0.8, 0.2])
    after = method.render({**latents, "keypoints": moved})
    assert torch.equal(after.keypoints, moved)
    change = (after.images.float() - before.images.float()).abs().mean(dim=(0, 1))
    assert change[:8, 8:].mean() > 2 * change[8:].mean()


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("keypoints", (2, 4, 2), r"keypoints has shape \[2, 4, 2\], expected \[2, 3, 2\]"),
        ("appearance", (2, 3, 6), r"appearance has shape \[2, 3, 6\], expected \[2, 3, 5\]"),
        ("background", (1, 5), r"background has shape \[1, 5\], expected \[2, 5\]"),
        ("background", None, "the latents have no background; they need keypoints, appearance"),
        ("keypoints", None, "the latents have no keypoints"),
    ],
)
def test_latents_of_another_form_are_refused(tiny, name, shape, message):
    method = LatentKeypointGan(tiny(), 3, 16)
    latents = dict(method.sample(2, seeded()).latents)
    del latents[name]
    if shape:
        latents[name] = torch.zeros(shape)
    with pytest.raises(ShapeError, match=message):
        method.render(latents)


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, new_run, squares):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = LatentKeypointGan(tiny(), 3, 16)
        method.fit(squares, new_run(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(fitted, tiny, squares):
    fresh = LatentKeypointGan(tiny(), 3, 16)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.detect(squares.images).points, fitted.detect(squares.images).points)
    assert torch.equal(fresh.sample(2, seeded()).images, fitted.sample(2, seeded()).images)


def test_state_of_another_configuration_is_refused(fitted, tiny):
    with pytest.raises(RecordError, match="latent_keypoint_gan: the saved generator does not fit"):
        LatentKeypointGan(tiny(style_channels=7), 3, 16).load_state_dict(fitted.state_dict())


@pytest.mark.parametrize(
    ("changes", "parts", "size", "message"),
    [
        ({}, 3, 32, r"the last of stage_sides \[8, 16\] is not the image size 32; set image_size"),
        ({}, 65, 16, "65 keypoints are asked for, but at most 64 are possible"),
        ({"detector": "resnet"}, 3, 16, "16 pixels do not allow; use detector = unet"),
    ],
)
def test_what_cannot_be_built_is_refused(tiny, changes, parts, size, message):
    with pytest.raises(ConfigError, match=message):
        LatentKeypointGan(tiny(**changes), parts, size)


def test_number_of_keypoints_of_the_configuration_goes_before_the_suites(tiny, squares):
    method = LatentKeypointGan(tiny(keypoints=6), 99, 16)
    assert method.sample(2, seeded()).keypoints.shape == (2, 6, 2)
    assert method.detect(squares.images).points.shape == (16, 6, 2)


def test_curves_and_pictures_are_shown(fitted, run):
    assert run.loops == ["gan_8", "gan_16", "detector"]
    names = {name for scalars in run.curves for name in scalars}
    losses = {"generator", "discriminator", "penalty", "background"}
    assert names == losses | {"keypoint_distance", "detector", "distance"}
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    assert run.pictures.keys() == {"samples", "detected"}
    sides = {picture.shape[-1] for picture in run.pictures["samples"]}
    assert sides == {8, 16}
    assert all(len(picture) == 5 * 8 for picture in run.pictures["samples"])
    assert all(picture.dtype == torch.uint8 for picture in run.pictures["detected"])


def test_parameters_are_those_of_generator_and_detector(fitted):
    modules = (fitted.generator, fitted.detector)
    assert fitted.parameter_count() == sum(p.numel() for m in modules for p in m.parameters())


def test_untrained_method_predicts_too(tiny, squares, tmp_path):
    cpu = torch.device("cpu")
    method = LatentKeypointGan(tiny(), 3, 16)
    method.fit(squares, TrainingRun(tmp_path, "x", seed=1, device=cpu, step_limit=0))
    assert method.detect(squares.images).points.isfinite().all()
    assert len(method.sample(3, seeded()).images) == 3


@pytest.mark.parametrize("loop", ["gan_8", "gan_16", "detector"])
def test_run_killed_at_any_step_resumes_to_the_same_weights(tiny, squares, tmp_path, loop):
    config = tiny(
        averaging=0.5,
        smallest_crop=0.7,
        flip=True,
        mix_real=True,
        recovery_weight=1.0,
        position_jitter=0.1,
        detector_jitter=0.1,
        background_pairs=2,
    )

    class Killed(Exception):
        pass

    class KillAt:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, name, step):
            if name == loop and step == 2:
                raise Killed

    def fit(folder, watcher):
        cpu = torch.device("cpu")
        run = TrainingRun(folder, "x", seed=1, device=cpu, watcher=watcher, checkpoint_seconds=0)
        method = LatentKeypointGan(config, 3, 16)
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
    method = LatentKeypointGan(tiny(recovery_weight=1.0), 3, 16)
    method.fit(squares, run)
    assert method.detect(squares.images).points.dtype == torch.float32
    assert all(value.isfinite().all() for value in method.state_dict().values())


def test_residual_discriminator_and_pairs_within_the_batch_train_too(tiny, run, squares):
    config = tiny(
        discriminator="residual",
        batch_deviation=True,
        background_pairs=2,
        shared_fakes=True,
        detector_loss="cross_entropy",
        stage_sides=(16,),
        stage_images=(12,),
        batch_sizes=(4,),
    )
    method = LatentKeypointGan(config, 3, 16)
    method.fit(squares, run)
    assert run.loops == ["gan_16", "detector"]
    assert method.detect(squares.images).points.isfinite().all()
