"""`harness sample`: new images of a finished run, changed ones, or photos drawn again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness sample runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d -n 8 --op look=2:5",
    "harness sample runs/synthetic_faces_attributes/sgf-quick-seed0-1a2b3c4d -n 8 --want hat=1",
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
        int | None, typer.Option(help="Pictures on the way to --to [default: 7] or --want [5].")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Every photo's geometry with every photo's look.")
    ] = False,
    only: Annotated[
        int | None, typer.Option(help="Number of the one new image to change [default: all].")
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="What an editor's run makes of new images (-n) or photos (--project): hat=1 "
            "(an attribute, 0 to 1), 3=0.40,0.55 (place of a keypoint, fractions of the edge) or a "
            "caption; several at once.",
        ),
    ] = None,
    then: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="A further edit, from where the one before it ends."),
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="Where edits to --want end, 0 to 1 [default: 1].")
    ] = None,
    project: Annotated[
        list[Path] | None,
        typer.Option(
            help="Photo, folder of photos, or .npz of an earlier projection: found among the "
            "images of a generator."
        ),
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

    With the run of an editor of latents, edit new images or photos to what is wanted. Writes a
    picture, and beside it the latents of new images and photos (npz), or what was before and after
    a change with the command that repeats it (JSON).
    """
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.drawing.draw_request import DrawRequest, given_options
    from harness.drawing.edit_files import replayed
    from harness.drawing.latent_request import LatentRequest
    from harness.drawing.latent_sampling import draw_latents
    from harness.drawing.operation_text import parse_operation
    from harness.drawing.sampling import draw
    from harness.errors import UserError
    from harness.saved import load_fitted

    changes = {"--image": image, "--op": operation, "--appearance": appearance, "--to": to}
    others = {"--steps": steps, "--exchange": exchange, "--only": only}
    latents = {"--want": want, "--then": then, "--strength": strength, "--project": project}
    request: DrawRequest | LatentRequest
    if saved is not None:
        given = {"-n": count, "--seed": seed, **changes, **others, **latents}
        for option in given_options(given):
            raise UserError(f"--from holds the whole edit; leave {option} out.")
        fitted = load_fitted(run, device)
        request = replayed(saved, fitted, run)
    elif latent := given_options(latents):
        for option in given_options({**changes, "--exchange": exchange}):
            raise UserError(f"{latent[0]} and {option} do not go together; pass one of them.")
        request = LatentRequest(
            count=count,
            seed=seed,
            project=tuple(project or ()),
            want=tuple(want or ()),
            then=tuple(then or ()),
            strength=strength,
            steps=steps,
            only=only,
        )
        fitted = load_fitted(run, device)
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
    folder = out or run / "samples"
    if isinstance(request, DrawRequest):
        files = draw(fitted, request, run, folder)
    else:
        with Counting() as counting:
            files = draw_latents(fitted, request, run, folder, counting.tell)
    for path in files:
        console.answer(str(path))


def _target(to: str | None, count: int | None) -> Path | int | None:
    """A number of a new image where new images are drawn, else a photo."""
    if to is None:
        return None
    return int(to) if count is not None and to.isascii() and to.isdigit() else Path(to)
