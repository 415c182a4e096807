"""Channels of maps by their side."""

import pytest

from harness.errors import ConfigError
from harness_gans.widths import widths


def test_channels_shrink_with_the_side_from_their_limit_on():
    assert widths(32, 200, 30, "x") == [30, 25, 12, 6]


@pytest.mark.parametrize("size", [4, 24, 28, 100])
def test_side_that_is_no_power_of_two_is_refused(size):
    with pytest.raises(ConfigError, match=f"stylegan2: image_size {size} is no power of two"):
        widths(size, 32768, 512, "stylegan2")


def test_map_without_a_channel_is_refused():
    with pytest.raises(ConfigError, match="16 / 32 leaves the largest map without a channel"):
        widths(32, 16, 512, "x")
