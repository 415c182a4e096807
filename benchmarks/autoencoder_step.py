"""Images a second of IMM's and lmdis-rep's training steps by memory order and precision.

    python benchmarks/autoencoder_step.py [--seconds 5] [--threads 1] [--batch 4] [--busy]

Prints two tables, each with times of the same run, and every row on stderr as soon as it is known:

- a whole training step of both methods, with the preset `quick` and with the networks of the
  preset `paper` at a small batch: float32 with contiguous tensors, float32 in channels-last order
  (what trainings do), and bfloat16 autocast in channels-last order. All three start from the same
  weights and see the same images; the largest relative difference of the bfloat16 losses stands
  beside them. The perceptual networks have random weights here, which cost the same time.
- the spline of IMM's warps, where all images share the distances to the control points, against
  the same sum with distances for every image, and against kornia where it is installed.

bfloat16 pays where the hardware multiplies in it; elsewhere it is emulated and slower, and
`--precision auto` takes float32. The last line says what it takes on this machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.util import find_spec
from itertools import count
from typing import Any, Protocol
from unittest import mock

import torch
from bench_run import BenchRun
from tabulate import tabulate
from torch import Generator, Tensor

from harness.contract.method import Stateful
from harness.training.images import FitImages
from harness.training.machine import keep_freed_pages, pick_precision
from harness.vision.coordinates import fractions_to_signed, pixel_centres
from harness.vision.perceptual import FeatureNet, PerceptualLoss
from harness.vision.perceptual.rotation import RotationNet
from harness.vision.perceptual.vgg import VGG16_GROUPS, VGG19_GROUPS, Vgg
from harness.vision.warps import Warp
from harness_autoencoders.imm import method as imm
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.networks import ImmNetworks
from harness_autoencoders.imm.pairs import Pairs, source_warp
from harness_autoencoders.lmdis_rep import training as lmdis_rep
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.networks import LmdisNetworks

CPU = torch.device("cpu")
#: K, as for most rows of both papers.
PARTS = 10
#: Images that steps are drawn from.
IMAGES = 64
#: Least number of timed steps, however long they take; the losses up to there are compared.
LEAST_STEPS = 1
#: Images of the table of warps.
WARPED = 8


@dataclass(frozen=True)
class Watch:
    """How long things are measured.

    Attributes:
        clock: seconds.
        least: of each measurement.
    """

    clock: Callable[[], float]
    least: float

    def median_seconds(self, act: Callable[[], object]) -> float:
        """Median seconds of a call."""
        times: list[float] = []
        while sum(times) < self.least or len(times) < LEAST_STEPS:
            before = self.clock()
            act()
            times.append(self.clock() - before)
        return statistics.median(times)


@dataclass(frozen=True)
class Way:
    """How a step is computed.

    Attributes:
        name: for the table.
        channels_last: the order of weights and images.
        bf16: autocast.
    """

    name: str
    channels_last: bool
    bf16: bool


#: The first is what the others are compared with.
WAYS = (
    Way("fp32 contiguous", channels_last=False, bf16=False),
    Way("fp32 channels-last", channels_last=True, bf16=False),
    Way("bf16 channels-last", channels_last=True, bf16=True),
)


class Steps(Protocol):
    """A training that can be stepped and set to a state."""

    def __call__(self, step: int) -> float:
        """One update; its loss."""

    def state(self) -> Mapping[str, Stateful]:
        """Everything that a state can be loaded into."""


# The two methods ------------------------------------------------------------------------------


class ImmSteps:
    """IMM's training at a preset."""

    def __init__(self, config: ImmConfig, way: Way) -> None:
        run, side = BenchRun(way.bf16), config.image_size or 128
        networks = ImmNetworks(config, PARTS, side)
        loss = PerceptualLoss(perceptual_net(config.perceptual))
        self.training = imm.Training(config, networks, loss, run)  # type: ignore[arg-type]
        self.pairs = Pairs(config, smooth_images(side), run)  # type: ignore[arg-type]

    def __call__(self, step: int) -> float:
        """Pairs and one update."""
        return float(self.training.step(step, self.pairs.draw(step)))

    def state(self) -> Mapping[str, Stateful]:
        """That of the training."""
        return self.training.state()


