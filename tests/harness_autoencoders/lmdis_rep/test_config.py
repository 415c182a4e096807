"""What the configuration refuses, and what it says it lets the method see."""

import pytest
from pydantic import ValidationError

from harness_autoencoders.lmdis_rep.config import LmdisRepConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"image_decoder": ((8,), (8,))}, "image_decoder has 2 stages, expected 5"),
        (
            {"landmark_decoder": ((64,), (63,), (32,), (32,))},
            "landmark_decoder: stage 1 ends with 63 channels, but meets a skip of 64",
        ),
        (
            {"feature_decoder": ((256,), (128,), (64,), ())},
            "a stage of feature_encoder or feature_decoder has no convolution",
        ),
        ({"image_encoder": ((64,), (), (256,), (512,), (512,))}, "has no convolution"),
        ({"landmark_encoder": (), "landmark_decoder": ()}, "at least 1 item"),
        ({"redrawn_widths": (0.1, 0.0)}, "greater than 0"),
        ({"landmark_encoder": ((0,),)}, "greater than 0"),
        (
            {"reconstruction_growth": (10.0,)},
            "reconstruction_growth has 1 factors, expected one for each of the 2 milestones",
        ),
        ({"mask_off": 0.3, "mask_rise": 0.2}, "mask_off . mask_rise is 0.500, expected less"),
        ({"norm_frozen_from": 5}, "norm_steps is 500, expected 0 with norm_frozen_from"),
        ({"reconstruction_milestones": (5,)}, "has 2 factors, expected one for each of the 1"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        LmdisRepConfig(**values)


def test_last_stage_of_the_image_decoder_may_be_empty():
    stages = ((512,), (256,), (128,), (64,), ())
    assert LmdisRepConfig(image_decoder=stages).image_decoder == stages


def test_every_setting_says_what_it_is():
    assert all(field.description for field in LmdisRepConfig.model_fields.values())


@pytest.mark.parametrize(("weight", "expected"), [(0.0, ()), (1.0, ("video",))])
def test_video_is_declared_where_optical_flow_is_used(weight, expected):
    assert LmdisRepConfig(flow_weight=weight).also_sees() == expected


def test_default_configuration_is_the_papers():
    config = LmdisRepConfig()
    assert (config.batch_size, config.learning_rate) == (16, 1e-3)
    assert (config.separation_sigma, config.separation_weight) == (0.06, 16.0)
    assert config.redrawn_widths == pytest.approx([2 ** (m / 2) / 8 for m in range(5)])
