"""Seconds and peak memory of one GANSeg training step, against the same maths written plainly.

    python benchmarks/gan_seg_step.py [--preset paper] [--batch 4] [--steps 2] [--threads 2]

The plain step works on the very same weights the obvious way: it builds the 64-channel map W and
all maps of differences, computes every pixel that a crop then throws away, sends gradients through
the generator in the discriminator's step and through the discriminator's weights in the
generator's, and asks for the penalty's gradient in every step. Both sides draw fresh noise.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import torch
from bench_run import BenchRun
from torch import Tensor
from torch.nn import functional as F

from harness_gans.adversarial_losses import discriminator_loss, generator_loss, gradient_penalty
from harness_gans.gan_seg.adversarial import AdversarialTraining
from harness_gans.gan_seg.blocks import AdainBlock, SpadeBlock
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.frame import frames
from harness_gans.gan_seg.generator import Generated, Generator, Noise, RelativePositions
from harness_gans.gan_seg.losses import regularisers
from harness_gans.gan_seg.weights import draw_weights
from harness_gans.noise_network import SLOPE

# The plain generator, on the weights of the fast one ------------------------------------------


def plain_generator(generator: Generator, noise: Noise) -> Generated:
    """What `Generator.forward` gives, from explicit maps."""
    config = generator.config
    parts = generator.points(noise.places, noise.appearance)
    maps = plain_start(generator.mask.start, parts.points.flatten(1, 2))
    for frame, block in zip(frames(config), generator.mask.blocks, strict=True):
        along = frame.coordinates(maps)
        heatmaps = parts.heatmaps(along, along)
        maps = plain_spade_block(block, maps, explicit_map(heatmaps, parts.embeddings))
        maps = doubled_and_cropped(maps, frame)
    masks = torch.softmax(maps + generator.mask.offset, dim=1)
    margin = config.margin_pixels
    foreground = plain_start(generator.foreground.start, parts.centres)
    background = plain_start(generator.background.start, noise.background_place)
    style = generator.background_style(noise.background)
    pairs = zip(generator.foreground.blocks, generator.background.blocks, strict=True)
    for frame, (front, back) in zip(frames(config), pairs, strict=True):
        size = (frame.side, frame.side)
        resized = F.interpolate(masks[:, 1:], size=size, mode="bilinear", align_corners=False)
        around = F.pad(resized, (margin,) * 4, mode="replicate")
        conditioning = explicit_map(around, parts.embeddings)
        foreground = doubled_and_cropped(plain_spade_block(front, foreground, conditioning), frame)
        background = doubled_and_cropped(plain_adain_block(back, background, style), frame)
    behind = masks[:, :1]
    features = F.leaky_relu((1.0 - behind) * foreground + behind * background, SLOPE)
    if config.head == "two_layer":
        features = F.leaky_relu(generator.head(features), SLOPE)
    inner = heatmaps[
        ..., margin : heatmaps.shape[-2] - margin, margin : heatmaps.shape[-1] - margin
    ]
    images = torch.tanh(generator.colours(features))
    return Generated(images, masks, inner, parts, parts.centres)


def explicit_map(maps: Tensor, embeddings: Tensor) -> Tensor:
    """W of eq. 4 and 7, from K x E maps."""
    return (maps[:, :, None] * embeddings[..., None, None]).sum(dim=1)


def plain_start(start: RelativePositions, points: Tensor) -> Tensor:
    """Eq. 5 with all maps of differences and a 1x1 convolution."""
    along = start.frame.coordinates(points)
    across, down = along.expand(len(along), -1), along[:, None].expand(-1, len(along))
    differences = torch.stack([across, down]) - points[..., None, None]
    weight = start.linear.weight[:, :, None, None]
    phase = torch.pi * F.conv2d(differences.flatten(1, 2), weight, start.linear.bias)
    return torch.cat([phase.sin(), phase.cos()], dim=1)


def plain_spade_block(block: SpadeBlock, maps: Tensor, conditioning: Tensor) -> Tensor:
    """Both kinds of SPADE block with a convolution for each hidden, scale and shift map."""
    output = maps
    for i, convolution in enumerate(block.convolutions):
        output = convolution(F.leaky_relu(plain_spade(block, i, output, conditioning), SLOPE))
    if block.has_shortcut:
        return output + block.shortcut(plain_spade(block, -1, maps, conditioning))
    return output + maps if block.residual else output


def plain_spade(block: SpadeBlock, index: int, maps: Tensor, conditioning: Tensor) -> Tensor:
    """(1 + gamma) x normalised + beta."""
    own = index % len(block.heads) * block.hidden
    rows = slice(own, own + block.hidden)
    spread = F.conv2d(conditioning, block.spread.weight[rows], block.spread.bias[rows], padding=1)
    hidden, both = F.leaky_relu(spread, SLOPE), block.heads[index].both
    channels, padding = maps.shape[1], both.kernel_size[0] // 2
    gamma = F.conv2d(hidden, both.weight[:channels], both.bias[:channels], padding=padding)
    beta = F.conv2d(hidden, both.weight[channels:], both.bias[channels:], padding=padding)
    normalisation = block.normalisations[index if index >= 0 else 0]
    return (1.0 + gamma) * plain_normalised(normalisation, maps) + beta


def plain_normalised(normalisation: torch.nn.BatchNorm2d, maps: Tensor) -> Tensor:
    """Batch normalisation that leaves the running statistics alone."""
    if normalisation.training:
        return F.batch_norm(maps, None, None, training=True)
    return normalisation(maps)


def plain_adain_block(block: AdainBlock, maps: Tensor, style: Tensor) -> Tensor:
    """(1 + gamma) x normalised + beta with one gamma and beta an image, then a convolution."""
    both = block.both(F.leaky_relu(block.style(style), SLOPE))[:, :, None, None]
    gamma, beta = both.chunk(2, dim=1)
    normalised = (1.0 + gamma) * plain_normalised(block.normalisation, maps) + beta
    return block.convolution(F.leaky_relu(normalised, SLOPE))


def doubled_and_cropped(maps: Tensor, frame: object) -> Tensor:
    """Doubling of the whole map where the side doubles, then the crop."""
    side, margin, following = frame.side, frame.margin, frame.following  # type: ignore[attr-defined]
    if following == side:
        return maps
    if following:
        smooth = {"mode": "bilinear", "align_corners": False}
        maps = F.interpolate(maps, scale_factor=2, **(smooth if frame.bilinear else {}))  # type: ignore[attr-defined]
    return maps[..., margin : maps.shape[-2] - margin, margin : maps.shape[-1] - margin]


# The plain step -------------------------------------------------------------------------------


def plain_step(training: AdversarialTraining, step: int, real: Tensor) -> dict[str, Tensor]:
    """The updates of `AdversarialTraining.step` for presets with fresh fakes."""
    config = training.config
    optimisers = (training.discriminator_optimiser, training.generator_optimiser)
    training.discriminator.requires_grad_(True)
    fake = plain_draw(training, len(real)).images
    real = real.detach().requires_grad_(True)
    real_logits, fake_logits = training.discriminator(real), training.discriminator(fake)
    losses = {"discriminator": discriminator_loss(real_logits, fake_logits)}
    losses["penalty"] = gradient_penalty(real, real_logits, config.penalty)
    turn = step % config.penalty_interval == 0
    total = losses["discriminator"] + config.penalty_weight * losses["penalty"] * turn
    _clear(optimisers)
    total.backward()
    training.discriminator_optimiser.step()
    drawn = plain_draw(training, len(real))
    losses["generator"] = generator_loss(training.discriminator(drawn.images))
    losses["concentration"], losses["area"] = regularisers(config, drawn)
    turn = step % config.regulariser_interval == 0
    weighted = config.concentration(training.generator.parts) * losses["concentration"]
    total = losses["generator"] + turn * (weighted + config.area_weight * losses["area"])
    _clear(optimisers)
    total.backward()
    training.generator_optimiser.step()
    return {name: value.detach() for name, value in losses.items()}


def plain_draw(training: AdversarialTraining, count: int) -> Generated:
    """Images from fresh noise by the plain generator."""
    noise = Noise.drawn(training.config, count, training.run.generator("noise"))
    return plain_generator(training.generator, noise.to(training.generator.points.constants))


def _clear(optimisers: tuple[torch.optim.Optimizer, ...]) -> None:
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)


# Timing ---------------------------------------------------------------------------------------


def measure(arguments: argparse.Namespace) -> None:
    """Times one side in this process and prints wall and CPU seconds a step and peak MiB."""
    torch.set_num_threads(arguments.threads)
    preset = files("harness_gans.gan_seg") / "presets" / f"{arguments.preset}.toml"
    values = tomllib.loads(preset.read_text(encoding="utf-8"))
    config = GanSegConfig.model_validate(
        {k: v for k, v in values.items() if not isinstance(v, dict)}
    )
    side, run = config.block_sides[-1], BenchRun()
    generator = Generator(config, arguments.parts)
    draw_weights(generator, run.generator("generator"))
    training = AdversarialTraining(config, generator, side, run)  # type: ignore[arg-type]
    real = torch.rand(arguments.batch, 3, side, side, generator=run.generator("real")) * 2.0 - 1.0
    one_step = training.step if arguments.side == "fast" else lambda *a: plain_step(training, *a)
    one_step(0, real)
    period = math.lcm(config.penalty_interval, config.regulariser_interval)
    wall, cpu = time.perf_counter(), time.process_time()
    for step in range(arguments.steps):
        # A step without lazy losses, but where every step has them.
        one_step(step * period + (1 if period > 1 else 0), real)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(wall / arguments.steps, cpu / arguments.steps, peak)


def main() -> None:
    """Both sides in processes of their own, so that each has its own peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="paper", help="preset with fresh fakes (paper or code)")
    parser.add_argument("--batch", type=int, default=4, help="images of a step")
    parser.add_argument("--parts", type=int, default=8, help="K")
    parser.add_argument("--steps", type=int, default=2, help="timed steps after a first one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=["fast", "plain"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        measure(arguments)
        return
    print(f"{arguments.preset}, batch {arguments.batch}, {arguments.threads} thread(s)")
    results = {}
    for side in ("plain", "fast"):
        command = [sys.executable, str(Path(__file__)), *sys.argv[1:], "--side", side]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[side] = [float(value) for value in done.stdout.split()]
        wall, cpu, peak = results[side]
        print(f"{side:6} {wall:8.2f} s/step {cpu:8.2f} CPU s/step {peak:8.0f} MiB peak")
    wall, cpu = (results["plain"][i] / results["fast"][i] for i in (0, 1))
    print(f"fast is {wall:.2f} times as fast ({cpu:.2f} times in CPU time)")


if __name__ == "__main__":
    main()
