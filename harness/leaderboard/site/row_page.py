"""The page of a row whose runs are not at hand: scores, cost, settings, provenance of every seed.

A site may have thousands of them, so the template is rendered once, with holes, and every page is
made by filling these with escaped text. What all seeds have in common stands there once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from markupsafe import Markup

from harness.leaderboard.numbers import MISSING, decimals
from harness.leaderboard.sheet import ARROWS, kind_text
from harness.leaderboard.site.addresses import seed_id
from harness.leaderboard.site.markup import text_rows
from harness.record import Record, Score
from harness.report.facts import Fact, cost_facts, origin_facts
from harness.report.page import Link
from harness.web.escape import escaped
from harness.web.pages import render

#: Where a text will stand; a control character that no file of ours holds.
HOLE = "\x00"
#: Classes of the columns of the scores, after the metric's name.
LOOKS = ("number", "number", "", "number", "what")


class Shared(NamedTuple):
    """A fact about all seeds: one value where they agree, else one for each."""

    name: str
    values: tuple[str, ...]


def row_page(records: Sequence[Record], preset: str, back: Link, reports: Sequence[Link]) -> str:
    """The page of a row.

    Args:
        records: finished ones of one configuration, by seed; all their text is escaped.
        preset: with what sets the row apart from others of its preset.
        back: to the page of its suite.
        reports: of the row's other seeds, whose runs are at hand.
    """
    seeds = [record.seed for record in records]
    scores = [[_score(score) for score in record.scores] for record in records]
    cost = _shared([cost_facts(record) for record in records])
    origin = _shared([origin_facts(record) for record in records])
    commands = list(dict.fromkeys(record.provenance.command for record in records))
    head = _head(records, preset, back)
    texts = [*head, _lines(records[0].method.config), *commands]
    for rows in scores:
        for row in rows:
            texts += row
    for fact in (*cost, *origin):
        texts.append(fact.name)
        texts += fact.values
    # Everything is escaped here, at once.
    known = iter(escaped(texts))
    opening = list(islice(known, len(head)))
    config = next(known)
    again = _commands(list(islice(known, len(commands))))
    fillings = (
        *opening,
        _links(reports),
        _score_rows(known, seeds, scores),
        _notes(dict.fromkeys(note for record in records for note in record.notes)),
        _fact_rows(known, seeds, cost),
        again,
        _fact_rows(known, seeds, origin),
        config,
    )
    first, *pieces = _shell()
    both = zip(fillings, pieces, strict=True)
    return first + "".join([text for pair in both for text in pair])


def _head(records: Sequence[Record], preset: str, back: Link) -> tuple[str, ...]:
    """What fills the holes above the scores."""
    method, suite = records[0].method, records[0].suite.name
    word = "seed" if len(records) == 1 else "seeds"
    seeds = f"{word} {', '.join(str(record.seed) for record in records)}"
    finished = max(record.provenance.finished for record in records)[:10]
    return (
        f"{method.name}, {preset}, {seeds} on {suite}",
        *(back.href, back.text, method.name, method.kind, kind_text(method.kind)),
        *(preset, seeds, suite, finished),
    )


@lru_cache
def _shell() -> list[str]:
    """What stands before, between and behind the texts."""
    text = render("harness.leaderboard.site", "row.html.jinja", (), (), hole=Markup(HOLE))
    return text.split(HOLE)


def _lines(config: Mapping[str, Any]) -> str:
    """A configuration as JSON with a setting a line; several times as quick as with `indent`."""
    return json.dumps(config, separators=(",\n ", ": "), ensure_ascii=False)


def _links(reports: Sequence[Link]) -> str:
    texts = escaped([text for link in reports for text in (link.href, link.text)])
    pages = [f'<a href="{a}">{b}</a>' for a, b in zip(texts[::2], texts[1::2], strict=True)]
    return f'<p class="sub quiet">Reports of other seeds: {", ".join(pages)}</p>' if pages else ""


def _notes(notes: Sequence[str] | Mapping[str, Any]) -> str:
    lines = "".join(f"<li>{note}</li>" for note in escaped(list(notes)))
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def _commands(commands: Sequence[str]) -> str:
    """Escaped commands, each with its button."""
    return "\n".join(
        f'<div class="command"><pre><code id="command-{place}">{command}</code></pre>'
        f'<button type="button" data-copy="command-{place}" hidden>Copy</button></div>'
        for place, command in enumerate(commands)
    )


def _score_rows(
    known: Iterator[str], seeds: Sequence[int], scores: Sequence[Sequence[tuple[str, ...]]]
) -> str:
    """The scores of every seed, below its title where there are several.

    Args:
        known: escaped; the scores are taken from it.
        seeds: of the page.
        scores: of every seed, for their number.
    """
    several = len(seeds) > 1
    parts = []
    for seed, rows in zip(seeds, scores, strict=True):
        title = f'<tr><th scope="rowgroup" colspan="6">Seed {seed}</th></tr>\n' if several else ""
        lines = text_rows(known, len(rows), LOOKS)
        parts.append(f'<tbody id="{seed_id(seed)}">\n{title}{lines}</tbody>')
    return "\n".join(parts)


def _shared(facts: Sequence[Sequence[Fact]]) -> list[Shared]:
    """The facts of all seeds by their names."""
    if len(facts) > 1 and len({tuple([name for name, _ in some]) for some in facts}) > 1:
        known = [dict(some) for some in facts]
        names = dict.fromkeys([name for some in facts for name, _ in some])
        facts = [[(name, some.get(name, "not stated")) for name in names] for some in known]
    found = []
    for same in zip(*facts, strict=True):
        name, value = same[0]
        alike = same.count(same[0]) == len(same)
        found.append(Shared(name, (value,) if alike else tuple([value for _, value in same])))
    return found


def _fact_rows(known: Iterator[str], seeds: Sequence[int], facts: Sequence[Shared]) -> str:
    """Facts as rows.

    Args:
        known: escaped; names and values are taken from it.
        seeds: of the page.
        facts: for the number of their values.
    """
    rows = []
    for fact in facts:
        name, *values = islice(known, 1 + len(fact.values))
        text = values[0] if len(values) == 1 else _each(seeds, values)
        rows.append(f'<tr><th scope="row">{name}</th><td class="long">{text}</td></tr>\n')
    return "".join(rows)


def _each(seeds: Sequence[int], values: Sequence[str]) -> str:
    return "".join(
        [
            f'<div><span class="quiet">seed {seed}:</span> {value}</div>'
            for seed, value in zip(seeds, values, strict=True)
        ]
    )


def _score(score: Score) -> tuple[str, ...]:
    """Metric, value, interval, unit, images, and all else that is known, as text."""
    value, ends = score.value, score.ci95
    form = f"z.{decimals(score.unit, (value,))}f"
    known = score.missing or score.also or score.details or score.excluded
    return (
        f"{score.metric} {ARROWS[score.direction]}",
        MISSING if value is None else format(value, form),
        f"{ends[0]:{form}} to {ends[1]:{form}}" if ends else "",
        score.unit,
        str(score.n) if value is not None else "",
        _remarks(score, form) if known else "",
    )


def _remarks(score: Score, form: str) -> str:
    """Why there is no value, other conventions, the numbers behind it, and what was left out."""
    pairs = {**score.also, **score.details} if score.also else score.details
    numbers = [
        f"{name} {MISSING}" if value is None else f"{name} {value:{form}}"
        for name, value in pairs.items()
    ]
    excluded = [f"{count} {reason} left out" for reason, count in score.excluded.items()]
    return "; ".join(filter(None, (score.missing, ", ".join(numbers), ", ".join(excluded))))
