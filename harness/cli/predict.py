"""`harness predict`: a finished run on own photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness predict runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d photo.jpg --out found",
    "harness predict runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d photos --out found --skip-broken",
)


def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    photos: Annotated[
        list[Path], typer.Argument(metavar="IMAGE-OR-FOLDER...", help="Photos of any size.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for keypoints.json, masks/ and overlays/.")
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Go on past files that are no image.")
    ] = False,
) -> None:
    """Find keypoints and parts in photos.

    Writes COCO JSON, part masks and overlays, all in the photos' own pixels.
    """
    from harness.cli import console
    from harness.errors import UserError
    from harness.photos import find_photos, predict_photos
    from harness.saved import load_fitted

    files = find_photos(photos)
    fitted = load_fitted(run, device)
    if fitted.spec.kind == "oracle":
        raise UserError(f"{fitted.spec.name} reads true labels, which photos do not have.")
    written = predict_photos(fitted, files, out, skip_broken=skip_broken)
    for sentence in written.skipped:
        console.warn(sentence)
    if written.keypoints is not None:
        console.answer(str(written.keypoints))
    for path in [*written.masks, *written.overlays]:
        console.answer(str(path))
    console.say(f"{len(written.overlays)} photos, {len(written.skipped)} skipped")
    if not written.overlays:
        raise UserError("No photo could be read.")
