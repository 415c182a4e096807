"""Whether a record's numbers still hold: its predictions are scored again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.cache import Progress
from harness.contract.arrays import Evaluation
from harness.contract.specs import MetricSpec
from harness.errors import ConfigError, HarnessError, RecordError, UnknownName
from harness.finished import FinishedRun
from harness.predictions import read_arrays
from harness.record import Record, Score, read_record
from harness.recorded import Opened, open_recorded, stored_evaluation
from harness.registry import Registry, registry
from harness.scoring import score_evaluation
from harness.seal import FILES, check_file, is_intact
from harness.suite import MetricUse, load_suite
from harness.toml import validate

#: How far a number may be from the recorded one: another machine adds in another order.
RELATIVE, ABSOLUTE = 1e-6, 1e-9

#: Needs of metrics that stored predictions cannot serve.
_OF_THE_METHOD = ("detector", "samples", "render")

#: What became of a score: its number holds, differs, or was not scored again.
Status = Literal["holds", "differs", "no value", "superseded", "not scored"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One score of a record.

    Attributes:
        metric: its name.
        status: whether the number still holds.
        recorded: the value in the record.
        found: the value of the predictions scored again; `None` where it was not.
        reason: what differs, or why it was not scored again.
    """

    metric: str
    status: Status
    recorded: float | None
    found: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found about one record.

    Attributes:
        path: the record's file.
        record: as it stands there.
        signed: the record names the hash of its content.
        problems: what was changed since it was written, one sentence each.
        scores: every score, in the order of the record; empty where nothing could be scored again.
        unscored: why nothing could be scored again; empty where something was.
        superseded: the newer version of its suite that is installed, in words; else empty.
    """

    path: Path
    record: Record
    signed: bool
    problems: tuple[str, ...]
    scores: tuple[Checked, ...]
    unscored: str = ""
    superseded: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing that was checked speaks against the record."""
        return not self.problems and all(one.status != "differs" for one in self.scores)


def verify(
    path: Path,
    known: Registry | None = None,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check the hashes of a record and score its predictions again.

    Args:
        path: a run's folder, or a record; its files are looked for beside it.
        known: the plugins; `None` for those that are installed.
        data: data root; `None` for the default one.
        progress: told while images are read into the cache.

    Raises:
        RecordError: there is no record, or it is of a failed run.
    """
    known = known or registry()
    file = path / "record.json" if path.is_dir() else path
    record = read_record(file, intact=False)
    if record.status != "finished":
        raise RecordError(f"{file}: the run failed and has no scores: {record.error}")
    run = FinishedRun(file.parent, record)
    problems = []
    if not is_intact(file.read_text(encoding="utf-8")):
        problems.append(f"{file}: its content does not have the hash that it names.")
    for name in FILES:
        if name in record.files:
            problems += _problem(record, file.parent, name)
    scores: tuple[Checked, ...] = ()
    unscored = ""
    if (file.parent / "predictions.npz").is_file():
        try:
            opened = open_recorded(record, known, data=data, progress=progress)
            scores = _scores(run, opened, known)
        except HarnessError as error:
            named = str(file.parent) in str(error)
            unscored = str(error) if named else f"{file}: {error}"
    else:
        unscored = f"{file}: predictions.npz does not lie beside it, so no number was scored again."
    return Verification(
        path=file,
        record=record,
        signed=bool(record.digest),
        problems=tuple(problems),
        scores=scores,
        unscored=unscored,
        superseded=superseded_by(record, known),
    )


def superseded_by(record: Record, known: Registry) -> str:
    """Which newer version of the record's suite is installed; empty where none is."""
    try:
        version = load_suite(known.suites.get(record.suite.name).spec).version
    except HarnessError:
        return ""
    older = record.suite.version < version
    return f"suite version {record.suite.version}, now {version}" if older else ""


def _problem(record: Record, folder: Path, name: str) -> list[str]:
    try:
        check_file(record, folder, name)
    except RecordError as error:
        return [str(error)]
    return []


def _scores(run: FinishedRun, opened: Opened, known: Registry) -> tuple[Checked, ...]:
    """Every score of the record beside the same of its predictions, however those are now."""
    path = run.folder / "predictions.npz"
    evaluation = stored_evaluation(read_arrays(path), opened, path.name)
    if run.record.method.kind != "external":  # what others learned on is not known
        evaluation = replace(evaluation, fit_images=opened.roles["fit"].samples.images)
    checked = []
    for score in run.record.scores:
        left = _left(score, known)
        checked.append(left if left is not None else _again(score, evaluation, known))
    return tuple(checked)


def _left(score: Score, known: Registry) -> Checked | None:
    """A score that is not measured again, with the reason; `None` for one that is."""

    def left(status: Status, reason: str) -> Checked:
        return Checked(metric=score.metric, status=status, recorded=score.value, reason=reason)

    try:
        entry = known.metrics.get(score.metric)
    except UnknownName:
        return left("not scored", "the metric is not installed")
    spec: MetricSpec = entry.spec
    if spec.version != score.version:
        status: Status = "superseded" if spec.version > score.version else "not scored"
        return left(
            status, f"measured by version {score.version} of the metric, now {spec.version}"
        )
    needs = [need for need in spec.needs if need in _OF_THE_METHOD]
    if needs:
        why = f"it needs the method itself ({', '.join(needs)})"
        return left("no value", score.missing) if score.value is None else left("not scored", why)
    try:
        validate(entry.load(entry.spec.params), score.params, f"metric {score.metric}")
    except ConfigError as error:
        return left("not scored", f"its parameters are not known: {error}")
    return None


def _again(score: Score, evaluation: Evaluation, known: Registry) -> Checked:
    use = MetricUse(name=score.metric, params=score.params)
    common = Checked(metric=score.metric, status="holds", recorded=score.value)
    try:
        scored = score_evaluation([use], evaluation, known, optional=[use.name])
    except HarnessError as error:
        return replace(common, status="differs", reason=str(error))
    if not scored.scores:
        return replace(common, status="not scored", reason=scored.unmeasured[use.name])
    (found,) = scored.scores
    different = [name for name, pair in _numbers(score, found).items() if not _same(*pair)]
    if different:
        return replace(common, status="differs", found=found.value, reason=", ".join(different))
    if found.value is None:
        return replace(common, status="no value", reason=found.missing)
    return replace(common, found=found.value)


def _numbers(recorded: Score, found: Score) -> dict[str, tuple[float | None, float | None]]:
    """All numbers of two scores in pairs, by what they are."""
    ends: Sequence[Sequence[float | None]] = [s.ci95 or (None, None) for s in (recorded, found)]
    pairs: dict[str, tuple[float | None, float | None]] = {
        "value": (recorded.value, found.value),
        "lower end of the interval": (ends[0][0], ends[1][0]),
        "upper end of the interval": (ends[0][1], ends[1][1]),
        "number of images": (recorded.n, found.n),
    }
    for name in dict.fromkeys([*recorded.also, *found.also]):
        pairs[name] = (recorded.also.get(name), found.also.get(name))
    return pairs


def _same(one: float | None, two: float | None) -> bool:
    if one is None or two is None:
        return one is two
    return math.isclose(one, two, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
