import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from harness_baselines.colour_clusters import ColourClusters
from harness_baselines.config import ColourClustersConfig


@pytest.fixture
def method() -> ColourClusters:
    return ColourClusters(ColourClustersConfig(), 5, 32)


def picture(labels: np.ndarray, *colours: tuple[int, int, int]) -> torch.Tensor:
    """One image that shows a colour for each label."""
    pixels = np.array(colours, np.uint8)[labels]
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())


def test_disc_on_a_plain_background_is_the_foreground(method):
    rows, columns = np.mgrid[:32, :32]
    disc = ((rows - 14) ** 2 + (columns - 18) ** 2 < 64).astype(int)
    for colours in (((9, 9, 9), (250, 0, 0)), ((250, 0, 0), (9, 9, 9))):
        got = method.segment(picture(disc, *colours))
        assert got.shape == (1, 2, 32, 32)
        assert got.dtype == torch.float32
        np.testing.assert_array_equal(got[0, 1].numpy(), disc)
        np.testing.assert_array_equal(got[0, 0].numpy(), 1 - disc)


def test_clusters_are_those_of_scikit_learn_and_not_the_first_split():
    """Exponential grey levels: the mean splits them far too low, so many steps are needed."""
    random = np.random.default_rng(0)
    levels = random.exponential(40, (16, 16, 1)) + random.normal(20, 2, (16, 16, 3))
    pixels = levels.clip(0, 255).astype(np.uint8)
    image = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())
    clusters = KMeans(2, n_init=5, random_state=0).fit_predict(pixels.reshape(-1, 3))
    agreement = {count: (segmented(image, count) == clusters).mean() for count in (1, 50)}
    assert agreement[50] in (0, 1)
    assert 0.01 < agreement[1] < 0.99


def segmented(image: torch.Tensor, iterations: int) -> np.ndarray:
    method = ColourClusters(ColourClustersConfig(iterations=iterations), 5, 16)
    return method.segment(image).argmax(dim=1).flatten().numpy()


def test_object_that_touches_a_corner_is_still_foreground(method):
    labels = np.zeros((16, 16), dtype=int)
    labels[:12, :12] = 1
    got = method.segment(picture(labels, (0, 0, 0), (200, 200, 200)))
    assert int(labels.sum()) > 128
    np.testing.assert_array_equal(got[0, 1].numpy(), labels)


def test_larger_cluster_is_background_when_the_border_is_shared_equally(method):
    labels = np.zeros((8, 8), dtype=int)
    labels[:, 4:] = 1
    labels[3, 3] = 1
    got = method.segment(picture(labels, (0, 0, 0), (200, 200, 200)))
    np.testing.assert_array_equal(got[0, 1].numpy(), 1 - labels)


def test_image_of_one_colour_is_all_background(method):
    got = method.segment(torch.full((2, 3, 8, 8), 77, dtype=torch.uint8))
    assert not got[:, 1].any()


def test_batch_has_no_influence(method, photos):
    together = method.segment(photos)
    alone = torch.cat([method.segment(photo[None]) for photo in photos])
    assert torch.equal(alone, together)


def test_state_is_empty_and_learning_changes_nothing(method, photos, run):
    before = method.segment(photos)
    method.fit(None, run())
    restored = ColourClusters(ColourClustersConfig(), 5, 32)
    restored.load_state_dict(method.state_dict())
    assert torch.equal(restored.segment(photos), before)
