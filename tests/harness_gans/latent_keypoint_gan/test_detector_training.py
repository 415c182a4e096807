"""The detector learns from what the generator draws."""

import pytest
import torch

from harness_gans.latent_keypoint_gan.detector import build_detector
from harness_gans.latent_keypoint_gan.detector_training import DetectorTraining
from harness_gans.latent_keypoint_gan.spatial_embedding import keypoint_heatmaps


@pytest.fixture
def training(tiny, drawn_generator, run):
    def make(**changes):
        config = tiny(**changes)
        generator = drawn_generator(config).float()
        return DetectorTraining(config, build_detector(config, 3), generator, run)

    return make


def spotted(teaching):
    """Replaces the generator's images by one coloured spot a keypoint, anywhere in the image."""
    source = torch.Generator().manual_seed(0)

    def pairs(count):
        points = torch.rand(count, 3, 2, generator=source) * 1.6 - 0.8
        return 2.0 * keypoint_heatmaps(points, 16, 0.1, teaching.config.grid) - 1.0, points

    teaching.pairs = pairs


@pytest.mark.parametrize("loss", ["heatmap", "cross_entropy"])
def test_detector_finds_the_keypoints_of_a_toy_generator(training, loss):
    teaching = training(
        detector_loss=loss, detector_rate=1e-2, detector_batch_size=8, detector_channels=8
    )
    spotted(teaching)
    results = [teaching.step(step) for step in range(80)]
    # A guess in the middle is off by .61 on average.
    assert results[0]["distance"] > 0.35
    assert sum(r["distance"] for r in results[-5:]) / 5 < 0.15
    assert results[-1]["detector"] < results[0]["detector"]


def test_pairs_are_drawn_in_evaluation_with_their_keypoints(training):
    teaching = training()
    images, points = teaching.pairs(4)
    assert images.shape == (4, 3, 16, 16)
    assert points.shape == (4, 3, 2)
    assert not teaching.generator.training
    teaching.run.generators.clear()
    again = teaching.pairs(4)
    assert torch.equal(images, again[0])
    assert torch.equal(points, again[1])


def test_jitter_of_the_pairs_is_the_detectors_own(training):
    spreads = []
    for changes in ({"position_jitter": 5.0}, {"detector_jitter": 1.0}):
        teaching = training(**changes)
        spreads.append(teaching.pairs(64)[1].std().item())
    assert spreads[1] > 2 * spreads[0]


def test_steps_are_those_of_the_number_of_pairs(training):
    assert training(detector_pairs=13, detector_batch_size=4).steps == 4


def test_generator_learns_nothing_and_its_statistics_stand_still(training):
    teaching = training()
    before = {name: value.clone() for name, value in teaching.generator.state_dict().items()}
    teaching.step(0)
    for name, value in teaching.generator.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_rate_falls_over_the_second_half_only_where_asked(training):
    rates = []
    for decay in (False, True):
        teaching = training(detector_decay=decay, detector_pairs=32, detector_rate=1.0)
        for step in (0, 4, 6):
            teaching.step(step)
            rates.append(teaching.optimiser.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
