"""`harness run`: methods on suites, one record a cell."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.complete import names
from harness.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.plan import Cell, Request, RunOptions
    from harness.registry import Registry
    from harness.runner import Outcome

EPILOG = examples(
    "harness run --method gan_seg --suite synthetic_faces --preset smoke",
    "harness run --method gan_seg,mean_shape --suite synthetic_faces --seed 0,1,2 --dry-run",
)


def run(
    context: typer.Context,
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="Methods, separated by commas or repeated.",
            autocompletion=names("methods"),
        ),
    ] = None,
    ablation: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD:ABLATION",
            help="In place of --method: all variants of a paper's ablation, as one table; "
            "'harness show method NAME' lists them.",
        ),
    ] = None,
    suite: Annotated[
        list[str],
        typer.Option(
            "--suite",
            help="Suites, separated by commas or repeated.",
            autocompletion=names("suites"),
        ),
    ],
    preset: Annotated[
        str | None,
        typer.Option("--preset", help="Preset of the methods [default: the suite's, often quick]."),
    ] = None,
    seed: Annotated[
        list[str] | None, typer.Option("--seed", help="Seeds, such as 0,1,2 [default: 0].")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of the method; suite.key=value of the suite."),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metrics", help="Measure only these [default: all].")
    ] = None,
    output: Annotated[Path, typer.Option("--output", help="Folder for runs.")] = Path("runs"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads [default: the cores that are free].")
    ] = None,
    devices: Annotated[
        int,
        typer.Option(min=1, help="Processes that fit one cell together, on GPUs one each."),
    ] = 1,
    executor: Annotated[
        str, typer.Option(help="Where cells run.", autocompletion=names("executors"))
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Cells at a time [default: 1; ray: all that its cluster holds]."),
    ] = None,
    baselines: Annotated[
        bool, typer.Option(help="Run the suite's trivial baselines and ceilings too.")
    ] = True,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Pass over broken image files.")
    ] = False,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints; 0 saves every step.")
    ] = 30.0,
    max_minutes: Annotated[
        float | None,
        typer.Option(
            "--max-minutes",
            help="Stop after so long, save what is learned and exit with 3 [default: no limit].",
        ),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(
            "--track",
            help="Trackers to write to, as NAME or NAME=PLACE [default: none]; "
            "'harness list trackers' shows them.",
            autocompletion=names("trackers"),
        ),
    ] = None,
    publish: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Copy every finished record to this folder or address, as 'harness publish' does.",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run finished cells again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One record a line on stdout, the rest on stderr.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Run methods on suites and write one record a cell.

    Finished cells are kept, interrupted ones are resumed; both only while nothing that changes
    their meaning has changed.
    """
    from harness.plan import Request, RunOptions, deadline_in

    request = Request(
        methods=_split(method or []),
        suites=_split(suite),
        preset=preset,
        seeds=_seeds(_split(seed or ["0"])),
        settings=settings or (),
        metrics=_split(metrics or []),
        baselines=baselines,
    )
    options = RunOptions(
        output=output,
        data=data,
        device=device,
        precision=precision,
        threads=threads,
        devices=devices,
        fresh=fresh,
        skip_broken=skip_broken,
        checkpoint_seconds=checkpoint_seconds,
        deadline=deadline_in(max_minutes),
        track=tuple(_split(track or [])),
    )
    _go(
        request,
        options,
        executor=executor,
        workers=workers,
        dry_run=dry_run,
        as_json=as_json,
        quiet=quiet,
        ablation=ablation,
        publish=publish,
        traces=bool(context.find_root().params.get("show_traceback")),
    )


def _split(values: Sequence[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _seeds(texts: Sequence[str]) -> list[int]:
    from harness.errors import ConfigError

    try:
        return [int(text) for text in texts]
    except ValueError:
        raise ConfigError(f"--seed {','.join(texts)}: expected whole numbers.") from None


def _go(
    request: Request,
    options: RunOptions,
    *,
    executor: str,
    workers: int | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    ablation: str | None,
    publish: str | None,
    traces: bool,
) -> None:
    from harness.cli import console
    from harness.cli.run_view import Progress, explain_plan, plan_rows, show_results
    from harness.registry import registry
    from harness.tracking import wanted_trackers

    known = registry()
    cells = _plan(request, ablation, known)
    known.executors.get(executor)
    wanted_trackers(options.track, known)
    if dry_run:
        if as_json:
            console.answer_json(plan_rows(cells))
        else:
            console.answer(explain_plan(cells, known))
        return
    from harness.api import execute
    from harness.cli.run_publishing import Publishing

    shared = Publishing(publish)
    if not quiet:
        console.say(explain_plan(cells, known))
    outcomes: list[Outcome] = []
    with _ending_politely(), Progress(hidden=quiet, traces=traces) as progress:
        for outcome in execute(
            cells, options, known, watcher=progress, executor=executor, workers=workers
        ):
            outcomes.append(outcome)
            progress.cell_done(outcome)
            shared.take(outcome)
            if as_json and outcome.record is not None and outcome.status != "failed":
                console.answer(outcome.record.model_dump_json())
    if ablation is not None:
        from harness.cli.ablation_view import show_ablation

        show_ablation(ablation, outcomes, options.output, known, to_stderr=as_json)
    else:
        show_results(outcomes, options.output, known, to_stderr=as_json)
    _exit(outcomes, unpublished=shared.close())


def _plan(request: Request, ablation: str | None, known: Registry) -> list[Cell]:
    from harness.errors import UserError
    from harness.plan import make_plan

    if ablation is None:
        return make_plan(request, known)
    from harness.ablations import ablation_plan, named_ablation

    if request.methods:
        raise UserError("--ablation names its method; leave --method out.")
    return ablation_plan(*named_ablation(ablation, known), request, known)


@contextmanager
def _ending_politely() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, and say that nothing is lost."""
    from harness.cli import console

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.say("Stopped; the same command goes on where it was.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(outcomes: Sequence[Outcome], *, unpublished: int) -> None:
    """Ends with the exit code of the cells where one failed or time is up.

    Records that could not be published fail a command whose cells are all finished.
    """
    from harness.cli import console

    stopped = sum(outcome.status == "stopped" for outcome in outcomes)
    if stopped:
        cells = f"{stopped} of {len(outcomes)} cells"
        console.say(f"Time is up; the same command goes on where it was ({cells} left).")
    codes = {outcome.exit_code for outcome in outcomes if outcome.exit_code and _counts(outcome)}
    if unpublished and not codes:
        codes = {1}
    if codes:
        raise typer.Exit(min(codes))


def _counts(outcome: Outcome) -> bool:
    """A suite's own baseline that does not fit the data is a remark, not a failure."""
    return outcome.cell.asked or outcome.exit_code == 1 or outcome.status == "stopped"
