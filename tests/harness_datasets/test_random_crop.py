import hashlib

import numpy as np
import pytest

from harness.errors import ConfigError
from harness.toml import validate
from harness_datasets.random_crop import RandomCropOptions, random_part


def part(name: str, area: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0), **options: object) -> list:
    return list(random_part(area, name, RandomCropOptions(**options)))


@pytest.mark.parametrize(("name", "seed", "low"), [("00007", 0, 0.7), ("a/b.png", 3, 0.25)])
def test_crop_follows_from_the_hash_of_seed_and_name(name: str, seed: int, low: float) -> None:
    """The numbers are read off the hexadecimal digest, 16 digits each."""
    text = hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
    size, across, down = (int(text[at : at + 16], 16) / 16**16 for at in (0, 16, 32))
    side = low + (1 - low) * size
    expected = [across * (1 - side), down * (1 - side)]
    expected += [expected[0] + side, expected[1] + side]
    got = part(name, smallest_crop=low, crop_seed=seed)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_crop_of_a_name_is_the_same_for_good() -> None:
    """Pinned: a change here would change what every run learns from."""
    expected = [0.0261131466, 0.0638650392, 0.9397655747, 0.9775174673]
    np.testing.assert_allclose(part("00000"), expected, rtol=0, atol=1e-9)


def test_size_and_place_are_uniform() -> None:
    boxes = np.array([part(f"{number:05d}") for number in range(4000)])
    sides = boxes[:, 2] - boxes[:, 0]
    np.testing.assert_allclose(boxes[:, 3] - boxes[:, 1], sides, atol=1e-12)
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    places = boxes[:, :2] / (1 - sides[:, None])
    drawn = np.column_stack([(sides - 0.7) / 0.3, places])
    # Deciles of a uniform draw hold a tenth each; 4,000 draws leave a deviation of 0.0047.
    for column in drawn.T:
        shares = np.histogram(column, bins=10, range=(0, 1))[0] / len(column)
        np.testing.assert_allclose(shares, 0.1, atol=0.025)
    # Size and place have nothing to do with each other.
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.eye(3), atol=0.06)


def test_area_s_place_and_proportions_are_kept() -> None:
    left, top, right, bottom = part("x", (10.0, 20.0, 110.0, 60.0))
    plain = part("x")
    np.testing.assert_allclose([left, right], 10 + 100 * np.array(plain[0::2]))
    np.testing.assert_allclose([top, bottom], 20 + 40 * np.array(plain[1::2]))


def test_seed_and_name_change_the_crop() -> None:
    assert part("x") == part("x")
    assert part("x") != part("y")
    assert part("x") != part("x", crop_seed=1)


def test_whole_area_may_be_kept() -> None:
    area = (0.1, 0.2, 77.7, 55.5)
    assert part("x", area, smallest_crop=1.0) == list(area)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_share_beyond_the_edge_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="smallest_crop"):
        validate(RandomCropOptions, {"smallest_crop": share}, "suite")
