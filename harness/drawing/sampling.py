"""What `harness sample` draws: new images, changed new images, or photos drawn again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.drawing.draw_request import STEPS, DrawRequest
from harness.drawing.edit_sheet import LEGEND, edit_sheet, ways_sheet
from harness.drawing.generated_edits import edited, new_draw, ways
from harness.drawing.manipulation import (
    Manipulated,
    exchange,
    found_keypoints,
    interpolation,
    manipulated,
)
from harness.drawing.manipulation_sheet import (
    Column,
    change_column,
    marked,
    pose_columns,
    tile_side,
    tiles,
    titled_sheet,
)
from harness.drawing.saved_edit import EditedKeypoints, listed_points, saved_edit, write_edit
from harness.errors import UserError
from harness.figures import PAPER, contact_sheet, save_picture
from harness.files import replacing, write_text
from harness.photos import find_photos, open_photo, photo_square

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from harness.saved import Fitted

    #: A picture, and for every photo what the JSON says of its keypoints.
    Drawn = tuple[Image.Image, list[dict[str, Any]]]

_POINTS = (
    "x and y as fractions of the square to which the photo is padded on both sides alike, from its "
    "top left corner; null where the method found nothing"
)


def draw(fitted: Fitted, request: DrawRequest, run: Path, out: Path) -> list[Path]:
    """Draw what is asked for and write it.

    Args:
        fitted: the method.
        request: what is asked for.
        run: the run's folder, for the command that draws this again.
        out: folder of the files; one of the same name is replaced.

    Returns:
        The picture, and beside it the latents (`.npz`) of new images, the edit (`.json`) of changed
        new images, or the keypoints and the command (`.json`) of photos.

    Raises:
        UserError: the method lacks the capability.
        ConfigError: an operation means a keypoint or an image that there is none of.
        DataError: a photo is missing or broken.
        RunError: a file cannot be written.
    """
    if "edit" in fitted.spec.capabilities:
        raise UserError(
            f"{fitted.spec.name} edits latents of a generator towards what is wanted; say that "
            "with --want, such as --want NAME=1 with an attribute's name."
        )
    if request.changes:
        return _changed(fitted, request, run, out)
    if request.count is not None:
        return _generated(fitted, request, out)
    fitted.require("reconstruct")
    files = find_photos(request.images)
    photos = _squares(files, fitted)
    if isinstance(request.to, Path):
        sheet, rows = _towards(fitted, photos, request.to, request.steps or STEPS)
    elif request.exchange:
        sheet, rows = _exchanged(fitted, photos)
    else:
        sheet, rows = _edited(fitted, photos, request)
    note = {
        "command": request.command(run),
        "method": fitted.spec.name,
        "operations": list(map(str, request.operations)),
        "appearance": request.appearance and str(request.appearance),
        "to": request.to and str(request.to),
        "points": _POINTS,
        "images": [{"image": str(file), **row} for file, row in zip(files, rows, strict=True)],
    }
    picture = save_picture(sheet, out / f"{request.name}.png")
    beside = out / f"{request.name}.json"
    write_text(beside, json.dumps(note, indent=1, allow_nan=False) + "\n")
    return [picture, beside]


def _generated(fitted: Fitted, request: DrawRequest, out: Path) -> list[Path]:
    """A grid of new images, and what they were drawn from."""
    made = fitted.sample(request.count or 0, request.seed or 0)
    arrays = {f"latent_{name}": value.numpy() for name, value in made.latents.items()}
    if made.keypoints is not None:
        arrays["keypoints"] = made.keypoints.numpy()
    shown = tiles(made.images.numpy(), tile_side(fitted.image_size))
    picture = save_picture(contact_sheet(shown), out / f"{request.name}.png")
    latents = out / f"{request.name}.npz"
    with replacing(latents) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return [picture, latents]


def _changed(fitted: Fitted, request: DrawRequest, run: Path, out: Path) -> list[Path]:
    """Changed new images beside what they were, and the edit that replays them."""
    drawn = new_draw(fitted, request.count or 0, request.seed or 0)
    chosen = None if request.only is None else [request.only]
    if isinstance(request.to, int):
        paths = ways(fitted, drawn, request.to, request.steps or STEPS, chosen)
        sheet = ways_sheet(paths, request.to)
        rows = {number: (path.before[0], path.after[-1]) for number, path in paths.items()}
    else:
        edit = edited(fitted, drawn, request.operations, chosen)
        sheet = edit_sheet(edit, ", ".join(map(str, request.operations)))
        points = zip(edit.change.before, edit.change.after, strict=True)
        rows = dict(zip(edit.numbers, points, strict=True))
    keypoints = [
        EditedKeypoints(image=number, before=listed_points(before), after=listed_points(after))
        for number, (before, after) in rows.items()
    ]
    picture = save_picture(sheet, out / f"{request.name}.png")
    beside = out / f"{request.name}.json"
    write_edit(saved_edit(request, fitted, run, keypoints), beside)
    return [picture, beside]


def _edited(fitted: Fitted, photos: NDArray[np.uint8], request: DrawRequest) -> Drawn:
    """Columns: photo, its keypoints, reconstruction, the photo of the look, edited, change."""
    side = tile_side(fitted.image_size)
    look = None
    if request.appearance is not None:
        look = np.repeat(_square(request.appearance, "--appearance", fitted), len(photos), axis=0)
    change = manipulated(fitted, photos, request.operations, look)
    plain = fitted.reconstruct(photos)
    columns = [
        Column("photo", tiles(photos, side)),
        Column(LEGEND, marked(photos, change, side)),
        Column("reconstruction", tiles(plain, side)),
    ]
    if look is not None:
        columns.append(Column("look", tiles(look, side)))
    if request.operations or look is not None:
        title = ", ".join(map(str, request.operations)) or "with this look"
        columns.append(Column(title, tiles(change.images, side)))
        columns.append(change_column(plain, change.images, side, "change"))
    rows = [
        {"before": listed_points(before), "after": listed_points(after)}
        for before, after in zip(change.before, change.after, strict=True)
    ]
    return titled_sheet(columns), rows


def _towards(fitted: Fitted, photos: NDArray[np.uint8], to: Path, steps: int) -> Drawn:
    """Columns: photo with its way, the steps to the other photo's pose, the other photo."""
    side = tile_side(fitted.image_size)
    target = _square(to, "--to", fitted)
    paths = [interpolation(fitted, photo, target[0], steps) for photo in photos]
    ways = Manipulated(
        before=np.stack([path.before[0] for path in paths]),
        after=np.stack([path.after[-1] for path in paths]),
        images=photos,
    )
    still = Manipulated(ways.after, ways.after, photos)
    columns = [
        Column(LEGEND, marked(photos, ways, side)),
        *pose_columns([path.images for path in paths], side, "to the target"),
        Column("target", marked(np.repeat(target, len(photos), axis=0), still, side)),
    ]
    rows = [
        {"before": listed_points(path.before[0]), "after": list(map(listed_points, path.after))}
        for path in paths
    ]
    return titled_sheet(columns), rows


def _exchanged(fitted: Fitted, photos: NDArray[np.uint8]) -> Drawn:
    """A table: every row has the geometry of its first photo, every column the look of its own."""
    side = tile_side(fitted.image_size)
    points = found_keypoints(fitted, photos)
    shown = tiles(photos, side)
    blank = np.full_like(shown[0], PAPER[0])
    columns = [Column("geometry", [blank, *shown])]
    for look, drawn in zip(shown, exchange(fitted, photos).swapaxes(0, 1), strict=True):
        columns.append(Column("look", [look, *tiles(drawn, side)]))
    return titled_sheet(columns), [{"before": listed_points(one)} for one in points]


def _square(path: Path, option: str, fitted: Fitted) -> NDArray[np.uint8]:
    """One photo in a square, `uint8 [1, 3, S, S]`."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; {option} takes one photo.")
    return _squares(find_photos([path]), fitted)


def _squares(files: Sequence[Path], fitted: Fitted) -> NDArray[np.uint8]:
    """Photos in squares, `uint8 [N, 3, S, S]`."""
    return np.stack([photo_square(open_photo(file), fitted.image_size) for file in files])
