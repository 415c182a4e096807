"""What the page shows and saves: pictures of one method, from a seed or a photo and operations.

Nothing here knows of the web, and what is kept between calls only saves time: the same request
gives the same picture.
"""

from __future__ import annotations

import hashlib
import io
import shlex
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from harness.contract import KEYPOINTS
from harness.drawing.draw_request import DrawRequest, check_draw
from harness.drawing.generated_edits import Draw, changed_latents, new_draw, rendered
from harness.drawing.manipulation import found_keypoints, on_points
from harness.drawing.manipulation_sheet import change_column
from harness.drawing.saved_edit import (
    EditedKeypoints,
    Point,
    Saved,
    listed_points,
    saved_edit,
    saved_photo_edit,
    write_edit,
)
from harness.edit.request import EditRequest
from harness.errors import UserError
from harness.figures import palette, save_picture
from harness.photos import photo_square
from harness.vision.photo import decode_photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

#: Draws, pictures before a change, and photos that are kept.
DRAWS, PLAIN, PHOTOS = 8, 64, 16
#: Folder of saved edits in a run's folder.
FOLDER = "edits"


class UnknownPhoto(UserError):
    """A photo was not opened, or so long ago that it was forgotten."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The photo {name} is not open here; open it again.")
        self.name = name


@dataclass(frozen=True)
class OpenPhoto:
    """A photo that the page may ask for.

    Attributes:
        name: stands for it in requests.
        title: of its file, without ending.
        square: `uint8 [1, 3, S, S]`.
        points: the keypoints that the method finds, `[1, K, 2]`.
        plain: the photo drawn again, `uint8 [3, T, T]`.
    """

    name: str
    title: str
    square: NDArray[np.uint8]
    points: NDArray[np.floating[Any]]
    plain: NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """A changed image.

    Attributes:
        before: the keypoints as they were, `None` where one is missing.
        after: the keypoints as drawn.
        picture: PNG in the method's own size.
        plain: PNG of the same without any operation.
        change: PNG of the absolute change, as a heat map.
        legend: what its brightest colour stands for.
        colours: of the keypoints, as `#rrggbb`.
    """

    before: list[Point | None]
    after: list[Point | None]
    picture: bytes
    plain: bytes
    change: bytes
    legend: str
    colours: list[str]


@dataclass(frozen=True)
class SavedFiles:
    """What was written.

    Attributes:
        picture: PNG in the method's own size.
        edit: JSON beside it.
        command: draws it again.
    """

    picture: Path
    edit: Path
    command: str


@dataclass(frozen=True)
class _Change:
    """Keypoints `[K, 2]` and images `uint8 [3, S, S]` before and after operations."""

    before: NDArray[np.floating[Any]]
    after: NDArray[np.floating[Any]]
    plain: NDArray[np.uint8]
    image: NDArray[np.uint8]


class EditSession:
    """One method, shown and changed.

    Args:
        fitted: a method with `render`, or with `reconstruct` and keypoints.
        run: its folder.
        count: images of a draw, at least 1.

    Raises:
        UserError: the method has neither, or no image is asked for.
    """

    page = "index.html"
    requests = EditRequest

    def __init__(self, fitted: Fitted, run: Path, count: int) -> None:
        check_draw(count)
        offers = fitted.spec.capabilities
        self.renders = {"sample", "render"} <= set(offers)
        self.reconstructs = "reconstruct" in offers and bool({"detect", "segment"} & set(offers))
        if "synthesise" in offers:
            raise UserError(
                f"{fitted.spec.name} is a generator whose latents other methods edit: pass the run "
                "of an editor of it, or project photos by 'harness sample --project'."
            )
        if not (self.renders or self.reconstructs):
            raise UserError(
                f"{fitted.spec.name} draws nothing that could be edited: that takes 'sample' with "
                f"'render', or 'reconstruct'; it offers {', '.join(offers)}."
            )
        self.fitted, self.run, self.count = fitted, run, count
        self._photos: OrderedDict[str, OpenPhoto] = OrderedDict()
        self._draw = lru_cache(DRAWS)(lambda seed: new_draw(fitted, count, seed))
        self._plain = lru_cache(PLAIN)(self._drawn_plain)

    def about(self) -> dict[str, Any]:
        """What the page must know at its beginning."""
        return {
            "method": self.fitted.spec.name,
            "run": self.run.name,
            "owner": self.fitted.owner,
            "size": self.fitted.image_size,
            "renders": self.renders,
            "reconstructs": self.reconstructs,
            "count": self.count,
        }

    def thumbnail(self, seed: str, number: int) -> bytes:
        """PNG of one image of a draw.

        Raises:
            ConfigError: the seed is none, or there is no such image.
        """
        draw = self._draw_of(EditRequest(seed=seed, image=number))
        return png(draw.images[number])

    def open_photo(self, data: bytes, title: str) -> OpenPhoto:
        """Make a photo known; the last `PHOTOS` ones are.

        Args:
            data: its file.
            title: name of the file, for messages and saved edits.

        Raises:
            UserError: the method draws no photos.
            DataError: the file is no image.
        """
        self.fitted.require("reconstruct")
        square = photo_square(decode_photo(data, title), self.fitted.image_size)[None]
        name = hashlib.sha256(data).hexdigest()[:12]
        stem = Path(title.replace("\\", "/")).stem or "photo"
        points = found_keypoints(self.fitted, square)
        plain = self.fitted.reconstruct(square, points)[0]
        photo = OpenPhoto(name, stem, square, points, plain)
        self._photos[name] = photo
        self._photos.move_to_end(name)
        while len(self._photos) > PHOTOS:
            self._photos.popitem(last=False)
        return photo

    def photo(self, name: str) -> bytes:
        """PNG of an opened photo in its square.

        Raises:
            UnknownPhoto: it is not open.
        """
        return png(self._photo(name).square[0])

    def show(self, request: EditRequest) -> Shown:
        """A changed image beside what it was.

        Raises:
            UserError: the request is malformed, means what there is not, or asks for what the
                method cannot do.
            UnknownPhoto: a photo is not open.
        """
        change = self._changed(request)
        heat = change_column(change.plain[None], change.image[None], change.plain.shape[-1], "")
        return Shown(
            before=listed_points(change.before),
            after=listed_points(change.after),
            picture=png(change.image),
            plain=png(change.plain),
            change=png(heat.tiles[0].transpose(2, 0, 1)),
            legend=heat.title.lstrip(",: "),
            colours=[f"#{r:02x}{g:02x}{b:02x}" for r, g, b in palette(len(change.before))],
        )

    def save(self, request: EditRequest) -> SavedFiles:
        """Write a changed image and its edit into the run's folder `edits`.

        `harness sample --from` reads the edit. Photos are saved with it, as the method sees them,
        so that the same is drawn again.

        Raises:
            UserError: nothing is changed, or as `show`.
            RunError: a file cannot be written.
        """
        change = self._changed(request)
        if not request.operations and request.look is None:
            raise UserError("Nothing is changed yet; there is no edit to save.")
        keypoints = EditedKeypoints(
            image=request.image,
            before=listed_points(change.before),
            after=listed_points(change.after),
        )
        folder = self.run / FOLDER
        edit: Saved
        if request.photo is not None:
            wanted = self._photo_request(request)
            edit = saved_photo_edit(wanted, self.fitted, self.run, keypoints, folder)
        else:
            wanted = self._draw_request(request)
            edit = saved_edit(wanted, self.fitted, self.run, [keypoints])
        picture = written(change.image, folder / f"{wanted.name}.png")
        beside = picture.with_suffix(".json")
        write_edit(edit, beside)
        command = shlex.join(["harness", "sample", str(self.run), "--from", str(beside)])
        return SavedFiles(picture, beside, command)

    def _changed(self, request: EditRequest) -> _Change:
        if request.photo is not None:
            return self._changed_photo(request, self._photo(request.photo))
        if request.look is not None:
            raise UserError("Only photos take the look of a photo.")
        draw = self._draw_of(request)
        before = draw.latents[KEYPOINTS][request.image]
        plain = self._plain(request.whole_seed(), request.image)
        operations = request.parsed()
        if not operations:
            return _Change(before, before, plain, plain)
        latents = changed_latents(draw, request.image, operations)
        return _Change(before, latents[KEYPOINTS][0], plain, rendered(self.fitted, latents)[0])

    def _changed_photo(self, request: EditRequest, photo: OpenPhoto) -> _Change:
        look = None if request.look is None else self._photo(request.look).square
        after = photo.points
        for operation in on_points(request.parsed()):
            after = operation.apply(after)
        image = self.fitted.reconstruct(photo.square, after, look)[0]
        return _Change(photo.points[0], after[0], photo.plain, image)

    def _draw_of(self, request: EditRequest) -> Draw:
        """The draw with the image that is asked for."""
        self.fitted.require("render")
        draw = self._draw(request.whole_seed())
        changed_latents(draw, request.image)
        return draw

    def _drawn_plain(self, seed: int, number: int) -> NDArray[np.uint8]:
        images = rendered(self.fitted, changed_latents(self._draw(seed), number))
        plain: NDArray[np.uint8] = images[0]
        return plain

    def _photo(self, name: str) -> OpenPhoto:
        if name not in self._photos:
            raise UnknownPhoto(name)
        self._photos.move_to_end(name)
        return self._photos[name]

    def _draw_request(self, request: EditRequest) -> DrawRequest:
        return DrawRequest(
            count=self.count,
            seed=request.whole_seed(),
            operations=tuple(request.parsed()),
            only=request.image,
        )

    def _photo_request(self, request: EditRequest) -> DrawRequest:
        """What draws a photo again, after its square is saved."""
        names = [name for name in (request.photo, request.look) if name is not None]
        files = []
        for photo in map(self._photo, names):
            file = self.run / FOLDER / "photos" / f"{photo.title}-{photo.name}.png"
            files.append(written(photo.square[0], file))
        return DrawRequest(
            images=(files[0],),
            operations=tuple(request.parsed()),
            appearance=files[1] if len(files) > 1 else None,
        )


def written(image: NDArray[np.uint8], path: Path) -> Path:
    """An image `uint8 [3, H, W]` as a file."""
    return save_picture(Image.fromarray(image.transpose(1, 2, 0)), path)


def png(image: NDArray[np.uint8]) -> bytes:
    """An image `uint8 [3, H, W]` as PNG, written fast rather than small."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(
        file, format="PNG", compress_level=1
    )
    return file.getvalue()
