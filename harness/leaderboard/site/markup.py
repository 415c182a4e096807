"""Rows of tables as HTML, where templates would be too slow: every text is escaped here first."""

from __future__ import annotations

from markupsafe import Markup

from harness.leaderboard.site.tables import NUMBER, Grid, Strip
from harness.web.escape import escaped


def grid_rows(grid: Grid) -> Markup:
    """The rows of a grid."""
    texts: list[str] = []
    for line in grid.lines:
        texts += (line.kind, line.rank, line.name, line.href, line.under)
        for cell in line.cells:
            texts += (cell.text, cell.look)
            for link in cell.links:
                texts += link
    take = iter(escaped(texts)).__next__
    rows: list[str] = []
    for line in grid.lines:
        kind, rank, name, href, under = take(), take(), take(), take(), take()
        rows.append(f'<tr data-kind="{kind}">')
        if grid.ranked:
            rows.append(f'<td class="number"{_value(line.order)}>{rank}</td>')
        named = f'<a href="{href}">{name}</a>' if href else f"<span>{name}</span>"
        rows.append(f'<th scope="row" data-under="{under}">{named}</th>')
        for _, value, look, links, strip in line.cells:
            text, shown = take(), take()
            if look == NUMBER:
                rows.append(f'<td class="number"{_value(value)}>{text}{_drawn(strip)}</td>')
            elif look:
                rows.append(f'<td><span class="{shown}">{text}</span></td>')
            elif links:
                rows.append(f"<td{_value(value)}>")
                for _ in links:
                    seed, page = take(), take()
                    rows.append(f'<a href="{page}">{seed}</a> ')
                rows.append("</td>")
            else:
                rows.append(f"<td>{text}</td>")
        rows.append("</tr>\n")
    return Markup("".join(rows))


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
