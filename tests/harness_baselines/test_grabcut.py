import sys

import pytest
import torch

from harness.errors import AssetMissing
from harness_baselines.config import GrabCutConfig
from harness_baselines.grabcut import GrabCut


@pytest.fixture
def method() -> GrabCut:
    pytest.importorskip("cv2", reason="OpenCV is an extra")
    return GrabCut(GrabCutConfig(), 5, 32)


def test_disc_is_cut_out(method, photos, run):
    """The disc is the redder part of every picture."""
    method.fit(None, run())
    got = method.segment(photos)
    truth = photos[:, 0].float() > photos[:, 2].float()
    assert got.shape == (7, 2, 32, 32)
    assert got.dtype == torch.float32
    assert torch.equal(got.sum(dim=1), torch.ones(7, 32, 32))
    assert (got[:, 1].bool() == truth).double().mean() > 0.98


def test_frame_outside_the_rectangle_is_always_background(photos):
    """At a margin of 0.3 the rectangle is pixels 10 to 21, smaller than most discs."""
    pytest.importorskip("cv2", reason="OpenCV is an extra")
    foreground = GrabCut(GrabCutConfig(margin=0.3), 5, 32).segment(photos)[:, 1]
    assert foreground.any()
    foreground[:, 10:22, 10:22] = 0
    assert not foreground.any()


def test_image_of_one_colour_raises_nothing(method):
    got = method.segment(torch.full((1, 3, 8, 8), 77, dtype=torch.uint8))
    assert got.shape == (1, 2, 8, 8)


def test_batch_has_no_influence(method, photos):
    together = method.segment(photos)
    alone = torch.cat([method.segment(photo[None]) for photo in photos.flip(0)]).flip(0)
    assert torch.equal(alone, together)


def test_random_generator_starts_anew_for_every_image(method, photos, monkeypatch):
    """About one block picture in a hundred depends on it, too few to see in the masks."""
    import cv2

    seeds: list[int] = []
    monkeypatch.setattr(cv2, "setRNGSeed", seeds.append)
    method.segment(photos)
    assert seeds == [0] * 7


def test_missing_opencv_is_named_with_its_extra(monkeypatch, run):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(AssetMissing, match=r"pip install 'harness\[grabcut\]'"):
        GrabCut(GrabCutConfig(), 5, 32).fit(None, run())
