"""For mkdocs: links that lead out of the documentation become their text.

The pages are read in the repository too, where such links work.
"""

from __future__ import annotations

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of every page."""
    return OUTSIDE.sub(r"\1", markdown)
