"""The segmenter learns from what the generator draws."""

import pytest
import torch

from harness_gans.gan_seg.segmenter import build_segmenter
from harness_gans.gan_seg.segmenter_training import SegmenterTraining


@pytest.fixture
def training(tiny, drawn_generator, run):
    def make(**changes):
        config = tiny(**changes)
        generator = drawn_generator(config).float()
        return SegmenterTraining(config, build_segmenter(config, 3), generator, run)

    return make


def test_loss_falls_and_accuracy_rises(training):
    teaching = training(segmenter_rate=1e-2)
    results = [teaching.step(step) for step in range(40)]
    first, last = results[:5], results[-5:]
    assert sum(r["segmenter"] for r in last) < 0.8 * sum(r["segmenter"] for r in first)
    assert sum(r["accuracy"] for r in last) > sum(r["accuracy"] for r in first) + 0.5


def test_labels_are_the_most_probable_channel_with_background_0(training):
    teaching = training()
    images, labels = teaching.pairs(4)
    teaching.run.generators.clear()
    drawn = teaching.generator
    assert images.shape == (4, 3, 16, 16)
    assert labels.dtype == torch.int64
    assert int(labels.max()) <= 3
    assert not drawn.training


def test_generator_learns_nothing_and_its_statistics_stand_still(training):
    teaching = training()
    before = {name: value.clone() for name, value in teaching.generator.state_dict().items()}
    teaching.step(0)
    for name, value in teaching.generator.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_rate_falls_over_the_second_half_only_where_asked(training):
    rates = []
    for decay in (False, True):
        teaching = training(segmenter_decay=decay, segmenter_steps=8, segmenter_rate=1.0)
        for step in (0, 4, 6):
            teaching.step(step)
            rates.append(teaching.optimiser.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 1.0, 1.0, 1.0, 0.5]
