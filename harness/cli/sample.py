"""`harness sample`: new images of a finished run, changed ones, or photos drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness sample runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d -n 8 --op look=2:5",
    "harness sample runs/celeba_wild/imm-quick-seed0-1a2b3c4d --image a.jpg --op move=2:+0.1,-0.05",
)


def sample(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    count: Annotated[int | None, typer.Option("-n", help="Number of new images to draw.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of new images [default: 0].")] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="Photo, or folder of photos, to draw again.")
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(
            "--op",
            metavar="NAME=KEYPOINTS:NUMBERS",
            help="Change of keypoints: move=2:+0.1,-0.05 (fractions of the edge, right and down), "
            "scale=all:1.2 (factor), rotate=1+3:15 (degrees, clockwise). With -n also look=2:5 "
            "(part 2 as in new image 5) and background=5; look=2:5,0.5 goes half the way.",
        ),
    ] = None,
    appearance: Annotated[
        Path | None, typer.Option(help="Photo whose look is drawn [default: their own].")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PHOTO|NUMBER",
            help="Photo to whose pose the photos are led in steps, or with -n the number of the "
            "new image to which all are led.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Pictures on the way to --to [default: 7].")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Every photo's geometry with every photo's look.")
    ] = False,
    only: Annotated[
        int | None, typer.Option(help="Number of the one new image to change [default: all].")
    ] = None,
    saved: Annotated[
        Path | None, typer.Option("--from", help="JSON of a saved edit, to draw it again.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the files [default: RUN/samples].")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Draw new images, change them, or draw photos again with their keypoints changed.

    Writes a picture, and beside it the latents of new images (npz), or the keypoints before and
    after a change with the command that repeats it (JSON).
    """
    from harness.cli import console
    from harness.draw_request import DrawRequest, given_options
    from harness.errors import UserError
    from harness.operation_text import parse_operation
    from harness.sampling import draw
    from harness.saved import load_fitted
    from harness.saved_edit import replayed

    changes = {"--image": image, "--op": operation, "--appearance": appearance, "--to": to}
    others = {"--steps": steps, "--exchange": exchange, "--only": only}
    if saved is not None:
        for option in given_options({"-n": count, "--seed": seed, **changes, **others}):
            raise UserError(f"--from holds the whole edit; leave {option} out.")
        fitted = load_fitted(run, device)
        request = replayed(saved, fitted, run)
    else:
        request = DrawRequest(
            count=count,
            seed=seed,
            images=tuple(image or ()),
            operations=tuple(parse_operation(text) for text in operation or ()),
            appearance=appearance,
            to=_target(to, count),
            steps=steps,
            exchange=exchange,
            only=only,
        )
        fitted = load_fitted(run, device)
    for path in draw(fitted, request, run, out or run / "samples"):
        console.answer(str(path))


def _target(to: str | None, count: int | None) -> Path | int | None:
    """A number of a new image where new images are drawn, else a photo."""
    if to is None:
        return None
    return int(to) if count is not None and to.isascii() and to.isdigit() else Path(to)
