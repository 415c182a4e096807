"""Did you mean: the one sentence for a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.errors import UnknownName


def unknown_name(what: str, name: str, known: Iterable[str], hint: str = "") -> UnknownName:
    """The error for an unknown name, with the nearest known one.

    Args:
        what: the kind of thing, such as `suite`.
        name: what was asked for.
        known: all valid names.
        hint: a closing sentence, such as the command that lists them.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    sentence = f"Unknown {what} {name!r}."
    if close:
        sentence += f" Did you mean {close[0]!r}?"
    elif names:
        sentence += f" Known: {', '.join(names[:20])}."
    else:
        sentence += " There is none."
    return UnknownName(f"{sentence} {hint}".rstrip())
