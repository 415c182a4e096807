"""What `harness sample` writes of latents: edits of new images and photos, and projections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.drawing.editor_run import EditorRun, open_editor
from harness.drawing.latent_sheet import latent_sheet, projection_sheet
from harness.drawing.projection import Projection, generator_of, load_projection, project
from harness.drawing.saved_edit import write_edit
from harness.drawing.saved_latent_edit import saved_latent_edit
from harness.errors import UserError
from harness.figures import save_picture
from harness.files import write_text
from harness.photos import find_photos, open_photo, photo_square

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.drawing.latent_request import LatentRequest
    from harness.drawing.projection import Tell
    from harness.saved import Fitted

#: Ending of files of photos that were projected earlier.
PROJECTED = ".npz"


def draw_latents(
    fitted: Fitted, request: LatentRequest, run: Path, out: Path, tell: Tell | None = None
) -> list[Path]:
    """Edit latents, or find those of photos, and write what comes of it.

    Args:
        fitted: an editor; a generator too where photos are only projected.
        request: what is asked for.
        run: the run's folder.
        out: folder of the files; one of the same name is replaced.
        tell: is told how far the projection is.

    Returns:
        The picture, the JSON beside it, and of photos the projected ones (`.npz`).

    Raises:
        UserError: the run is none of an editor or a generator, or something is wanted that the
            guide does not answer.
        DataError: a photo is missing or broken.
        RunError: a file cannot be written.
    """
    if not request.want:
        return _projected(fitted, request, run, out, tell)
    editor = open_editor(fitted, run)
    goals = editor.goals(request.want, request.then)
    projection, kept, files = None, None, []
    if request.project:
        projection = projected_photos(editor.generator, request, tell)
        kept = request.project[0]
        if kept.suffix != PROJECTED:
            kept = projection.save(out / f"{request.name}{PROJECTED}")
            files = [kept]
    starts, numbers = _starts(editor, request, projection)
    edits = editor.edit(starts, request.want, then=request.then, strengths=request.strengths())
    title = f"{fitted.spec.name}: {' and '.join(request.want)}"
    title += "".join(f", then {text}" for text in request.then)
    title += "" if request.only is None else f" (image {request.only})"
    photos = None if projection is None else projection.photos
    captions = goals if editor.vocabulary.kind == "embedding" else []
    notes = [editor.nearness(goal) for goal in captions]
    sheet = latent_sheet(edits, goals, editor.vocabulary, title=title, photos=photos, notes=notes)
    picture = save_picture(sheet, out / f"{request.name}.png")
    beside = out / f"{request.name}.json"
    saved = saved_latent_edit(request, editor, edits, numbers, projected=kept, folder=out)
    write_edit(saved, beside)
    return [picture, beside, *files]


def projected_photos(
    generator: Fitted, request: LatentRequest, tell: Tell | None = None
) -> Projection:
    """The photos of a request as latents, found now or read from a file of an earlier time.

    Raises:
        DataError: a photo is missing or broken.
        UserError: a file of projected photos stands beside photos.
    """
    earlier = [path for path in request.project if path.suffix == PROJECTED]
    if earlier and len(request.project) > 1:
        raise UserError(
            f"{earlier[0]} holds projected photos; pass it alone, without further --project."
        )
    if earlier:
        return load_projection(earlier[0], generator)
    photos = find_photos(request.project)
    squares = np.stack([photo_square(open_photo(path), generator.image_size) for path in photos])
    return project(generator, squares, [str(path) for path in photos], tell=tell)


def _projected(
    fitted: Fitted, request: LatentRequest, run: Path, out: Path, tell: Tell | None
) -> list[Path]:
    """Photos, their projections and the differences."""
    generator = generator_of(fitted)
    projection = projected_photos(generator, request, tell)
    note = {
        "command": request.command(run),
        "method": fitted.spec.name,
        "generator": generator.spec.name,
        "errors": "mean squared errors of pixels from 0 to 255; PSNR in dB",
        "images": projection.facts(),
    }
    picture = save_picture(projection_sheet(projection), out / f"{request.name}.png")
    beside = out / f"{request.name}.json"
    write_text(beside, json.dumps(note, indent=1, allow_nan=False) + "\n")
    return [picture, beside, projection.save(out / f"{request.name}{PROJECTED}")]


def _starts(
    editor: EditorRun, request: LatentRequest, projection: Projection | None
) -> tuple[NDArray[np.float32], list[int]]:
    """Latents where the edits begin, and the numbers of their images."""
    if projection is not None:
        return projection.latents, list(range(len(projection.latents)))
    drawn = editor.draw(request.count or 0, request.seed or 0)
    chosen = list(range(len(drawn))) if request.only is None else [request.only]
    return drawn[chosen], chosen
