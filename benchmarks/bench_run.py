"""What the benchmarks of training steps share: a run without files, progress or checkpoints."""

from __future__ import annotations

import torch


class BenchRun:
    """The little of a run that a training step asks for, on the CPU.

    Args:
        bf16: compute in bfloat16 where autocast does; full precision by default.
    """

    device = torch.device("cpu")
    seed = 0

    def __init__(self, bf16: bool = False) -> None:
        self._bf16 = bf16
        self._generators: dict[str, torch.Generator] = {}

    def generator(self, name: str) -> torch.Generator:
        """A generator for each name."""
        return self._generators.setdefault(name, torch.Generator().manual_seed(len(name)))

    def share(self, joint: torch.Tensor) -> torch.Tensor:
        """All rows."""
        return joint

    def autocast(self) -> torch.autocast:
        """The precision."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self._bf16)
