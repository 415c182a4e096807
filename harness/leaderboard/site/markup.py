"""Rows of tables as HTML, where templates would be too slow: every text is escaped here first."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from markupsafe import Markup

from harness.leaderboard.site.tables import NUMBER, Cell, Grid, Strip
from harness.web.escape import safe


def grid_rows(grid: Grid) -> Markup:
    """The rows of a grid."""
    rows: list[str] = []
    for kind, rank, order, name, href, under, cells in grid.lines:
        rows.append(f'<tr data-kind="{safe(kind)}">')
        if grid.ranked:
            rows.append(f'<td class="number"{_value(order)}>{escape(rank)}</td>')
        rows.append(_named(name, href, under))
        rows += map(_cell, cells)
        rows.append("</tr>\n")
    return Markup("".join(rows))


def _cell(cell: Cell) -> str:
    text, value, look, links, strip = cell
    if look == NUMBER:
        return f'<td class="number"{_value(value)}>{escape(text)}{_drawn(strip)}</td>'
    if look:
        return f'<td><span class="{safe(look)}">{safe(text)}</span></td>'
    if links:
        seeds = [f'<a href="{escape(page)}">{safe(seed)}</a> ' for seed, page in links]
        return f"<td{_value(value)}>{''.join(seeds)}</td>"
    return f"<td>{safe(text)}</td>"


@lru_cache(maxsize=2**14)
def _named(name: str, href: str, under: str) -> str:
    """The head of a row, which stands in every table of a page."""
    inner = escape(name)
    named = f'<a href="{escape(href)}">{inner}</a>' if href else f"<span>{inner}</span>"
    return f'<th scope="row" data-under="{escape(under)}">{named}</th>'


def _value(value: float | None) -> str:
    """What a cell is sorted by; a number of ours, so that nothing in it needs an escape."""
    return "" if value is None else f' data-value="{float(value):.6g}"'


def _drawn(strip: Strip | None) -> str:
    """An interval with its value, drawn within a cell."""
    if strip is None:
        return ""
    low, high, place = strip
    return (
        '<svg class="strip" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="M{low} 4H{high}"/><path class="dot" d="M{place} 4h0"/></svg>'
    )
