"""The whole method on tiny images of two discs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_discs import discs, draw_discs, regression_error
from memory_run import MemoryRun

from harness.errors import AssetMissing, RecordError
from harness.vision.masks import part_centres, part_labels
from harness.vision.perceptual import FeatureNet, vgg
from harness_baselines.feature_factorisation.config import FeatureFactorisationConfig
from harness_baselines.feature_factorisation.method import FeatureFactorisation

TINY = {"features": "rotation_net", "images": 40, "iterations": 100, "rotation_steps": 20}


def tiny(**changes: object) -> FeatureFactorisationConfig:
    return FeatureFactorisationConfig(**{**TINY, **changes})


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    return torch.from_numpy(draw_discs(16, 32, 9)[0])


@pytest.fixture(scope="module")
def learnt() -> FeatureFactorisation:
    method = FeatureFactorisation(tiny(), 4, 32)
    method.fit(discs(64, 32), MemoryRun())
    return method


def test_parts_follow_the_discs_of_new_images(learnt):
    pixels, truth = draw_discs(200, 32, 5)
    points = part_centres(learnt.segment(torch.from_numpy(pixels))).numpy()
    assert min(regression_error(points, truth[:, [disc]]) for disc in (0, 1)) < 0.5


def test_the_plain_ground_is_background_and_discs_are_not(learnt):
    pixels, truth = draw_discs(50, 32, 6)
    labels = part_labels(learnt.segment(torch.from_numpy(pixels))).numpy()
    columns, rows = (truth * 32).astype(int).transpose(2, 0, 1)
    images = np.arange(50)
    for disc in (0, 1):
        assert (labels[images, rows[:, disc], columns[:, disc]] > 0).mean() > 0.8
    assert (labels[:, 0, :] == 0).mean() > 0.6


def test_masks_are_shares_of_every_pixel(learnt, photos):
    masks = learnt.segment(photos)
    assert masks.shape == (16, 5, 32, 32)
    assert masks.dtype == torch.float32
    assert masks.min() >= 0
    assert torch.allclose(masks.sum(dim=1), torch.ones(16, 32, 32), atol=1e-5)


def test_where_no_factor_is_held_is_background(learnt):
    fresh = FeatureFactorisation(tiny(), 4, 32)  # factors of zeros
    masks = fresh.segment(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    assert masks[0, 0].eq(1.0).all()
    assert masks[0, 1:].eq(0.0).all()


def test_segmenting_does_not_depend_on_the_other_images_of_a_batch(learnt, photos):
    assert torch.allclose(learnt.segment(photos[3:4]), learnt.segment(photos)[3:4], atol=1e-4)


def test_state_moves_to_a_fresh_method(learnt, photos):
    fresh = FeatureFactorisation(tiny(), 4, 32)
    fresh.load_state_dict(learnt.state_dict())
    assert torch.equal(fresh.segment(photos), learnt.segment(photos))
    assert fresh.parameter_count() == learnt.parameter_count() > 5 * 64


def test_state_of_another_number_of_parts_is_refused(learnt):
    with pytest.raises(RecordError, match="feature_factorisation: the saved factors does not fit"):
        FeatureFactorisation(tiny(), 5, 32).load_state_dict(learnt.state_dict())


def test_same_seed_learns_the_same(learnt):
    again = FeatureFactorisation(tiny(), 4, 32)
    again.fit(discs(64, 32), MemoryRun())
    for name, value in learnt.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_missing_weights_are_named_with_what_to_do(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    method = FeatureFactorisation(tiny(features="vgg19_imagenet"), 4, 32)
    with pytest.raises(AssetMissing, match=r"features = vgg19_imagenet needs .*vgg19-dcbb9e9d"):
        method.fit(discs(8, 32), MemoryRun())


class Colours(FeatureNet):
    """Stands for VGG-19: how much red, green and blue blocks of 2 pixels have and lack."""

    layers = 1

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        levels = torch.nn.functional.avg_pool2d(images, 2) / 255.0
        features = torch.zeros(len(levels), 512, *levels.shape[2:])
        features[:, :3], features[:, 3:6] = levels, 1.0 - levels
        return [features]


def test_with_given_weights_the_network_is_read_again_and_never_stored(monkeypatch, photos):
    asked = []

    def read(last: int, setting: str) -> FeatureNet:
        asked.append((last, setting))
        return Colours()

    monkeypatch.setattr(vgg, "vgg19_imagenet", read)
    method = FeatureFactorisation(tiny(features="vgg19_imagenet"), 2, 32)
    run = MemoryRun()
    method.fit(discs(64, 32), run)
    assert run.loops == []
    assert {name: tuple(v.shape) for name, v in method.state_dict().items()} == {
        "factors.values": (3, 512)
    }
    fresh = FeatureFactorisation(tiny(features="vgg19_imagenet"), 2, 32)
    fresh.load_state_dict(method.state_dict())
    assert torch.equal(fresh.segment(photos), method.segment(photos))
    assert asked == [(4, "features")] * 2


def test_a_setting_of_given_weights_is_said():
    assert tiny().also_sees() == ()
    assert tiny(features="vgg19_imagenet").also_sees() == ("imagenet weights",)
