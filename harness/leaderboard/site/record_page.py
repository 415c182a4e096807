"""The page of a record whose run is not at hand: scores, cost, settings, provenance.

A site may have ten thousand of them, so the template is rendered once, with holes, and every page
is made by filling these with escaped text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from markupsafe import Markup

from harness.leaderboard.numbers import decimals, number_text
from harness.leaderboard.sheet import ARROWS, kind_text
from harness.leaderboard.site.markup import text_rows
from harness.record import Record, Score
from harness.report.facts import cost_facts, origin_facts
from harness.report.page import Link
from harness.web.escape import escaped
from harness.web.pages import render

#: Where a text will stand; a control character that no file of ours holds.
HOLE = "\x00"
#: Classes of the columns of the scores, after the metric's name.
LOOKS = ("number", "number", "", "number", "what")


def record_page(record: Record, back: Link, seeds: Sequence[Link]) -> str:
    """The page of a finished record.

    Args:
        record: what it shows; all its text is escaped.
        back: to the page of its suite.
        seeds: pages of the same configuration's other seeds.
    """
    method, suite = record.method, record.suite
    head = (
        f"{method.name}, {method.preset}, seed {record.seed} on {suite.name}",
        *(back.href, back.text, method.name, method.kind, kind_text(method.kind)),
        *(method.preset, str(record.seed), suite.name, record.provenance.finished[:10]),
    )
    scores = [_score(score) for score in record.scores]
    cost, origin = cost_facts(record), origin_facts(record)
    texts = [*head, record.provenance.command, _lines(method.config)]
    for rows in (scores, cost, origin):
        for row in rows:
            texts += row
    # Everything is escaped here, at once.
    known = iter(escaped(texts))
    title, *rest = islice(known, len(head))
    command, config = next(known), next(known)
    fillings = (
        title,
        *rest,
        _links(seeds),
        text_rows(known, len(scores), LOOKS),
        _notes(record.notes),
        text_rows(known, len(cost), ("",)),
        command,
        text_rows(known, len(origin), ("long",)),
        config,
    )
    first, *pieces = _shell()
    both = zip(fillings, pieces, strict=True)
    return first + "".join([text for pair in both for text in pair])


@lru_cache
def _shell() -> list[str]:
    """What stands before, between and behind the texts."""
    text = render("harness.leaderboard.site", "record.html.jinja", (), (), hole=Markup(HOLE))
    return text.split(HOLE)


def _lines(config: Mapping[str, Any]) -> str:
    """A configuration as JSON with a setting a line; several times as quick as with `indent`."""
    return json.dumps(config, separators=(",\n ", ": "), ensure_ascii=False)


def _links(seeds: Sequence[Link]) -> str:
    texts = escaped([text for link in seeds for text in (link.href, link.text)])
    pages = [f'<a href="{a}">{b}</a>' for a, b in zip(texts[::2], texts[1::2], strict=True)]
    return f'<p class="sub quiet">Other seeds: {", ".join(pages)}</p>' if pages else ""


def _notes(notes: Sequence[str]) -> str:
    lines = "".join(f"<li>{note}</li>" for note in escaped(notes))
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def _score(score: Score) -> tuple[str, ...]:
    """Metric, value, interval, unit, images, and all else that is known, as text."""
    digits = decimals(score.unit, (score.value,))
    ends = score.ci95
    known = score.missing or score.also or score.details or score.excluded
    return (
        f"{score.metric} {ARROWS[score.direction]}",
        number_text(score.value, digits),
        f"{ends[0]:z.{digits}f} to {ends[1]:z.{digits}f}" if ends else "",
        score.unit,
        str(score.n) if score.value is not None else "",
        _remarks(score, digits) if known else "",
    )


def _remarks(score: Score, digits: int) -> str:
    """Why there is no value, other conventions, the numbers behind it, and what was left out."""
    pairs = {**score.also, **score.details}.items()
    numbers = ", ".join(f"{name} {number_text(value, digits)}" for name, value in pairs)
    excluded = ", ".join(f"{count} {reason} left out" for reason, count in score.excluded.items())
    return "; ".join(filter(None, (score.missing, numbers, excluded)))
