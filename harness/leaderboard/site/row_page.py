"""The page of a row whose runs are not at hand: scores, cost, settings, provenance of every seed.

A site may have thousands of them, so the template is rendered once, with holes, and every page is
made by filling these with escaped text. What all seeds have in common stands there once, and what
many pages have in common is made once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from markupsafe import Markup

from harness.leaderboard.numbers import MISSING, decimals
from harness.leaderboard.sheet import ARROWS, kind_text
from harness.leaderboard.site.addresses import seed_id
from harness.record import Record, Score
from harness.report.facts import Fact, cost_facts, origin_facts
from harness.report.page import Link
from harness.web.escape import safe
from harness.web.pages import render

#: Where a text will stand; a control character that no file of ours holds.
HOLE = "\x00"


def row_page(records: Sequence[Record], preset: str, back: Link, reports: Sequence[Link]) -> str:
    """The page of a row.

    Args:
        records: finished ones of one configuration, by seed; all their text is escaped.
        preset: with what sets the row apart from others of its preset.
        back: to the page of its suite.
        reports: of the row's other seeds, whose runs are at hand.
    """
    seeds = [record.seed for record in records]
    fillings = (
        *map(safe, _head(records, preset, back)),
        _links(reports),
        "\n".join(_scores(records)),
        _notes(dict.fromkeys([note for record in records for note in record.notes])),
        "".join(_fact_rows(seeds, [cost_facts(record) for record in records])),
        _commands(dict.fromkeys([record.provenance.command for record in records])),
        "".join(_fact_rows(seeds, [origin_facts(record) for record in records])),
        str(escape(_lines(records[0].method.config))),
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
    pages = [f'<a href="{safe(link.href)}">{safe(link.text)}</a>' for link in reports]
    return f'<p class="sub quiet">Reports of other seeds: {", ".join(pages)}</p>' if pages else ""


def _notes(notes: Iterable[str]) -> str:
    lines = "".join([f"<li>{safe(note)}</li>" for note in notes])
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def _commands(commands: Iterable[str]) -> str:
    """Commands, each with its button."""
    return "\n".join(
        [
            f'<div class="command"><pre><code id="command-{place}">{escape(command)}</code></pre>'
            f'<button type="button" data-copy="command-{place}" hidden>Copy</button></div>'
            for place, command in enumerate(commands)
        ]
    )


def _scores(records: Sequence[Record]) -> Iterator[str]:
    """The scores of every seed, below its title where there are several."""
    for record in records:
        seed = record.seed
        title = f'<tr><th scope="rowgroup" colspan="6">Seed {seed}</th></tr>\n'
        rows = "".join([_score_row(score) for score in record.scores])
        yield f'<tbody id="{seed_id(seed)}">\n{title if len(records) > 1 else ""}{rows}</tbody>'


def _score_row(score: Score) -> str:
    """Metric, value, interval, unit, images, and all else that is known."""
    value, ends = score.value, score.ci95
    form = f"z.{decimals(score.unit, (value,))}f"
    known = score.missing or score.also or score.details or score.excluded
    return (
        f'<tr><th scope="row">{safe(score.metric)} {ARROWS[score.direction]}</th>'
        f'<td class="number">{MISSING if value is None else format(value, form)}</td>'
        f'<td class="number">{f"{ends[0]:{form}} to {ends[1]:{form}}" if ends else ""}</td>'
        f'<td>{safe(score.unit)}</td><td class="number">{"" if value is None else score.n}</td>'
        f'<td class="what">{_remarks(score, form) if known else ""}</td></tr>\n'
    )


def _remarks(score: Score, form: str) -> str:
    """Why there is no value, other conventions, the numbers behind it, and what was left out."""
    pairs = {**score.also, **score.details} if score.also else score.details
    numbers = [
        f"{safe(name)} {MISSING}" if value is None else f"{safe(name)} {value:{form}}"
        for name, value in pairs.items()
    ]
    excluded = [f"{count} {safe(reason)} left out" for reason, count in score.excluded.items()]
    return "; ".join(filter(None, (safe(score.missing), ", ".join(numbers), ", ".join(excluded))))


def _fact_rows(seeds: Sequence[int], facts: Sequence[Sequence[Fact]]) -> Iterator[str]:
    """Facts as rows: one value where all seeds agree, else one for each."""
    if len({len(some) for some in facts}) > 1:  # of some seeds more is known
        known = [dict(some) for some in facts]
        names = dict.fromkeys([name for some in facts for name, _ in some])
        facts = [[(name, some.get(name, "not stated")) for name in names] for some in known]
    for same in zip(*facts, strict=True):
        if same.count(same[0]) == len(same):
            yield _fact_row(*same[0])
        else:
            pairs = zip(seeds, same, strict=True)
            values = [
                f'<div><span class="quiet">seed {seed}:</span> {escape(value)}</div>'
                for seed, (_, value) in pairs
            ]
            yield _row_of(same[0][0], "".join(values))


@lru_cache(maxsize=2**12)
def _fact_row(name: str, value: str) -> str:
    return _row_of(name, escape(value))


def _row_of(name: str, markup: str) -> str:
    return f'<tr><th scope="row">{safe(name)}</th><td class="long">{markup}</td></tr>\n'
