"""Garbage collection while many records are at hand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collection() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely, for as long as many records are at hand.

    Records and cells are millions of small objects without cycles, which live to the end; looking
    through all of them again and again took a third of the time of a large site.
    """
    before = gc.get_threshold()
    gc.set_threshold(500_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
