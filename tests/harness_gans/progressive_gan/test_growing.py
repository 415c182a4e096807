"""The stages of a configuration, and what is refused."""

import pytest

from harness.errors import ConfigError
from harness_gans.growing import Stage
from harness_gans.progressive_gan.config import ProgressiveGanConfig
from harness_gans.progressive_gan.growing import stages


def test_paper_grows_from_4_to_1024_pixels_and_the_last_side_gets_what_is_left():
    planned = stages(ProgressiveGanConfig(), 1024)
    assert [stage.side for stage in planned] == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert [stage.batch_size for stage in planned] == [128, 128, 128, 64, 32, 16, 8, 4, 4]
    shown = [stage.steps * stage.batch_size for stage in planned]
    assert shown == [600_064, *[1_200_000] * 7, 3_000_000]
    fading = [stage.adapting_steps * stage.batch_size for stage in planned]
    assert fading == [0, 600_064, 600_064, *[600_000] * 6]


def test_small_plan_by_hand(tiny):
    assert stages(tiny(images=60), 16) == [
        Stage(4, 4, 3, 0),
        Stage(8, 4, 5, 2),
        Stage(16, 4, 7, 2),
    ]
    assert stages(tiny(start_side=8, images=40), 16) == [Stage(8, 4, 3, 0), Stage(16, 4, 7, 2)]
    assert stages(tiny(start_side=16), 16) == [Stage(16, 4, 13, 0)]
    assert stages(tiny(images=0), 16) == []


@pytest.mark.parametrize(
    ("changes", "side", "message"),
    [
        ({}, 24, "progressive_gan: image_size 24 is no power of two"),
        ({}, 32, r"batch_sizes has 3 values, expected one for each of the sides \[4, 8, 16, 32\]"),
        ({"start_side": 5}, 16, r"start_side 5 is none of the sides \[4, 8, 16\]"),
        ({"start_side": 32}, 16, "start_side 32 is none of the sides"),
        ({"images": 51}, 16, "images 51 is less than the 52 of the stages up to 16 pixels"),
        ({"channel_base": 8}, 16, "8 / 16 leaves the largest map without a channel"),
    ],
)
def test_what_does_not_fit_is_refused(tiny, changes, side, message):
    with pytest.raises(ConfigError, match=message):
        stages(tiny(**changes), side)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_sizes": (4, 6), "deviation_group": 4}, "6 is below 2 or no multiple of"),
        ({"batch_sizes": (1,)}, "1 is below 2"),
        ({"weights_file": "x.pth"}, "weights_file is given, which needs images = 0"),
    ],
)
def test_configurations_that_contradict_themselves_are_refused(tiny, changes, message):
    with pytest.raises(ValueError, match=message):
        tiny(**changes)
