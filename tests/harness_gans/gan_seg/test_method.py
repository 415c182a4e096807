"""The whole method on sixteen tiny images."""

import math

import pytest
import torch

from harness.errors import AssetMissing, ConfigError, RecordError
from harness.training.run import TrainingRun
from harness.vision.coordinates import signed_to_fractions
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.method import GanSeg


@pytest.fixture
def fitted(tiny, run, squares):
    method = GanSeg(tiny(), 3, 16)
    method.fit(squares, run)
    return method


def test_segment_gives_masks_with_the_background_first_that_sum_to_one(fitted, squares):
    masks = fitted.segment(squares.images)
    assert masks.shape == (16, 4, 16, 16)
    assert masks.dtype == torch.float32
    assert torch.allclose(masks.sum(dim=1), torch.ones(16, 16, 16), atol=1e-5)


def test_segmenting_does_not_depend_on_the_other_images_of_a_batch(fitted, squares):
    together = fitted.segment(squares.images)
    assert torch.allclose(fitted.segment(squares.images[3:4]), together[3:4], atol=1e-5)


def test_samples_come_with_masks_and_the_centres_of_their_parts(fitted):
    drawn = fitted.sample(5, torch.Generator().manual_seed(0))
    assert drawn.images.shape == (5, 3, 16, 16)
    assert drawn.images.dtype == torch.uint8
    assert drawn.masks.shape == (5, 4, 16, 16)
    centres = drawn.latents["points"].mean(dim=2)
    assert torch.allclose(drawn.keypoints, signed_to_fractions(centres, 16, grid="corners"))
    assert torch.equal(drawn.latents["keypoints"], drawn.keypoints)
    assert {name: tuple(latent.shape) for name, latent in drawn.latents.items()} == {
        "keypoints": (5, 3, 2),
        "appearance": (5, 3, 5),
        "background": (5, 5),
        "background_place": (5, 1, 2),
        "points": (5, 3, 4, 2),
    }


def test_same_generator_draws_the_same_samples(fitted):
    first = fitted.sample(3, torch.Generator().manual_seed(7))
    again = fitted.sample(3, torch.Generator().manual_seed(7))
    other = fitted.sample(3, torch.Generator().manual_seed(8))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)


def test_same_seed_learns_the_same_whatever_the_global_seed(tiny, new_run, squares):
    states = []
    for _ in range(2):
        torch.rand(3)
        method = GanSeg(tiny(), 3, 16)
        method.fit(squares, new_run(seed=5))
        states.append(method.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_state_moves_to_a_fresh_method(fitted, tiny, squares):
    fresh = GanSeg(tiny(), 3, 16)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh.segment(squares.images), fitted.segment(squares.images))
    seeds = (torch.Generator().manual_seed(0), torch.Generator().manual_seed(0))
    assert torch.equal(fresh.sample(2, seeds[0]).images, fitted.sample(2, seeds[1]).images)


def test_state_of_another_configuration_is_refused(fitted, tiny):
    with pytest.raises(RecordError, match="gan_seg: the saved generator does not fit"):
        GanSeg(tiny(mask_channels=7), 3, 16).load_state_dict(fitted.state_dict())


def test_image_size_must_be_the_last_blocks(tiny):
    with pytest.raises(ConfigError, match="image size 32; set image_size or block_sides"):
        GanSeg(tiny(), 3, 32)


def test_missing_backbone_is_told_before_the_gan_is_trained(
    tiny, run, squares, monkeypatch, tmp_path
):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    config = tiny(segmenter="deeplab_v3", backbone_init="imagenet")
    with pytest.raises(AssetMissing):
        GanSeg(config, 3, 16).fit(squares, run)
    assert run.curves == []


def test_curves_and_pictures_are_shown(fitted, run):
    names = {name for scalars in run.curves for name in scalars}
    losses = {"generator", "discriminator", "penalty", "concentration", "area"}
    assert names == losses | {"segmenter", "accuracy"}
    assert all(math.isfinite(float(v)) for scalars in run.curves for v in scalars.values())
    assert run.pictures.keys() == {"samples", "masks"}
    for pictures in run.pictures.values():
        assert all(p.dtype == torch.uint8 and p.shape[1:] == (3, 16, 16) for p in pictures)


def test_parameters_are_those_of_generator_and_segmenter(fitted):
    modules = (fitted.generator, fitted.segmenter)
    assert fitted.parameter_count() == sum(p.numel() for m in modules for p in m.parameters())


def test_untrained_method_predicts_too(tiny, run, squares):
    method = GanSeg(tiny(steps=0, segmenter_steps=0), 3, 16)
    method.fit(squares, run)
    assert method.segment(squares.images).isfinite().all()


@pytest.mark.parametrize("loop", ["gan", "segmenter"])
def test_run_killed_at_any_step_resumes_to_the_same_weights(tiny, squares, tmp_path, loop):
    config = tiny(steps=4, segmenter_steps=4, averaging=0.5, augmentation="flip_crop")

    class Killed(Exception):
        pass

    class KillAt:
        def loop_started(self, *_):
            pass

        scalars_logged = loop_finished = loop_started

        def loop_advanced(self, name, step):
            if name == loop and step == 3:
                raise Killed

    def fit(folder, watcher):
        cpu = torch.device("cpu")
        run = TrainingRun(folder, "x", seed=1, device=cpu, watcher=watcher, checkpoint_seconds=0)
        method = GanSeg(config, 3, 16)
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
    method = GanSeg(tiny(), 3, 16)
    method.fit(squares, run)
    masks = method.segment(squares.images)
    assert masks.dtype == torch.float32
    assert torch.allclose(masks.sum(dim=1), torch.ones(16, 16, 16), atol=1e-5)
    assert all(value.isfinite().all() for value in method.state_dict().values())


def test_pictures_are_shown_along_the_way_and_at_the_end(tiny, run, squares):
    GanSeg(tiny(steps=25, segmenter_steps=1), 3, 16).fit(squares, run)
    assert len(run.pictures["samples"]) == 9
    assert len(run.pictures["masks"]) == 1


def test_default_configuration_is_the_papers():
    config = GanSegConfig()
    assert (config.steps, config.batch_size) == (30_000, 64)
    assert (config.generator_rate, config.discriminator_rate) == (1e-4, 4e-4)
