"""What `harness sample` draws: new images, or photos drawn again after a change."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import UserError
from harness.figures import PAPER, contact_sheet
from harness.files import replacing, write_text
from harness.manipulation import (
    Manipulated,
    Operation,
    exchange,
    found_keypoints,
    interpolation,
    manipulated,
)
from harness.manipulation_sheet import (
    Column,
    change_column,
    marked,
    pose_columns,
    tile_side,
    tiles,
    titled_sheet,
)
from harness.photos import SQUARE, find_photos, open_photo
from harness.vision.letterbox import letterbox

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from harness.saved import Fitted

    #: A picture, and for every photo what the JSON says of its keypoints.
    Drawn = tuple[Image.Image, list[dict[str, Any]]]

#: Pictures on the way to another photo's pose.
STEPS = 7
#: Title of pictures with keypoints before and after a change.
RING = "ring: before, dot: after"
#: Longest name of a file without its ending, in bytes.
_NAME_BYTES = 100
_POINTS = (
    "x and y as fractions of the square to which the photo is padded on both sides alike, from its "
    "top left corner; null where the method found nothing"
)


@dataclass(frozen=True)
class DrawRequest:
    """What is to be drawn: new images (`count`), or photos drawn again (`images`).

    Attributes:
        count: number of new images.
        seed: of the new images, 0 by default.
        images: photos, or folders of photos.
        operations: changes of the photos' keypoints, in this order.
        appearance: the photo whose look is drawn.
        to: the photo to whose pose every photo is led.
        steps: pictures on the way there, `STEPS` by default.
        exchange: draw every photo's geometry with every photo's look.

    Raises:
        UserError: nothing is asked for, or things that do not go together.
    """

    count: int | None = None
    seed: int | None = None
    images: tuple[Path, ...] = ()
    operations: tuple[Operation, ...] = ()
    appearance: Path | None = None
    to: Path | None = None
    steps: int | None = None
    exchange: bool = False

    def __post_init__(self) -> None:
        changes = _given({"--op": self.operations, "--appearance": self.appearance})
        ways = _given({"--to": self.to, "--exchange": self.exchange})
        if self.images:
            self._check_photos([*ways, *changes] if ways else [])
            return
        for option in [*changes, *ways, *_given({"--steps": self.steps})]:
            raise UserError(f"{option} changes photos; name them with --image.")
        if self.count is None:
            raise UserError("Nothing to draw; pass -n for new images or --image for a photo.")
        if self.count < 1:
            raise UserError(f"-n must be at least 1, got {self.count}.")

    def _check_photos(self, apart: Sequence[str]) -> None:
        """Raises where options are given that must stand apart, or that photos do not need."""
        if self.count is not None:
            raise UserError("-n draws new images and --image draws photos again; pass one of them.")
        if self.seed is not None:
            raise UserError("--seed chooses among new images; it needs -n.")
        if len(apart) > 1:
            raise UserError(f"{apart[0]} and {apart[1]} do not go together; pass one of them.")
        if self.steps is not None and self.to is None:
            raise UserError("--steps counts the pictures on the way to a pose; it needs --to.")
        if self.steps is not None and self.steps < 2:
            raise UserError(f"--steps must be at least 2, got {self.steps}.")

    def command(self, run: Path) -> str:
        """The command that draws these photos again."""
        words = ["harness", "sample", str(run)]
        for path in self.images:
            words += ["--image", str(path)]
        for operation in self.operations:
            words += ["--op", str(operation)]
        for option, value in (("appearance", self.appearance), ("to", self.to)):
            words += [f"--{option}", str(value)] if value else []
        words += ["--steps", str(self.steps or STEPS)] if self.to else []
        words += ["--exchange"] if self.exchange else []
        return shlex.join(words)

    @property
    def name(self) -> str:
        """A file name without ending; photos with equal names in other folders get another one."""
        if self.count is not None:
            return f"generated-{self.count}-seed{self.seed or 0}"
        words = [self.images[0].stem, *map(str, self.operations)]
        if self.appearance:
            words += ["look", self.appearance.stem]
        if self.to:
            words += ["to", self.to.stem, str(self.steps or STEPS)]
        if self.exchange:
            words.append("exchange")
        if len(words) == 1:
            words.append("reconstruction")
        text = re.sub(r"[^\w.+,-]+", "-", "-".join(words)).lstrip(".-")
        short = os.fsencode(text)[:_NAME_BYTES].decode(errors="ignore")
        return f"{short}-{self._digest()}"

    def _digest(self) -> str:
        there = replace(
            self,
            images=tuple(path.resolve() for path in self.images),
            appearance=self.appearance and self.appearance.resolve(),
            to=self.to and self.to.resolve(),
        )
        return hashlib.sha256(os.fsencode(there.command(Path()))).hexdigest()[:6]


def draw(fitted: Fitted, request: DrawRequest, run: Path, out: Path) -> list[Path]:
    """Draw what is asked for and write it.

    Args:
        fitted: the method.
        request: what is asked for.
        run: the run's folder, for the command that draws this again.
        out: folder of the files; one of the same name is replaced.

    Returns:
        The picture, and beside it the latents (`.npz`) of new images, or the keypoints and the
        command (`.json`) of photos.

    Raises:
        UserError: the method lacks the capability.
        ConfigError: an operation means a keypoint that there is none of.
        DataError: a photo is missing or broken.
        RunError: a file cannot be written.
    """
    if request.count is not None:
        return _generated(fitted, request, out)
    fitted.require("reconstruct")
    files = find_photos(request.images)
    photos = _squares(files, fitted)
    if request.to is not None:
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
    picture = _save(sheet, out / f"{request.name}.png")
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
    picture = _save(contact_sheet(shown), out / f"{request.name}.png")
    latents = out / f"{request.name}.npz"
    with replacing(latents) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return [picture, latents]


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
        Column(RING, marked(photos, change, side)),
        Column("reconstruction", tiles(plain, side)),
    ]
    if look is not None:
        columns.append(Column("look", tiles(look, side)))
    if request.operations or look is not None:
        title = ", ".join(map(str, request.operations)) or "with this look"
        columns.append(Column(title, tiles(change.images, side)))
        columns.append(change_column(plain, change.images, side, "change"))
    rows = [
        {"before": _listed(before), "after": _listed(after)}
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
        Column(RING, marked(photos, ways, side)),
        *pose_columns([path.images for path in paths], side, "to the target"),
        Column("target", marked(np.repeat(target, len(photos), axis=0), still, side)),
    ]
    rows = [
        {"before": _listed(path.before[0]), "after": list(map(_listed, path.after))}
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
    return titled_sheet(columns), [{"before": _listed(one)} for one in points]


def _square(path: Path, option: str, fitted: Fitted) -> NDArray[np.uint8]:
    """One photo in a square, `uint8 [1, 3, S, S]`."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; {option} takes one photo.")
    return _squares(find_photos([path]), fitted)


def _squares(files: Sequence[Path], fitted: Fitted) -> NDArray[np.uint8]:
    """Photos in squares, `uint8 [N, 3, S, S]`."""
    side = max(SQUARE, fitted.image_size)
    squares = [letterbox(open_photo(file), side)[0] for file in files]
    return np.stack(squares).transpose(0, 3, 1, 2)


def _listed(points: NDArray[np.floating[Any]]) -> list[list[float] | None]:
    """Points `[K, 2]` for JSON."""
    return [
        [round(float(x), 6), round(float(y), 6)] if np.isfinite([x, y]).all() else None
        for x, y in points
    ]


def _given(options: Mapping[str, object]) -> list[str]:
    """The options that have a value."""
    return [name for name, value in options.items() if value not in (None, (), False)]


def _save(picture: Image.Image, path: Path) -> Path:
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG")
    return path
