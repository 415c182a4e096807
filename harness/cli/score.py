"""`harness score`: predictions made outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from harness.cli.complete import names
from harness.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.external import Submission
    from harness.record import Score

EPILOG = examples(
    "harness score --suite synthetic_faces --predictions mine.npz --name my_method",
    "harness score --metric inter_ocular_error --predictions mine.npz --truth true.npz --json",
)


def score(
    predictions: Annotated[
        Path,
        typer.Option(
            help="npz of arrays test_ids, test_keypoints [N,K,2] as (x, y) (or test_landmarks, "
            "test_parts, test_foreground), and the same with regress_."
        ),
    ],
    suite: Annotated[
        str | None, typer.Option(help="Score by this suite.", autocompletion=names("suites"))
    ] = None,
    name: Annotated[str | None, typer.Option(help="The method's name, with --suite.")] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Score by this metric, without a suite.", autocompletion=names("metrics")
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="With --metric: npz of test_landmarks, regress_landmarks, test_parts …"),
    ] = None,
    units: Annotated[
        Literal["fractions", "pixels"], typer.Option(help="With --metric: unit of coordinates.")
    ] = "fractions",
    missing: Annotated[
        float | None,
        typer.Option(help="With --metric: value that marks a missing true coordinate, such as -1."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of a metric, such as origin=corner; image_size=N."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="With --suite: seed of the training.")] = 0,
    sees: Annotated[
        str,
        typer.Option(help="With --suite: what the method looked at, such as images,labels."),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", help="Folder for runs.")] = Path("runs"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the record as JSON on stdout.")
    ] = False,
) -> None:
    """Score predictions that were made outside.

    With --suite the record joins the suite's leaderboard; with --metric one number is printed.
    """
    from harness.errors import UserError
    from harness.presets import parse_settings

    own, of_suite = parse_settings(settings or ())
    values = {**own, **of_suite}
    if suite is not None and metric is None:
        from harness.external import Submission

        if name is None:
            raise UserError("--suite needs --name, the method's name on the leaderboard.")
        seen = [word.strip() for word in sees.split(",") if word.strip()]
        submission = Submission(name=name, predictions=predictions, seed=seed, sees=seen)
        _score_suite(submission, suite, values, data=data, output=output, as_json=as_json)
    elif metric is not None and suite is None:
        if truth is None:
            raise UserError("--metric needs --truth, the npz of true landmarks or masks.")
        _score_metric(
            metric, predictions, truth, values, units=units, missing=missing, as_json=as_json
        )
    else:
        raise UserError("Name either --suite (with --name) or --metric (with --truth).")


def _score_suite(
    submission: Submission,
    suite: str,
    values: dict[str, object],
    *,
    data: Path | None,
    output: Path,
    as_json: bool,
) -> None:
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.external import score_submission, suite_with
    from harness.registry import registry

    known = registry()
    protocol = suite_with(suite, values, known)
    with Counting() as progress:
        record, folder = score_submission(
            submission, protocol, known, data=data, output=output, progress=progress.tell
        )
    console.say(f"{folder / 'record.json'}")
    if as_json:
        console.answer(record.model_dump_json(indent=1))
    else:
        _show(record.scores)


def _score_metric(
    metric: str,
    predictions: Path,
    truth: Path,
    values: dict[str, object],
    *,
    units: Literal["fractions", "pixels"],
    missing: float | None,
    as_json: bool,
) -> None:
    from harness.cli import console
    from harness.plain import score_files
    from harness.registry import registry

    found = score_files(
        metric, predictions, truth, registry(), settings=values, units=units, missing=missing
    )
    if as_json:
        files = {"predictions": predictions.name, "truth": truth.name, "units": units}
        console.answer_json({**files, "scores": [found.model_dump(mode="json")]})
    else:
        _show([found])


def _show(scores: Sequence[Score]) -> None:
    from harness.cli import console
    from harness.leaderboard.numbers import decimals, number_text

    rows = []
    for one in scores:
        digits = decimals(one.unit, [one.value])
        low, high = one.ci95 or (None, None)
        interval = f"{number_text(low, digits)} to {number_text(high, digits)}" if one.ci95 else ""
        also = ", ".join(f"{key}: {number_text(v, digits)}" for key, v in one.also.items())
        left_out = ", ".join(f"{count} {reason}" for reason, count in one.excluded.items())
        behind = ", ".join(f"{k}: {number_text(v, digits)}" for k, v in one.details.items())
        remarks = "; ".join(filter(None, (one.missing, also, behind, left_out)))
        rows.append((one.metric, number_text(one.value, digits), interval, one.unit, remarks))
    console.answer_table(("metric", "value", "95 %", "unit", "also; in detail; left out"), rows)
