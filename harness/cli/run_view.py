"""What `harness run` says: the plan, the progress, the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.text import Text
from typing_extensions import override

from harness.cli import console
from harness.cli.progress import Counting
from harness.plan import Cell, asset_cells
from harness.presets import DEFAULT, preset_about, preset_files
from harness.record import Record, Score
from harness.registry import Registry
from harness.watching import CellWatcher

if TYPE_CHECKING:
    from harness.runner import Outcome

#: Scalars shown beside the bar, at most.
_SHOWN_SCALARS = 3
#: Characters of the column of names and of a score with its interval.
_NAME_WIDTH, _SCORE_WIDTH = 24, 15


def plan_rows(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The plan as JSON: one object a cell."""
    return [
        {
            "cell": cell.label,
            "suite": cell.suite.name,
            "method": cell.entry.full_name,
            "preset": cell.preset,
            "seed": cell.seed,
            "variant": cell.variant,
            "asked": cell.asked,
            "minutes": _about(cell).get("minutes"),
            "config": cell.config.model_dump(mode="json"),
        }
        for cell in cells
    ]


def explain_plan(cells: Sequence[Cell], known: Registry) -> str:
    """What will be done and how long it takes, one line a suite."""
    lines = []
    for suite in dict.fromkeys(cell.suite.name for cell in cells):
        here = [cell for cell in cells if cell.suite.name == suite]
        asked = [_described(cell) for cell in here if cell.asked]
        lines.append(f"suite {suite}: {', '.join(asked)}")
        others = [_named(cell) for cell in here if not cell.asked]
        if others:
            lines.append(f"  beside them, as the suite asks: {', '.join(others)}")
        if assets := asset_cells(here[0].suite, known).values():
            once = sum(float(_about(cell).get("minutes", 0)) for cell in assets)
            made = ", ".join(_named(cell) for cell in assets)
            long = f" (about {once:.0f} minutes)" if once else ""
            lines.append(f"  its assets, once for all its editors{long}: {made}")
    minutes = sum(float(_about(cell).get("minutes", 0)) for cell in cells if cell.asked)
    if minutes:
        unit = "minute" if round(minutes) == 1 else "minutes"
        lines.append(f"about {minutes:.0f} {unit} of training on two free CPU cores.")
    return "\n".join(lines)


def _named(cell: Cell) -> str:
    name = cell.entry.spec.name
    return name if cell.preset == DEFAULT else f"{name} {cell.preset}"


def _described(cell: Cell) -> str:
    variant = f"{cell.variant}, " if cell.variant else ""
    return f"{cell.entry.spec.name} ({variant}preset {cell.preset}, seed {cell.seed})"


def _about(cell: Cell) -> Mapping[str, Any]:
    path = preset_files(cell.entry.spec).get(cell.preset)
    return preset_about(path) if path else {}


