"""A run's folder as one page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.cache import Progress
from harness.details import settings
from harness.errors import HarnessError
from harness.leaderboard.sheet import kind_text
from harness.record import Record, read_record
from harness.registry import Registry
from harness.report.facts import cost_facts, flat, origin_facts, plain_text
from harness.report.run_folder import RunFolder
from harness.report.saved_pictures import read_pictures
from harness.report.standing import score_cards
from harness.report.tiles import TestImages, read_test_images, shows_images
from harness.report.training import loop_charts
from harness.suite import Published, load_suite
from harness.web.pages import render

T = TypeVar("T")
#: An absolute path, and the last part of it.
_FOLDERS = re.compile(r"(?<![\w.:/])(?:/[^\s/:,'\"]+)*/([^\s/:,'\"]+)")


@dataclass(frozen=True)
class Link:
    """A link to a page of the same site.

    Attributes:
        text: what is clicked.
        href: relative, made by the harness, never taken from a record.
    """

    text: str
    href: str


@dataclass(frozen=True)
class Setting:
    """One value of a configuration.

    Attributes:
        name: dotted.
        value: as text.
        default: the field's default as text, where the value is another one; else empty.
        description: what it is, with unit and source; empty where the method is not installed.
    """

    name: str
    value: str
    default: str
    description: str


@dataclass
class Problems:
    """Sentences about what a page cannot show, by section."""

    said: dict[str, str] = field(default_factory=dict)

    def attempt(self, section: str, read: Callable[[], T]) -> T | None:
        """What `read` gives; `None` where it fails, with the sentence kept for the section."""
        try:
            return read()
        except HarnessError as error:
            # A page may be shown to others, and needs no folder of this machine.
            self.said[section] = _FOLDERS.sub(r"\1", str(error))
            return None


def report(
    folder: RunFolder,
    known: Registry,
    *,
    others: Sequence[Record] = (),
    data: Path | None = None,
    progress: Progress | None = None,
    crumbs: Sequence[Link] = (),
    seeds: Sequence[Link] = (),
) -> str:
    """The page of one run; what cannot be shown is replaced by a sentence that says why.

    Args:
        folder: of the run, finished or not.
        known: the installed plugins.
        others: records whose scores stand beside this run's.
        data: data root for the test images; `None` for the default one.
        progress: told while images are read into the cache.
        crumbs: the way back, where the page is part of a site.
        seeds: pages of the same method's other seeds.
    """
    problems = Problems()
    record = folder.record
    scores = record.scores if record else []
    published = problems.attempt("published", lambda: _published(folder, known)) or ()
    cards = score_cards(record, others, published) if folder.status == "finished" and record else []
    method = record.method.name if record else (folder.note.method if folder.note else "")
    config: dict[str, Any] = (
        record.method.config if record else (folder.note.config if folder.note else {})
    )
    return render(
        "harness.report",
        "report.html.jinja",
        ("report.css",),
        (),
        folder=folder,
        record=record,
        crumbs=crumbs,
        seeds=seeds,
        kind=kind_text(record.method.kind) if record else "",
        cards=cards,
        unmeasured=_unmeasured(record),
        loops=problems.attempt("curves", lambda: loop_charts(folder.curve_rows())) or [],
        images=problems.attempt("images", lambda: _images(folder, known, data, progress)),
        pictures=read_pictures(folder.pictures(), [score.metric for score in scores]),
        cost=cost_facts(record, folder.note),
        origin=origin_facts(record) if record else [],
        settings=_settings(config, method, known),
        protocol=flat(record.suite.protocol) if record else [],
        problems=problems.said,
    )


def records_beside(folder: RunFolder, more: Sequence[Path] = ()) -> list[Record]:
    """Finished records of the folders beside a run, and of other folders.

    Records that cannot be read, or were changed, are left out: they are no one's baseline.
    """
    places = sorted(folder.path.resolve().parent.glob("*/record.json"))
    for other in more:
        places += sorted(other.rglob("*.json"))
    found = []
    for place in dict.fromkeys(places):
        try:
            record = read_record(place)
        except HarnessError:
            continue
        if record.status == "finished":
            found.append(record)
    return found


def _images(
    folder: RunFolder, known: Registry, data: Path | None, progress: Progress | None
) -> TestImages | None:
    run = folder.finished()
    if run is None or "predictions" not in run.record.artifacts or not shows_images(run):
        return None
    return read_test_images(run, known, data=data, progress=progress)


def _published(folder: RunFolder, known: Registry) -> Sequence[Published]:
    """Printed numbers of the installed suite, where the run was measured by its version."""
    if folder.record is None:
        return ()
    suite = load_suite(known.suites.get(folder.suite).spec)
    return suite.published if suite.version == folder.record.suite.version else ()


def _unmeasured(record: Record | None) -> list[tuple[str, list[str]]]:
    """Reasons why metrics have no value, with the metrics."""
    found: dict[str, list[str]] = {}
    for score in record.scores if record else ():
        if score.value is None:
            found.setdefault(score.missing or "undefined", []).append(score.metric)
    return list(found.items())


def _settings(config: Mapping[str, Any], method: str, known: Registry) -> list[Setting]:
    """Every configuration value, with what the installed method says about it."""
    try:
        entry = known.methods.get(method)
        about = {field["name"]: field for field in settings(entry.load(entry.spec.config))}
    except HarnessError:
        about = {}
    found = []
    for name, value in flat(config):
        field_ = about.get(name)
        default = plain_text(field_["default"]) if field_ is not None else value
        text = field_["description"] if field_ is not None else ""
        found.append(Setting(name, value, default if default != value else "", text))
    return found
