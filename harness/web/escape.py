"""Many texts escaped in one pass, for pages with thousands of rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import escape

#: Stands between texts; a control character that no page shows, and that is taken out of them.
_BETWEEN = "\x1f"


def escaped(texts: Sequence[str]) -> list[str]:
    """Every text as it may stand in HTML, also within quotes.

    A template escapes one text at a time, which takes ten times as long.

    >>> escaped(["a < b", '"'])
    ['a &lt; b', '&#34;']
    """
    if not texts:
        return []
    joined = _BETWEEN.join(texts)
    if joined.count(_BETWEEN) >= len(texts):
        joined = _BETWEEN.join(text.replace(_BETWEEN, "") for text in texts)
    return str(escape(joined)).split(_BETWEEN)


@lru_cache(maxsize=2**14)
def safe(text: str) -> str:
    """One text as it may stand in HTML, also within quotes; kept, for texts that come again.

    >>> safe("a < b")
    'a &lt; b'
    """
    return str(escape(text))
