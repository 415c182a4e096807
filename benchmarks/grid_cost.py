"""What a full grid costs, by the presets of the methods.

Prints, for the methods that learn from images, the training steps of a cell at `paper` with its
batch and image size, and the minutes of a cell at `quick` that the preset names; then both for the
whole grid of so many suites and seeds. Steps turn into hours with the steps a second of a machine.

    python benchmarks/grid_cost.py --suites 40 --seeds 3 --steps-per-second 10
"""

from __future__ import annotations

import argparse
import math

from tabulate import tabulate

from harness.contract import MethodConfig
from harness.presets import preset_about, preset_files, resolve_config
from harness.registry import registry

#: The methods of the papers that are measured on images; editors share one generator a suite.
METHODS = ("gan_seg", "imm", "latent_keypoint_gan", "lmdis_rep", "thewlis")


def steps_of(config: MethodConfig) -> int:
    """Training steps of a cell, all its loops together."""
    value = config.model_dump()
    steps = sum(value.get(name) or 0 for name in ("steps", "segmenter_steps", "norm_steps"))
    batches = value.get("batch_sizes", ())
    for images, batch in zip(value.get("stage_images", ()), batches, strict=True):
        steps += math.ceil(images / batch)
    if pairs := value.get("detector_pairs"):
        steps += math.ceil(pairs / value["detector_batch_size"])
    return int(steps)


def main() -> None:
    """Print one row a method, and the sum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps-per-second", type=float, default=10.0)
    given = parser.parse_args()
    each = given.suites * given.seeds
    rows = []
    for name in METHODS:
        entry = registry().methods.get(name)
        paper = resolve_config(entry, "paper", suite="", settings={}, base_preset="paper")
        steps = steps_of(paper)
        minutes = float(preset_about(preset_files(entry.spec)["quick"])["minutes"])
        rows.append((name, paper.image_size, steps, steps / given.steps_per_second / 3600, minutes))
    steps, hours, minutes = (sum(row[i] for row in rows) for i in (2, 3, 4))
    rows.append(("all", "", steps, hours, minutes))
    per_second = f"{given.steps_per_second:g} steps a second"
    headers = ("method", "pixels", "steps, paper", f"hours at {per_second}", "minutes, quick")
    print(tabulate(rows, headers, floatfmt=".1f", intfmt=","))
    print(f"{len(METHODS)} methods x {given.suites} suites x {given.seeds} seeds:")
    print(f"  {len(METHODS) * each} cells")
    print(f"  paper: {steps * each:,} steps, {hours * each:,.0f} GPU-hours at {per_second}")
    print(f"  quick: {minutes * each / 60:,.0f} hours of two CPU cores")


if __name__ == "__main__":
    main()
