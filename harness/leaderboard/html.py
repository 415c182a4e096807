"""Sheets as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.leaderboard.sheet import Sheet


def page(sheets: Sequence[Sheet], command: str) -> str:
    """One page with all sheets; whatever a record says is escaped.

    Args:
        sheets: the content.
        command: what generates the page.
    """
    environment = Environment(
        loader=PackageLoader("harness.leaderboard", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.jinja")
    return template.render(sheets=sheets, command=command) + "\n"
