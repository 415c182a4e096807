"""What the configuration refuses, and what it says it lets the method see."""

import pytest
from pydantic import ValidationError

from harness_autoencoders.imm.config import ImmConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mask_off": 0.3, "mask_rise": 0.25}, "mask_off .* 0.550, expected less than 0.5"),
        ({"clip_gap": (5, 3)}, "expected 1 <= least <= most"),
        ({"clip_gap": (0, 3)}, "expected 1 <= least <= most"),
        ({"output_channels": 2}, "greater than or equal to 3"),
        ({"batch_size": 1}, "greater than or equal to 2"),
        ({"first_kernel": 4}, "3, 5 or 7"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        ImmConfig(**values)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in ImmConfig.model_fields.values())


def test_settings_of_the_ablations_leave_records_of_the_method_itself_as_they_were():
    told = ImmConfig().recorded()
    assert not set(ImmConfig.later_settings) & set(told)
    assert ImmConfig(bottleneck="vector").recorded() == {**told, "bottleneck": "vector"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"perceptual": "vgg19_imagenet"}, ("imagenet weights",)),
        ({"perceptual": "vgg16_colour"}, ()),
        ({"perceptual": "rotation_net", "pairs": "clips"}, ("video",)),
        ({"perceptual": "vgg19_imagenet", "pairs": "clips"}, ("video", "imagenet weights")),
    ],
)
def test_video_and_imagenet_weights_are_declared(values, expected):
    assert ImmConfig(**values).also_sees() == expected