class LmdisRepSteps:
    """lmdis-rep's training at a preset."""

    def __init__(self, config: LmdisRepConfig, way: Way) -> None:
        run, side = BenchRun(way.bf16), config.image_size or 80
        networks = LmdisNetworks(config, PARTS, side)
        loss = None
        if config.reconstruction == "rotation_net":
            loss = PerceptualLoss(perceptual_net("rotation_net"))
        images = smooth_images(side)
        self.training = lmdis_rep.Training(config, networks, loss, images, run)  # type: ignore[arg-type]

    def __call__(self, step: int) -> float:
        """Images, warps and one update."""
        losses, weights = self.training.step(step), self.training.weights(step)
        return sum(weights[name] * float(loss) for name, loss in losses.items())

    def state(self) -> Mapping[str, Stateful]:
        """That of the training."""
        return self.training.state()


def perceptual_net(name: str) -> FeatureNet:
    """A perceptual network with weights from a generator."""
    if name == "rotation_net":
        rotation = RotationNet()
        rotation.draw(Generator().manual_seed(0))
        return rotation.fold()
    grey = name == "vgg16_colour"
    net = Vgg(VGG16_GROUPS if grey else VGG19_GROUPS, grey=grey)
    generator = Generator().manual_seed(0)
    for _, convolution in net.convolutions():
        torch.nn.init.kaiming_normal_(convolution.weight, generator=generator)
        torch.nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    return net


def smooth_images(side: int) -> FitImages:
    """Coarse noise, enlarged."""
    coarse = torch.rand(IMAGES, 3, 6, 6, generator=Generator().manual_seed(0))
    fine = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")
    return FitImages((255.0 * fine).clamp(0, 255).byte().numpy(), seed=0)


def preset(package: str, name: str) -> dict[str, Any]:
    """The values of a preset file, without those of suites."""
    path = files(package) / "presets" / f"{name}.toml"
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in values.items() if not isinstance(value, dict)}


def trainings(batch: int) -> Iterator[tuple[str, int, Callable[[Way], Steps]]]:
    """Name, images of a step, and how to begin, for both methods and presets."""
    for name in ("quick", "paper"):
        smaller = {"batch_size": batch} if name == "paper" else {}
        first = ImmConfig.model_validate(preset("harness_autoencoders.imm", name) | smaller)
        # A default of a function binds the configuration of this turn.
        yield f"imm {name}", first.batch_size, lambda way, c=first: ImmSteps(c, way)  # type: ignore[misc]
        second = LmdisRepConfig.model_validate(
            preset("harness_autoencoders.lmdis_rep", name) | smaller
        )
        yield f"lmdis_rep {name}", second.batch_size, lambda way, c=second: LmdisRepSteps(c, way)  # type: ignore[misc]


# Timing ---------------------------------------------------------------------------------------


@contextmanager
def order_of(way: Way) -> Iterator[None]:
    """Everything the harness puts in channels-last order is contiguous where the way says so."""
    if way.channels_last:
        yield
        return
    with mock.patch.object(torch, "channels_last", torch.contiguous_format):
        yield


