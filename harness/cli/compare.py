"""`harness compare`: two methods on the same test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.complete import names
from harness.cli.examples import examples

if TYPE_CHECKING:
    from harness.comparison import Compared, Comparison

EPILOG = examples(
    "harness compare runs/synthetic_faces/imm-quick-seed0-1a2b3c4d "
    "runs/synthetic_faces/thewlis-quick-seed0-5e6f7a8b",
    "harness compare 'runs/synthetic_faces/imm-quick-seed*' "
    "'runs/synthetic_faces/lmdis_rep-quick-seed*' --metric inter_ocular_error --json",
)


def compare(
    left: Annotated[
        str,
        typer.Argument(metavar="A", help="Run folder; several seeds as a,b,c or 'quoted*'."),
    ],
    right: Annotated[str, typer.Argument(metavar="B", help="The same of the other method.")],
    metric: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated [default: all that have values an image].",
            autocompletion=names("metrics"),
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            help="PNG of the images that differ most [default: below A's folder comparisons].",
        ),
    ] = None,
    no_picture: Annotated[bool, typer.Option("--no-picture", help="Draw nothing.")] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Compare two methods image by image: difference, interval, permutation test, effect size.

    The picture shows the first metric. Without several seeds a side, nothing is said of training.
    """
    from harness.cli import console
    from harness.comparison import compare as compared
    from harness.errors import UserError
    from harness.finished import find_runs

    if picture is not None and no_picture:
        raise UserError("Give either --picture or --no-picture.")
    wanted = [word.strip() for word in (metric or "").split(",") if word.strip()]
    found = compared(find_runs(left), find_runs(right), wanted)
    drawn = None if no_picture else _draw(found, picture, data)
    if as_json:
        console.answer_json(_as_json(found, drawn))
    else:
        _show(found)
    if drawn is not None:
        console.say(f"the images that differ most: {drawn}")


def _draw(found: Comparison, path: Path | None, data: Path | None) -> Path | None:
    """The picture's path; `None`, with a warning, where the images are not at hand.

    Where a path was asked for, that is a mistake.
    """
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.comparison_sheet import comparison_sheet
    from harness.errors import UserError
    from harness.figures import save_picture
    from harness.registry import registry

    shown = found.metrics[0]
    left, right = found.left.runs[0].folder, found.right.runs[0].folder
    place = path or left / "comparisons" / f"{shown.metric}-{right.resolve().name}.png"
    try:
        with Counting() as progress:
            sheet = comparison_sheet(found, shown, registry(), data=data, progress=progress.tell)
    except UserError as error:
        if path is not None:
            raise
        console.warn(f"no picture: {error}")
        return None
    return save_picture(sheet, place)


def _show(found: Comparison) -> None:
    from harness.cli import console
    from harness.leaderboard.numbers import MISSING, number_text

    one, two = found.left, found.right
    console.answer_heading(f"{one.name} (A) against {two.name} (B)")
    suite = one.runs[0].record.suite
    seeds = (", ".join(map(str, side.seeds)) for side in (one, two))
    console.answer_fields(
        [
            ("suite", f"{suite.name}, fingerprint {suite.fingerprint[:12]}"),
            ("seeds", " against ".join(seeds)),
        ]
    )
    rows = []
    for m in found.metrics:
        low, high, a, b, gap = _numbers(m)
        interval = f"{low} to {high}" if m.interval else MISSING
        verdict = {"left": "A", "right": "B"}.get(m.better, "not told apart")
        tests = (_p_text(m.p_images), _p_text(m.p_adjusted), _p_text(m.p_runs))
        effect = number_text(m.effect, 2)
        rows.append(
            (m.metric, a, b, gap, interval, verdict, *tests, effect, f"{m.wins:.0%}", str(m.images))
        )
    headers = (
        *("metric", "A", "B", "A - B", "95 %", "better", "p images", "p Holm", "p runs"),
        *("effect", "A wins", "images"),
    )
    console.answer_wide_table(headers, rows, keys=[0])
    for sentence in _notes(found):
        console.answer_wrapped(sentence)
    _show_largest(found.metrics[0])
    for why in dict.fromkeys(found.left_out.values()):
        left_out = [name for name, reason in found.left_out.items() if reason == why]
        console.say(f"not compared: {', '.join(left_out)}: {why}")


def _notes(found: Comparison) -> list[str]:
    counts = [len(side.runs) for side in (found.left, found.right)]
    if max(counts) == 1:
        of = "One run a side: all of this speaks of these two trained networks, not of training."
    elif min(counts) == 1:
        of = "A side with one run counts as exact: nothing is known of the noise of its training."
    else:
        of = "Intervals hold the noise of images and of training; p runs deals the runs out anew."
    return [
        "A - B is in the metric's unit; effect is its mean over its deviation over images; "
        "p images flips signs an image, two-sided; p Holm is the same adjusted for all metrics.",
        of,
    ]


def _show_largest(shown: Compared) -> None:
    from harness.cli import console
    from harness.leaderboard.numbers import decimals, number_text

    digits = decimals(
        shown.unit, [g.left for g in shown.largest] + [g.right for g in shown.largest]
    )
    rows = [
        (
            gap.image,
            number_text(gap.left, digits),
            number_text(gap.right, digits),
            number_text(gap.left - gap.right, digits),
        )
        for gap in shown.largest
    ]
    title = f"Images that differ most by {shown.metric}"
    console.answer_table(("image", "A", "B", "A - B"), rows, title=title)


def _numbers(m: Compared) -> list[str]:
    """Ends of the interval, both means and the difference, with one number of digits."""
    from statistics import fmean

    from harness.leaderboard.numbers import decimals, number_text

    means = [fmean(m.left_runs), fmean(m.right_runs)]
    digits = decimals(m.unit, means)
    ends = m.interval or (None, None)
    return [number_text(value, digits) for value in (*ends, *means, m.difference)]


def _p_text(p: float | None) -> str:
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _as_json(found: Comparison, drawn: Path | None) -> dict[str, Any]:
    from dataclasses import asdict

    suite = found.left.runs[0].record.suite
    sides = {
        name: {
            "method": side.name,
            "seeds": list(side.seeds),
            "runs": [str(run.folder) for run in side.runs],
        }
        for name, side in (("left", found.left), ("right", found.right))
    }
    return {
        "suite": suite.name,
        "fingerprint": suite.fingerprint,
        **sides,
        "metrics": [asdict(one) for one in found.metrics],
        "left_out": dict(found.left_out),
        "picture": None if drawn is None else str(drawn),
    }
