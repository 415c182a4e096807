"""Connecting the processes of a fit by Lightning Fabric: gloo on CPUs, NCCL on GPUs.

Imports the optional package at once, so it is itself imported late.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import distributed as dist
from torch.distributed import ProcessGroup
from typing_extensions import override

from harness.training.parallel import Team, as_team

#: How long a process waits for the others: longer than a checkpoint or a picture takes to write.
PATIENCE = timedelta(minutes=10)


class OneMachine(ClusterEnvironment):
    """Processes of this machine that are there already.

    Args:
        rank: number of this process.
        size: number of processes.
        port: where they find each other, a free one.
    """

    def __init__(self, rank: int, size: int, port: int) -> None:
        self._rank, self._size, self._port = rank, size, port

    @property
    @override
    def creates_processes_externally(self) -> bool:
        return True

    @property
    @override
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    @override
    def main_port(self) -> int:
        return self._port

    @staticmethod
    @override
    def detect() -> bool:
        return False

    @override
    def world_size(self) -> int:
        return self._size

    @override
    def set_world_size(self, size: int) -> None:
        """It is known."""

    @override
    def global_rank(self) -> int:
        return self._rank

    @override
    def set_global_rank(self, rank: int) -> None:
        """It is known."""

    @override
    def local_rank(self) -> int:
        return self._rank

    @override
    def node_rank(self) -> int:
        return 0


@contextmanager
def joined(rank: int, size: int, port: int, device: torch.device) -> Iterator[None]:
    """Be one of the processes of a fit; environment and threads stay as they were.

    Args:
        rank: number of this process, from 0 on.
        size: number of processes.
        port: the same free port in all of them.
        device: `cpu` or `cuda`, where process number r has GPU number r.
    """
    before, threads, hook = dict(os.environ), torch.get_num_threads(), sys.excepthook
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    try:
        strategy = DDPStrategy(cluster_environment=OneMachine(rank, size, port), timeout=PATIENCE)
        fabric = Fabric(accelerator=device.type, devices=size, strategy=strategy)
        fabric.launch()
        fabric.barrier()
        torch.set_num_threads(threads)
        on_cpu = dist.get_backend() == "gloo"
        control = None if on_cpu else cast(ProcessGroup, dist.new_group(None, PATIENCE, "gloo"))
        with as_team(Team(rank, size, control)):
            yield
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
        sys.excepthook = hook  # torch writes the rank before every line of a traceback
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