class Progress(CellWatcher):
    """Bars on stderr, with losses and the time left; plain lines where it is no terminal.

    Args:
        hidden: show nothing but failures.
        traces: show where unforeseen errors happened.
    """

    def __init__(self, *, hidden: bool = False, traces: bool = False) -> None:
        self._bars = Counting(hidden=hidden)
        self._hidden = hidden
        self._traces = traces
        self._label = ""
        self._total = 1
        self._tenth = 0
        self._refused: set[str] = set()

    def __enter__(self) -> Progress:
        self._bars.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.__exit__(kind, error, trace)

    @override
    def cell_started(self, cell: Cell, folder: Path) -> None:
        self._label = " ".join(
            filter(None, (cell.entry.spec.name, cell.variant, f"seed {cell.seed}"))
        )
        self._line(f"running {cell.label}")

    @override
    def asset_started(self, name: str, cell: Cell, folder: Path) -> None:
        what = f"{cell.entry.spec.name}, preset {cell.preset}"
        self._line(f"the suite's {name}, once for all its editors: {what}")

    @override
    def waiting(self, cell: Cell, folder: Path) -> None:
        self._line(f"another process is running {cell.label}; waiting for it ({folder})")

    @override
    def data_progress(self, what: str, done: int, total: int) -> None:
        self._bars.tell(what, done, total)
        if done == total:
            self._bars.drop(what)
            self._line(f"{what}: {total} in the cache")

    @override
    def loop_started(self, loop: str, step: int, total: int) -> None:
        if step:
            self._line(f"{self._label}: {loop} goes on at step {step} of {total}")
        self._total, self._tenth = max(1, total), 10 * step // max(1, total)
        self._bars.tell(self._bar(loop), step, total)

    @override
    def loop_advanced(self, loop: str, step: int) -> None:
        self._bars.tell(self._bar(loop), step, self._total)

    @override
    def scalars_logged(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        shown = list(scalars.items())[:_SHOWN_SCALARS]
        news = " ".join(f"{name} {value:.3g}" for name, value in shown)
        self._bars.news(self._bar(loop), news)
        tenth = 10 * step // self._total
        if tenth > self._tenth and not self._bars.console.is_terminal:
            self._tenth = tenth
            self._line(f"{self._bar(loop)} {step}/{self._total} {news}")

    @override
    def loop_finished(self, loop: str) -> None:
        self._bars.drop(self._bar(loop))

    def _bar(self, loop: str) -> str:
        return f"{self._label} {loop}"

    def cell_done(self, outcome: Outcome) -> None:
        """One line for a cell that is done; data that no cell can use are refused once."""
        if outcome.status == "failed" and outcome.folder is None and outcome.exit_code == 2:
            if outcome.error not in self._refused:
                self._refused.add(outcome.error)
                text = Text(f"error: {outcome.error}", style="red")
                self._bars.console.print(text, soft_wrap=True)
        elif outcome.status == "stopped":
            self._line(f"stopped: {outcome.cell.label}: {outcome.error}")
        elif outcome.status == "failed":
            word = "failed" if outcome.cell.asked else "left out"
            style = "red" if outcome.cell.asked else "yellow"
            text = Text(f"{word}: {outcome.cell.label}: {outcome.error}", style=style)
            self._bars.console.print(text, soft_wrap=True)
            if outcome.trace and self._traces:
                self._bars.console.print(outcome.trace, soft_wrap=True)
        elif outcome.record and outcome.record.cost:
            cost = outcome.record.cost
            seconds = cost.fit_seconds + cost.predict_seconds
            self._line(f"{outcome.status}: {outcome.cell.label} ({seconds:.0f} s)")

    def _line(self, text: str) -> None:
        if not self._hidden:
            self._bars.console.print(Text(text), soft_wrap=True)


def show_results(
    outcomes: Sequence[Outcome], output: Path, known: Registry, *, to_stderr: bool
) -> None:
    """The scores of every suite with the baselines beside them, and where the files lie."""
    done = [outcome for outcome in outcomes if outcome.record and outcome.status != "failed"]
    if not done:
        return
    target = console.stderr() if to_stderr else console.stdout()
    for suite in dict.fromkeys(outcome.cell.suite.name for outcome in done):
        here = [outcome for outcome in done if outcome.cell.suite.name == suite]
        target.print(scores_table(suite, here, target.width))
    for outcome in done:
        if outcome.cell.asked and outcome.folder:
            console.say(f"record and pictures  {outcome.folder}")
    for board in _write_boards(sorted({o.cell.suite.name for o in done}), output, known):
        console.say(f"leaderboard          {board}")


def _write_boards(suites: Sequence[str], output: Path, known: Registry) -> list[Path]:
    """The leaderboards of these suites over all records below `output`, as markdown."""
    from harness.leaderboard.board import load_boards
    from harness.leaderboard.pages import files_of, write_files

    found = load_boards([output], suites, known)
    for sentence in found.warnings:
        console.warn(sentence)
    folder = output / "leaderboards"
    command = f"harness leaderboard --records {output.as_posix()} --out {folder.as_posix()}"
    return write_files(files_of(found.boards, "md", command, complete=False), folder)


def scores_table(suite: str, outcomes: Sequence[Outcome], width: int) -> Any:
    """One row a cell, one column a metric with half its 95 % interval; ceilings last.

    The first metrics with a value are shown, as many as `width` characters hold; the leaderboard
    has them all.
    """
    from rich import box
    from rich.table import Table

    fitting = max(1, (width - _NAME_WIDTH) // _SCORE_WIDTH)
    records = [outcome.record for outcome in outcomes if outcome.record]
    metrics = _metrics_shown([use.name for use in outcomes[0].cell.suite.metrics], records)[
        :fitting
    ]
    table = Table(title=f"suite {suite}", box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    table.add_column("method", no_wrap=True)
    for metric in metrics:
        score = next((score for record in records if (score := record.score(metric))), None)
        arrow = {"higher": "↑", "lower": "↓"}[score.direction] if score else ""
        table.add_column(Text(f"{metric.replace('_', ' ')} {arrow}"), justify="right")
    order = {"trivial": 0, "learned": 1, "external": 1, "oracle": 2}
    for record in sorted(records, key=lambda record: order[record.method.kind]):
        cells = [_score_text(record.score(metric)) for metric in metrics]
        style = "bold" if record.method.kind == "learned" else "dim"
        table.add_row(Text(_row_name(record)), *map(Text, cells), style=style)
    return table


def _metrics_shown(metrics: Sequence[str], records: Sequence[Record]) -> list[str]:
    """The metrics that some record has a value for; all of them where none has."""

    def has_value(record: Record, metric: str) -> bool:
        score = record.score(metric)
        return score is not None and score.value is not None

    valued = [name for name in metrics if any(has_value(record, name) for record in records)]
    return valued or list(metrics)


def _row_name(record: Record) -> str:
    if record.method.preset == DEFAULT:
        return record.method.name
    return f"{record.method.name} {record.method.preset} {record.seed}"


def _score_text(score: Score | None) -> str:
    if score is None or score.value is None:
        return "n/a"
    digits = 3 if abs(score.value) < 2 else 1
    text = f"{score.value:.{digits}f}"
    if score.ci95:
        low, high = score.ci95
        text += f" ±{(high - low) / 2:.{digits}f}"
    return text
