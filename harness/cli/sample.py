"""`harness sample`: new images of a finished run, or photos drawn again after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness sample runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d -n 64",
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
            "scale=all:1.2 (factor), rotate=1+3:15 (degrees, clockwise).",
        ),
    ] = None,
    appearance: Annotated[
        Path | None, typer.Option(help="Photo whose look is drawn [default: their own].")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Photo to whose pose the photos are led in steps.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Pictures on the way to --to [default: 7].")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Every photo's geometry with every photo's look.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the files [default: RUN/samples].")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Draw new images, or draw photos again with their keypoints changed.

    Writes a picture, and beside it the latents of new images (npz) or the keypoints of photos with
    the command that repeats it (JSON).
    """
    from harness.cli import console
    from harness.manipulation import parse_operation
    from harness.sampling import DrawRequest, draw

    request = DrawRequest(
        count=count,
        seed=seed,
        images=tuple(image or ()),
        operations=tuple(parse_operation(text) for text in operation or ()),
        appearance=appearance,
        to=to,
        steps=steps,
        exchange=exchange,
    )
    from harness.saved import load_fitted

    for path in draw(load_fitted(run, device), request, run, out or run / "samples"):
        console.answer(str(path))
