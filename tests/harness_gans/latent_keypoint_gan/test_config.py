"""Settings that do not fit together are refused with a sentence."""

import pytest
from pydantic import ValidationError

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig


def test_default_configuration_is_the_papers():
    config = LatentKeypointGanConfig()
    assert (config.tau, config.grid, config.keypoints) == (0.01, "printed", None)
    assert (config.generator_rate, config.discriminator_rate) == (1e-4, 4e-4)
    assert (config.betas, config.batch_sizes) == ((0.5, 0.9), (128, 64))
    assert (config.position_gain, config.position_rate_factor) == (0.05, 0.05)
    assert (config.penalty, config.penalty_weight, config.penalty_interval) == ("r1", 10.0, 1)
    assert (config.background_weight, config.background_norm) == (100.0, "squared")
    assert (config.detector_pairs, config.detector_loss) == (200_000, "heatmap")


def test_nothing_that_is_not_in_the_paper_is_on_by_default():
    config = LatentKeypointGanConfig()
    assert not any((config.position_jitter, config.recovery_weight, config.detector_jitter))
    assert not any((config.batch_deviation, config.spectral_norm, config.layout_spread))
    assert not any((config.mix_real, config.flip, config.averaging, config.shared_fakes))
    assert config.smallest_crop == 1.0


def test_blocks_reach_from_four_pixels_to_the_last_stage():
    assert LatentKeypointGanConfig().block_sides == (4, 8, 16, 32, 64, 128)


ONE_STAGE = {"stage_images": (8,), "batch_sizes": (4,)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"keypoints": 65}, "less than or equal to 64"),
        ({"stage_sides": (48,), **ONE_STAGE}, "48 is no power of two from 8 on"),
        ({"stage_sides": (4,), **ONE_STAGE}, "4 is no power of two from 8 on"),
        ({"stage_sides": (32, 128)}, "128 is not 64; every stage doubles the side"),
        ({"stage_images": (8,)}, r"stage_images has 1 values, expected 2 for .*\[64, 128\]"),
        ({"batch_sizes": (8, 8, 8)}, "batch_sizes has 3 values, expected 2"),
        ({"image_channels": (8, 8)}, "image_channels has 2 values, expected at least 6"),
        ({"block_convolutions": (1,)}, "block_convolutions has 1 values, expected at least 6"),
        ({"discriminator_channels": (8,) * 6}, "has 6 values, expected at least 7"),
        ({"adapting_images": 2 * 10**7}, "more than a later stage shows"),
        ({"discriminator": "residual"}, "residual cannot grow along"),
        ({"background_pairs": 33}, "at most half of them have a partner"),
        ({"batch_sizes": (128, 1)}, "a batch has at least 2 images"),
        ({"block_convolutions": (0,) * 8}, "at least one convolution"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        LatentKeypointGanConfig(**values)


def test_residual_discriminator_needs_a_channel_less_than_pairs():
    values = {"stage_sides": (16,), "discriminator_channels": (8, 8, 8), **ONE_STAGE}
    assert LatentKeypointGanConfig(discriminator="residual", **values)
    with pytest.raises(ValidationError, match="expected at least 4"):
        LatentKeypointGanConfig(**values)


def test_background_loss_is_off_without_a_background():
    assert LatentKeypointGanConfig().has_background_loss
    assert not LatentKeypointGanConfig(separate_background=False).has_background_loss
    assert not LatentKeypointGanConfig(background_weight=0).has_background_loss


def test_every_setting_says_what_it_is():
    fields = LatentKeypointGanConfig.model_fields
    assert all(field.description for field in fields.values())
