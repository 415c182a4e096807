"""The strengths that all editors take."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness.errors import ConfigError


def check_strengths(strengths: Sequence[float], owner: str) -> None:
    """Refuse strengths that are no path.

    Raises:
        ConfigError: there are none, they do not increase, or they leave 0 to 1.
    """
    rising = all(before < after for before, after in pairwise(strengths))
    if not len(strengths) or not rising or not 0 <= strengths[0] <= strengths[-1] <= 1:
        raise ConfigError(
            f"{owner}: strengths are {[float(s) for s in strengths]}, expected increasing numbers "
            "from 0 to 1."
        )
