"""The stages of a configuration."""

from harness_gans.growing import Stage
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.growing import stages


def test_budgets_in_images_become_steps_of_each_stage():
    config = LatentKeypointGanConfig(
        stage_sides=(64, 128, 256),
        stage_images=(1001, 640, 320),
        batch_sizes=(100, 64, 32),
        adapting_images=129,
    )
    expected = [Stage(64, 100, 11, 0), Stage(128, 64, 10, 3), Stage(256, 32, 10, 5)]
    assert stages(config) == expected


def test_papers_stages_are_64_then_128_with_40_epochs_of_fading_in():
    first, second = stages(LatentKeypointGanConfig())
    assert (first.side, first.batch_size, first.adapting_steps) == (64, 128, 0)
    assert (second.side, second.batch_size) == (128, 64)
    assert second.adapting_steps == -(-40 * 182_599 // 64)