def step_rows(name: str, batch: int, begin: Callable[[Way], Steps], watch: Watch) -> list[Any]:
    """One row for every way: images a second, their ratio, and the difference of the losses."""
    with order_of(WAYS[0]):
        # After one step the perceptual loss has its running means, the same for all ways.
        begun = begin(WAYS[0])
        begun(0)
        start = {key: thing.state_dict() for key, thing in begun.state().items()}
    rows: list[Any] = []
    first: tuple[float, list[float]] | None = None
    for way in WAYS:
        with order_of(way):
            steps = begin(way)
            for key, thing in steps.state().items():
                # Adam's moments would keep the memory order of the way they come from.
                if key != "optimisation":
                    thing.load_state_dict(start[key])
            seconds, losses = timed(steps, watch)
        rate = batch / seconds
        first = first or (rate, losses)
        pairs = zip(losses, first[1], strict=False)
        apart = max(abs(own - other) / abs(other) for own, other in pairs)
        rows.append((f"{name}, batch {batch}", way.name, rate, rate / first[0], f"{apart:.1e}"))
        print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    return rows


def timed(steps: Steps, watch: Watch) -> tuple[float, list[float]]:
    """Seconds of the median step after a first one, and the losses of the first steps."""
    losses = [steps(1)]
    numbers = count(2)
    seconds = watch.median_seconds(lambda: losses.append(steps(next(numbers))))
    return seconds, losses[: 1 + LEAST_STEPS]


# Warps ----------------------------------------------------------------------------------------


def warp_rows(watch: Watch) -> list[Any]:
    """One row for every way to evaluate IMM's warps at all pixels of its images."""
    config = ImmConfig()
    side = 128
    warp = source_warp(WARPED, config, Generator().manual_seed(0))
    axis = pixel_centres(side)
    points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
    own = replace(warp, centres=warp.centres.expand(WARPED, -1, -1))
    ways: dict[str, Callable[[], Tensor]] = {
        "shared distances": lambda: warp.map(points),
        "distances for every image": lambda: own.map(points.expand(WARPED, -1, -1)),
    }
    if find_spec("kornia"):
        ways["kornia's warp_points_tps"] = lambda: kornia_map(own, points)
    expected = warp.map(points)
    rows: list[Any] = []
    for name, act in ways.items():
        apart = float((act() - expected).abs().max())
        taken = 1000.0 * watch.median_seconds(act)
        rows.append((name, taken, taken / (rows[0][1] if rows else taken), f"{apart:.1e}"))
    return rows


def kornia_map(warp: Warp, points: Tensor) -> Tensor:
    """`Warp.map` by kornia, whose kernel and sign are the same."""
    from kornia.geometry.transform import warp_points_tps

    signed = fractions_to_signed(points, 0).expand(WARPED, -1, -1)
    affine = warp.affine.mT[:, [2, 0, 1]]
    return (warp_points_tps(signed, warp.centres, warp.weights, affine) + 1.0) / 2.0


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement, at least")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4, help="images of a step of preset paper")
    parser.add_argument(
        "--busy", action="store_true", help="count CPU seconds, on a machine that works for others"
    )
    arguments = parser.parse_args()
    keep_freed_pages()
    torch.set_num_threads(arguments.threads)
    clock = time.process_time if arguments.busy else time.perf_counter
    watch, rows = Watch(clock, arguments.seconds), []
    for name, batch, begin in trainings(arguments.batch):
        rows += step_rows(name, batch, begin, watch)
    of_cpu = " of CPU time" if arguments.busy else ""
    headers = ["training", "computed in", "images/s", "of the first", "loss differs by"]
    print(f"Training steps, K = {PARTS}, {arguments.threads} thread(s); medians{of_cpu}.")
    print(tabulate(rows, headers, floatfmt=".2f", disable_numparse=[4]), end="\n\n")
    headers = ["evaluated with", "ms", "times as long", "differs by"]
    print(
        f"IMM's source warp of {WARPED} images of 128 pixels, 100 control points; medians{of_cpu}."
    )
    rows = warp_rows(watch)
    print(tabulate(rows, headers, floatfmt=".2f", disable_numparse=[3]), end="\n\n")
    print(f"--precision auto takes {pick_precision('auto', CPU)} on this machine's CPU.")


if __name__ == "__main__":
    main()
