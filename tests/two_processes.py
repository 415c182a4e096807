"""The same work in two processes that are a team, this one and another."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import torch

from harness.fellows import _free_port
from harness.training.fabric import joined


class Other:
    """Another process, kept for several pieces of work, since its start takes seconds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def both(self, work: str, **given: Any) -> tuple[Any, Any]:
        """What `module:function` gives in this process, which leads, and in the other."""
        port = _free_port()
        self._connection.send((work, given, port))
        return _outcome(0, work, given, port), self._connection.recv()


def _outcome(rank: int, work: str, given: Mapping[str, Any], port: int) -> Any:
    """What the work gives, or the error it raises."""
    module, _, name = work.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    before = dict(os.environ)
    try:
        with joined(rank, 2, port, torch.device("cpu")):
            return function(**given)
    except Exception as error:  # noqa: BLE001 - what a test wants to see
        return error
    finally:
        assert dict(os.environ) == before


@contextmanager
def other_process() -> Iterator[Other]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        yield Other(here)
    finally:
        process.kill()
        process.join()


def _serve(connection: Connection) -> None:
    torch.set_num_threads(1)
    while True:
        connection.send(_outcome(1, *connection.recv()))
