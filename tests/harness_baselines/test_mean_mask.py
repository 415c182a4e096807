import numpy as np
import pytest
import torch

from harness.errors import DataError
from harness_baselines.config import BaselineConfig
from harness_baselines.mean_mask import THRESHOLDS, MeanMask

IMAGES = torch.zeros((3, 3, 8, 8), dtype=torch.uint8)


@pytest.fixture
def masks() -> np.ndarray:
    """300 rectangles of different sizes about the centre."""
    random = np.random.default_rng(0)
    masks = np.zeros((300, 8, 8), dtype=bool)
    for mask in masks:
        top, left = random.integers(0, 4, 2)
        mask[top : 8 - random.integers(0, 3), left : 8 - random.integers(0, 4)] = True
    return masks


def fit(labelled, run) -> MeanMask:
    method = MeanMask(BaselineConfig(), 5, 8)
    method.fit(None, run(labelled))
    return method


def mean_overlap(cut: np.ndarray, masks: np.ndarray, counted: np.ndarray) -> float:
    overlaps = []
    for mask, valid in zip(masks, counted, strict=True):
        union = ((cut | mask) & valid).sum()
        overlaps.append((cut & mask & valid).sum() / union if union else 1.0)
    return float(np.mean(overlaps))


@pytest.mark.parametrize("ignoring", [False, True])
def test_most_probable_channel_is_the_cut_of_largest_mean_overlap(masks, labels, run, ignoring):
    counted = np.ones_like(masks)
    if ignoring:
        counted = np.random.default_rng(1).random(masks.shape) < 0.7
    labelled = labels(foreground=masks, ignored=~counted if ignoring else None)
    got = fit(labelled, run).segment(IMAGES)[0].argmax(0).numpy().astype(bool)
    mean = (masks & counted).sum(axis=0) / counted.sum(axis=0)
    best = max(mean_overlap(mean > threshold, masks, counted) for threshold in THRESHOLDS)
    assert mean_overlap(got, masks, counted) == pytest.approx(best)
    assert best > mean_overlap(mean > 0.9, masks, counted)


def test_masks_are_soft_sum_to_one_and_are_the_same_in_every_image(masks, labels, run):
    got = fit(labels(foreground=masks), run).segment(IMAGES)
    assert got.shape == (3, 2, 8, 8)
    assert got.dtype == torch.float32
    assert torch.allclose(got.sum(dim=1), torch.ones(3, 8, 8))
    assert torch.equal(got[0], got[2])
    assert len(got[0, 1].unique()) > 3


def test_empty_labels_give_an_empty_mask(labels, run):
    got = fit(labels(foreground=np.zeros((4, 8, 8), dtype=bool)), run).segment(IMAGES)
    assert not got.argmax(dim=1).any()


def test_pixel_ignored_everywhere_is_background(masks, labels, run):
    ignored = np.zeros_like(masks)
    ignored[:, 4, 4] = True
    got = fit(labels(foreground=masks, ignored=ignored), run).segment(IMAGES)[0].argmax(0)
    assert got[4, 4] == 0
    assert got[3, 4] == 1


def test_state_survives_a_round_trip(masks, labels, run):
    method = fit(labels(foreground=masks), run)
    restored = MeanMask(BaselineConfig(), 5, 8)
    restored.load_state_dict(method.state_dict())
    assert torch.equal(restored.segment(IMAGES), method.segment(IMAGES))


def test_labels_without_foreground_are_refused(labels, run):
    with pytest.raises(DataError, match="needs foreground masks"):
        fit(labels(landmarks=np.zeros((2, 1, 2), np.float32)), run)
