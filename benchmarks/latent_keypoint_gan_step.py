"""Seconds and peak memory of a LatentKeypointGAN training step, with and without the style map.

    python benchmarks/latent_keypoint_gan_step.py [--preset paper] [--batch 2] [--seconds 60]

The naive side works on the very same weights the obvious way: it builds the style map of eq. 4 with
its (K + 1) E channels at every side, for every image, and gives it to a convolution for each
normalisation, then to one for each scale and each shift. All else of the step is the same. Both
sides run in processes of their own and draw the same noise.
"""

from __future__ import annotations

import argparse
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

from harness_gans.growing import Stage
from harness_gans.latent_keypoint_gan.config import START_SIDE, LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.generator import ConvBlock, Generated, Generator
from harness_gans.latent_keypoint_gan.keypoint_generator import Latents
from harness_gans.latent_keypoint_gan.spatial_embedding import foreground, keypoint_heatmaps
from harness_gans.latent_keypoint_gan.training import AdversarialTraining
from harness_gans.latent_keypoint_gan.weights import draw_weights
from harness_gans.noise_network import SLOPE

# The naive generator, on the weights of the factorised one --------------------------------------


def naive_painted(
    generator: Generator, latents: Latents, side: int | None = None, fade: float = 1.0
) -> Generated:
    """What `Generator.painted` gives, from explicit style maps."""
    config = generator.config
    side = side or config.block_sides[-1]
    count = len(latents.background)
    partners = list(range(count - len(latents.points)))
    every = [*range(len(latents.points)), *partners]
    points, appearance = latents.points[every], latents.appearance[every]
    maps = generator.start.expand(count, -1, -1, -1)
    colours: dict[int, Tensor] = {}
    for at, block in zip(config.block_sides, generator.blocks, strict=True):
        if at > side:
            break
        maps = doubled(maps, config) if at > START_SIDE else maps
        heatmaps = keypoint_heatmaps(points, at, config.tau, config.grid)
        style = explicit_style_map(Latents(points, appearance, latents.background), heatmaps)
        maps = naive_block(block, maps, style)
        if at in config.stage_sides:
            colours[at] = torch.tanh(generator.colours[str(at)](F.leaky_relu(maps, SLOPE)))
    images = colours[side]
    if fade < 1.0:
        images = (1.0 - fade) * doubled(colours[side // 2], config) + fade * images
    return Generated(images, latents, foreground(heatmaps)[: len(latents.points)])


def explicit_style_map(latents: Latents, heatmaps: Tensor) -> Tensor:
    """Eq. 4: every H_j w_j and H_bg w_bg, one after the other, `[N, (K + 1) E, H, W]`."""
    parts = [
        heatmaps[:, j : j + 1] * latents.appearance[:, j, :, None, None]
        for j in range(heatmaps.shape[1])
    ]
    if latents.background.shape[1]:
        parts.append((1.0 - foreground(heatmaps)) * latents.background[:, :, None, None])
    return torch.cat(parts, dim=1)


def naive_block(block: ConvBlock, maps: Tensor, style: Tensor) -> Tensor:
    """Normalisations with a convolution for each hidden, scale and shift map."""
    for i, convolution in enumerate(block.convolutions):
        rows = slice(i * block.hidden, (i + 1) * block.hidden)
        spread = F.conv2d(style, block.spread.weight[rows], block.spread.bias[rows], padding=1)
        hidden, both = F.leaky_relu(spread, SLOPE), block.heads[i].both
        channels, padding = maps.shape[1], both.kernel_size[0] // 2
        gamma = F.conv2d(hidden, both.weight[:channels], both.bias[:channels], padding=padding)
        beta = F.conv2d(hidden, both.weight[channels:], both.bias[channels:], padding=padding)
        normalised = (1.0 + gamma) * block.normalisations[i](maps) + beta
        maps = convolution(F.leaky_relu(normalised, SLOPE))
    return maps


def doubled(maps: Tensor, config: LatentKeypointGanConfig) -> Tensor:
    """Twice the side."""
    smooth = {"mode": "bilinear", "align_corners": False}
    return F.interpolate(maps, scale_factor=2, **(smooth if config.upsampling != "nearest" else {}))


# Timing ---------------------------------------------------------------------------------------


def prepared(arguments: argparse.Namespace) -> tuple[AdversarialTraining, Stage, Tensor]:
    """A training at its last stage, behind the adapting period, with random real images."""
    preset = files("harness_gans.latent_keypoint_gan") / "presets" / f"{arguments.preset}.toml"
    values = tomllib.loads(preset.read_text(encoding="utf-8"))
    config = LatentKeypointGanConfig.model_validate(
        {k: v for k, v in values.items() if not isinstance(v, dict)}
    )
    run = BenchRun()
    generator = Generator(config, arguments.parts)
    draw_weights(generator, run.generator("generator"))
    if arguments.side == "naive":
        generator.painted = lambda *given: naive_painted(generator, *given)
    training = AdversarialTraining(config, generator, run)  # type: ignore[arg-type]
    stage = Stage(config.stage_sides[-1], arguments.batch, steps=0, adapting_steps=0)
    shape = (arguments.batch, 3, stage.side, stage.side)
    return training, stage, torch.rand(shape, generator=run.generator("real")) * 2.0 - 1.0


def measure(arguments: argparse.Namespace) -> None:
    """Times one side in this process; prints wall and CPU seconds a step, peak MiB and steps."""
    torch.set_num_threads(arguments.threads)
    training, stage, real = prepared(arguments)
    training.step(stage, 0, real)
    steps, began, cpu = 0, time.perf_counter(), time.process_time()
    while not steps or time.perf_counter() - began < arguments.seconds:
        training.step(stage, steps, real)
        steps += 1
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(wall / steps, cpu / steps, peak, steps)


def main() -> None:
    """Both sides, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="paper", help="widths, sides and losses")
    parser.add_argument("--batch", type=int, default=2, help="images of a step")
    parser.add_argument("--parts", type=int, default=10, help="K")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of timed steps a side, at least one step"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=["factorised", "naive"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        measure(arguments)
        return
    print(f"{arguments.preset}, batch {arguments.batch}, {arguments.threads} thread(s)")
    results = {}
    for side in ("naive", "factorised"):
        command = [sys.executable, str(Path(__file__)), *sys.argv[1:], "--side", side]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[side] = [float(value) for value in done.stdout.split()]
        wall, cpu, peak, steps = results[side]
        print(
            f"{side:10} {wall:8.2f} s/step {cpu:8.2f} CPU s/step {peak:8.0f} MiB peak "
            f"({steps:.0f} steps)"
        )
    wall, cpu, peak = (results["naive"][i] / results["factorised"][i] for i in range(3))
    print(
        f"factorised is {wall:.2f} times as fast ({cpu:.2f} times in CPU time) in 1/{peak:.1f} of "
        "the memory"
    )


if __name__ == "__main__":
    main()
