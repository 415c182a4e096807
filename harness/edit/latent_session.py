"""What the page shows and saves of an editor of latents: one image, and what is wanted of it.

As in `harness.edit.session`, nothing here knows of the web, and the same request gives the same
picture.
"""

from __future__ import annotations

import hashlib
import shlex
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.contract.edit_length import LONGEST, edit_lengths
from harness.drawing.draw_request import check_draw
from harness.drawing.latent_edits import edited_latents, limited_path, spaced
from harness.drawing.latent_request import LatentRequest
from harness.drawing.latent_sampling import PROJECTED
from harness.drawing.manipulation_sheet import change_column
from harness.drawing.projection import Projection, project
from harness.drawing.saved_edit import Point, listed_points, write_edit
from harness.drawing.saved_latent_edit import saved_latent_edit
from harness.edit.request import LatentEditRequest
from harness.edit.session import DRAWS, FOLDER, PHOTOS, SavedFiles, UnknownPhoto, png, written
from harness.errors import UserError
from harness.figures import palette
from harness.photos import photo_square
from harness.vision.photo import decode_photo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.drawing.editor_run import EditorRun
    from harness.drawing.wanted import Goal

#: Strengths of an edit after the start, which the page offers; paths that are kept.
LEVELS, PATHS = 20, 32


@dataclass(frozen=True)
class Figure:
    """What both oracles answer about one thing, before and after the edit.

    Attributes:
        name: of an attribute, or what the numbers are.
        guide: the guide's answers.
        judge: the judge's, which the editor never saw.
    """

    name: str
    guide: tuple[str, str]
    judge: tuple[str, str]


@dataclass(frozen=True)
class ShownLatent:
    """An edited image.

    Attributes:
        picture: PNG in the generator's own size.
        plain: PNG of the image where the edit begins.
        change: PNG of the absolute change, as a heat map.
        legend: what its brightest colour stands for.
        figures: what oracles answer.
        length: how far the latents were moved, as a sentence.
        after: keypoints that the guide answers, or none.
        colours: of the keypoints, as `#rrggbb`.
    """

    picture: bytes
    plain: bytes
    change: bytes
    legend: str
    figures: list[Figure]
    length: str
    after: list[Point | None]
    colours: list[str]


@dataclass(frozen=True)
class ProjectedPhoto:
    """An opened photo, found among the generator's images."""

    name: str
    title: str
    found: Projection


@dataclass(frozen=True)
class _Step:
    """One image at a strength: pixels `uint8 [3, H, W]` and answers `[C]`."""

    image: NDArray[np.uint8]
    guide: NDArray[np.float32]
    judge: NDArray[np.float32]


