"""Edits on disk: what was changed, and all that repeats it exactly."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.drawing.draw_request import DrawRequest
from harness.drawing.operation_text import parse_operation
from harness.errors import ConfigError
from harness.files import write_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.saved import Fitted

#: Version of the form of saved edits.
SCHEMA: Final = 1
_POINTS = "x and y as fractions of the image, from its top left corner"

Point = tuple[float, float]


class EditedKeypoints(BaseModel):
    """Where the keypoints of one image were, and where they were put."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: int = Field(ge=0, description="Number of the image in the draw, from 0; 0 for a photo.")
    before: list[Point | None] = Field(description=f"{_POINTS}; null where there is none.")
    after: list[Point | None] = Field(description="As before; at the end of the way to an image.")


class Saved(BaseModel):
    """What all edits have, as a JSON file: the same run draws the same pixels from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = Field(description="Version of this form.")
    method: str = Field(min_length=1, description="Name of the method.")
    run: str = Field(min_length=1, description="Folder of the run when the edit was saved.")
    fit: str = Field(
        description="Fingerprint of all that the weights depend on: `owner` in the run's fit.json."
    )
    command: str = Field(default="", description="The command that repeats it.")


class SavedOperations(Saved):
    """What edits by operations have."""

    operations: list[str] = Field(
        default=[], description="Operations in their order, written as for `harness sample --op`."
    )
    keypoints: list[EditedKeypoints] = Field(
        default=[], description="What the operations made of them; for the reader alone."
    )


class SavedEdit(SavedOperations):
    """An edit of generated images."""

    seed: int = Field(ge=0, description="Seed of the draw.")
    count: int = Field(
        ge=1, description="Images of the draw; which images a seed gives depends on their number."
    )
    image: int | None = Field(
        default=None, ge=0, description="Number of the changed image; null changes all."
    )
    to: int | None = Field(
        default=None, ge=0, description="Number of the image to which the images are led."
    )
    steps: int | None = Field(default=None, ge=2, description="Pictures on the way there.")

    def request(self) -> DrawRequest:
        """What `harness sample` draws for it.

        Raises:
            UserError: nothing is changed, or things that do not go together.
            ConfigError: an operation is malformed, or an image is meant that there is none of.
        """
        if not self.operations and self.to is None:
            raise ConfigError("neither operations nor 'to' say what is changed.")
        return DrawRequest(
            count=self.count,
            seed=self.seed,
            operations=tuple(map(parse_operation, self.operations)),
            to=self.to,
            steps=self.steps,
            only=self.image,
        )


class SavedPhotoEdit(SavedOperations):
    """An edit of a photo."""

    photo: str = Field(min_length=1, description="The photo's file, from the folder of this one.")
    appearance: str | None = Field(
        default=None,
        min_length=1,
        description="The file of the photo whose look is drawn; null for its own.",
    )

    def request(self) -> DrawRequest:
        """What `harness sample` draws for it.

        Raises:
            UserError: nothing is changed, or an operation takes from a generated image.
            ConfigError: an operation is malformed.
        """
        if not self.operations and self.appearance is None:
            raise ConfigError("neither operations nor 'appearance' say what is changed.")
        return DrawRequest(
            images=(Path(self.photo),),
            operations=tuple(map(parse_operation, self.operations)),
            appearance=None if self.appearance is None else Path(self.appearance),
        )

    def seen_from(self, folder: Path) -> SavedPhotoEdit:
        """The same with its files found below the folder of the edit."""
        names = {"photo": self.photo, "appearance": self.appearance}
        return self.model_copy(update={k: str(folder / v) for k, v in names.items() if v})


def saved_edit(
    request: DrawRequest, fitted: Fitted, run: Path, keypoints: list[EditedKeypoints]
) -> SavedEdit:
    """The edit that a request for changed new images made."""
    return SavedEdit(
        schema_version=SCHEMA,
        method=fitted.spec.name,
        run=str(run),
        fit=fitted.owner,
        seed=request.seed or 0,
        count=request.count or 0,
        image=request.only,
        operations=list(map(str, request.operations)),
        to=request.to if isinstance(request.to, int) else None,
        steps=request.steps,
        keypoints=keypoints,
        command=request.command(run),
    )


def saved_photo_edit(
    request: DrawRequest, fitted: Fitted, run: Path, keypoints: EditedKeypoints, folder: Path
) -> SavedPhotoEdit:
    """The edit that a request for one photo made; its files are named from the edit's folder."""
    names = [
        None if file is None else Path(os.path.relpath(file, folder)).as_posix()
        for file in (request.images[0], request.appearance)
    ]
    return SavedPhotoEdit(
        schema_version=SCHEMA,
        method=fitted.spec.name,
        run=str(run),
        fit=fitted.owner,
        photo=names[0] or "",
        appearance=names[1],
        operations=list(map(str, request.operations)),
        keypoints=[keypoints],
        command=request.command(run),
    )


def listed_points(points: NDArray[np.floating[Any]]) -> list[Point | None]:
    """Points `[K, 2]` for JSON; null where one is missing."""
    return [
        (round(float(x), 6), round(float(y), 6)) if math.isfinite(x + y) else None
        for x, y in points
    ]


def write_edit(edit: Saved, path: Path) -> None:
    """Write an edit whole or not at all.

    Raises:
        RunError: the file cannot be written.
    """
    write_text(path, edit.model_dump_json(indent=1) + "\n")
