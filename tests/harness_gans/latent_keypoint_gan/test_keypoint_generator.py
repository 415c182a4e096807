"""Noise to keypoints and embeddings, against the paper's equations."""

import pytest
import torch

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.generator import Generator
from harness_gans.latent_keypoint_gan.keypoint_generator import Noise
from harness_gans.latent_keypoint_gan.weights import draw_weights


@pytest.fixture
def keypoints(tiny):
    def make(parts=3, **changes):
        generator = Generator(tiny(**changes), parts)
        draw_weights(generator, torch.Generator().manual_seed(0))
        return generator.keypoints

    return make


def drawn(config, poses=2, **more):
    return Noise.drawn(config, poses, torch.Generator().manual_seed(1), **more)


def test_embeddings_are_the_global_vector_times_each_keypoints_constant(keypoints, tiny):
    generator, noise = keypoints(), drawn(tiny())
    latents = generator(noise)
    shared = generator.appearance(noise.appearance)
    assert latents.appearance.shape == (2, 3, 5)
    for j in range(3):
        assert torch.allclose(latents.appearance[:, j], shared * generator.constants[j])


def test_each_of_the_three_noises_moves_its_own_latent_alone(keypoints, tiny):
    generator, noise = keypoints(), drawn(tiny())
    before = generator(noise)
    for name, moved in (
        ("positions", "points"),
        ("appearance", "appearance"),
        ("background", "background"),
    ):
        values = {n: getattr(noise, n) for n in ("positions", "appearance", "background")}
        after = generator(Noise(**{**values, name: -values[name]}))
        for latent in ("points", "appearance", "background"):
            same = torch.equal(getattr(before, latent), getattr(after, latent))
            assert same == (latent != moved)


@pytest.mark.parametrize(
    "changes", [{}, {"position_gain": 1.0, "position_divisor": 20.0, "position_layers": 4}]
)
def test_start_is_close_to_the_centre_by_gain_or_by_divisor(changes):
    config = LatentKeypointGanConfig(**changes)
    with torch.device("meta"):
        generator = Generator(config, 10).keypoints
    generator = generator.to_empty(device="cpu")
    noise = Noise.drawn(config, 300, torch.Generator().manual_seed(1))
    spreads = []
    for seed in range(12):  # Networks differ: one alone may be a third off.
        source = torch.Generator().manual_seed(seed)
        for layer in (*generator.positions.hidden, generator.positions.output):
            torch.nn.init.kaiming_normal_(layer.weight, a=0.2, generator=source)
            torch.nn.init.zeros_(layer.bias)
        generator.draw_start(source)
        output = generator.positions(noise.positions) / config.position_divisor
        spreads.append(torch.tanh(output).std())
    assert torch.stack(spreads).mean().item() == pytest.approx(0.07, rel=0.15)


def test_layout_gives_every_keypoint_a_place_of_its_own(keypoints, tiny):
    generator = keypoints(40, layout_spread=0.5, position_divisor=12.0)
    silent = drawn(tiny())
    silent = Noise(0 * silent.positions, silent.appearance, silent.background)
    points = generator(silent).points
    assert torch.equal(points[0], points[1])
    assert torch.atanh(points[0]).std().item() == pytest.approx(0.5, rel=0.2)


def test_jitter_moves_every_keypoint_by_itself_before_tanh(keypoints, tiny):
    config = tiny()
    noise = drawn(config, 500, jitter=(3, 0.2))
    still = Noise(noise.positions, noise.appearance, noise.background)
    generator = keypoints()
    moves = torch.atanh(generator(noise).points) - torch.atanh(generator(still).points)
    assert moves.std().item() == pytest.approx(0.2, rel=0.1)
    together = torch.corrcoef(moves.flatten(1).T) - torch.eye(6)
    assert together.abs().max().item() < 0.2


def test_partners_get_backgrounds_of_their_own(keypoints, tiny):
    latents = keypoints()(drawn(tiny(), 4, partners=3))
    assert len(latents.points) == len(latents.appearance) == 4
    assert latents.background.shape == (7, 5)
    assert len(latents.background.unique(dim=0)) == 7


def test_without_a_background_its_embedding_is_empty(keypoints, tiny):
    generator = keypoints(separate_background=False)
    assert not hasattr(generator, "background")
    assert generator(drawn(tiny())).background.shape == (2, 0)