class LatentSession:
    """An editor, its images and the photos that were opened.

    Args:
        run: the editor.
        count: images of a draw, at least 1.

    Raises:
        UserError: no image is asked for.
    """

    page = "latents.html"
    requests = LatentEditRequest

    def __init__(self, run: EditorRun, count: int) -> None:
        check_draw(count)
        self.run, self.count = run, count
        self._photos: OrderedDict[str, ProjectedPhoto] = OrderedDict()
        self._draw = lru_cache(DRAWS)(lambda seed: run.draw(count, seed))
        self._images = lru_cache(DRAWS)(lambda seed: run.editing.images(self._draw(seed)))
        self._path = lru_cache(PATHS)(self._made_path)

    def about(self) -> dict[str, Any]:
        """What the page must know at its beginning."""
        words = self.run.vocabulary
        return {
            "method": self.run.fitted.spec.name,
            "run": self.run.folder.name,
            "owner": self.run.fitted.owner,
            "size": self.run.generator.image_size,
            "count": self.count,
            "kind": words.kind,
            "names": list(words.names),
            "levels": LEVELS,
        }

    def thumbnail(self, seed: str, number: int) -> bytes:
        """PNG of one image of a draw.

        Raises:
            ConfigError: the seed is none, or there is no such image.
        """
        request = LatentEditRequest(seed=seed, image=number)
        check_draw(self.count, request.image)
        return png(self._images(request.whole_seed())[number])

    def open_photo(self, data: bytes, title: str) -> ProjectedPhoto:
        """Find a photo among the generator's images, which takes seconds.

        Args:
            data: its file.
            title: name of the file, for messages and saved edits.

        Raises:
            DataError: the file is no image.
        """
        name = hashlib.sha256(data).hexdigest()[:12]
        stem = Path(title.replace("\\", "/")).stem or "photo"
        if name not in self._photos:
            generator = self.run.generator
            square = photo_square(decode_photo(data, title), generator.image_size)[None]
            found = project(generator, square, [stem])
            self._photos[name] = ProjectedPhoto(name, stem, found)
        self._photos.move_to_end(name)
        while len(self._photos) > PHOTOS:
            self._photos.popitem(last=False)
        return self._photos[name]

    def photo(self, name: str) -> bytes:
        """PNG of an opened photo, as the generator could draw it at best.

        Raises:
            UnknownPhoto: it is not open.
        """
        return png(self._photo(name).found.photos[0])

    def show(self, request: LatentEditRequest) -> ShownLatent:
        """An edited image beside where the edit began.

        Raises:
            UserError: the request is malformed, or wants what the guide does not answer.
            UnknownPhoto: a photo is not open.
        """
        start = self._seen(self._start(request))
        goal = self.run.vocabulary.goal(request.want) if request.want else None
        end, length = start, ""
        if goal is not None:
            path, lengths = self._path(*self._source(request), goal.texts)
            level = request.level(LEVELS)
            end, length = self._seen(path[level]), lengths[level]
        heat = change_column(start.image[None], end.image[None], start.image.shape[-1], "")
        points = end.guide if self.run.vocabulary.kind == "keypoints" else end.guide[:0]
        points = points.reshape(-1, 2)
        return ShownLatent(
            picture=png(end.image),
            plain=png(start.image),
            change=png(heat.tiles[0].transpose(2, 0, 1)),
            legend=heat.title.lstrip(",: "),
            figures=self._figures(goal, start, end),
            length=length,
            after=listed_points(points),
            colours=[f"#{r:02x}{g:02x}{b:02x}" for r, g, b in palette(len(points))],
        )

    def save(self, request: LatentEditRequest) -> SavedFiles:
        """Write an edited image and its edit into the run's folder `edits`.

        `harness sample --from` reads the edit. The latents of photos are saved with it.

        Raises:
            UserError: nothing is wanted, or as `show`.
            RunError: a file cannot be written.
        """
        if not request.want:
            raise UserError("Nothing is wanted yet; there is no edit to save.")
        folder = self.run.folder / FOLDER
        level = request.level(LEVELS)
        if level == 0:
            raise UserError("The strength is 0, so that nothing is changed.")
        strength = level / LEVELS
        projected = None
        if request.photo is not None:
            photo = self._photo(request.photo)
            file = folder / "photos" / f"{photo.title}-{photo.name}{PROJECTED}"
            projected = photo.found.save(file)
        photos = request.photo is not None
        wanted = LatentRequest(
            count=None if photos else self.count,
            seed=None if photos else request.whole_seed(),
            project=() if projected is None else (projected,),
            want=tuple(request.want),
            strength=None if level == LEVELS else strength,
            only=None if photos else request.image,
        )
        (goal,) = self.run.goals(wanted.want)
        start, conditions = self._start(request)[None], goal.conditions[None]
        edit = edited_latents(self.run.editing, start, conditions, (0.0, strength))
        picture = written(edit.images[-1, 0], folder / f"{wanted.name}.png")
        number = 0 if photos else request.image
        saved = saved_latent_edit(
            wanted, self.run, [edit], [number], projected=projected, folder=folder
        )
        beside = picture.with_suffix(".json")
        write_edit(saved, beside)
        command = shlex.join(["harness", "sample", str(self.run.folder), "--from", str(beside)])
        return SavedFiles(picture, beside, command)

    def _source(self, request: LatentEditRequest) -> tuple[str | int, int]:
        """What tells starts apart: a photo, or a seed and an image of its draw."""
        if request.photo is not None:
            return request.photo, 0
        return request.whole_seed(), request.image

    def _start(self, request: LatentEditRequest) -> NDArray[np.float32]:
        """Where the edit begins, `[D]`."""
        return self._latents(*self._source(request))

    def _latents(self, source: str | int, number: int) -> NDArray[np.float32]:
        found: NDArray[np.float32]
        if isinstance(source, str):
            found = self._photo(source).found.latents[0]
        else:
            check_draw(self.count, number)
            found = self._draw(source)[number]
        return found

    def _made_path(
        self, source: str | int, number: int, texts: tuple[str, ...]
    ) -> tuple[NDArray[np.float32], list[str]]:
        """Latents `[LEVELS + 1, ...]` of an edit at even strengths, and how long each edit is."""
        goal = self.run.vocabulary.goal(texts)
        start, conditions = self._latents(source, number)[None], goal.conditions[None]
        path, finite, cut = limited_path(self.run.editing, start, conditions, spaced(LEVELS))
        lengths = edit_lengths(path, start)[:, 0] / self.run.editing.radius
        told = [_length(*values) for values in zip(lengths, finite[:, 0], cut[:, 0], strict=True)]
        return path[:, 0], told

    def _seen(self, latents: NDArray[np.float32]) -> _Step:
        images = self.run.editing.images(latents[None])
        editing = self.run.editing
        return _Step(images[0], editing.guide(images)[0], editing.judge(images)[0])

    def _figures(self, goal: Goal | None, start: _Step, end: _Step) -> list[Figure]:
        """Of attributes all; of what else can be wanted how near it is."""
        words = self.run.vocabulary
        if words.kind == "attributes":
            goal = words.everything()
        if goal is None:
            return []
        steps = (start, end)
        guide, judge = (
            list(zip(*[words.figures(goal, answer) for answer in answers], strict=True))
            for answers in ([s.guide for s in steps], [s.judge for s in steps])
        )
        return [
            Figure(name, of_guide, of_judge)
            for name, of_guide, of_judge in zip(words.labels(goal), guide, judge, strict=True)
        ]

    def _photo(self, name: str) -> ProjectedPhoto:
        if name not in self._photos:
            raise UnknownPhoto(name)
        self._photos.move_to_end(name)
        return self._photos[name]


def _length(length: float, finite: bool, cut: bool) -> str:
    if not finite:
        return "The edit is not finite; the start is shown."
    more = f", where longer edits are cut to {LONGEST} R" if cut else ""
    return f"Latents moved by {length:.2f} R{more} (R: their mean distance from their mean)."
