"""Edits of latents on disk: what was wanted, from where, and what oracles saw."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from harness.drawing.latent_request import LatentRequest
from harness.drawing.saved_edit import SCHEMA, Saved

if TYPE_CHECKING:
    from harness.drawing.editor_run import EditorRun
    from harness.drawing.latent_edits import LatentEdit
    from harness.drawing.wanted import Goal

#: What an oracle answers to one image: attributes and cosines, or places of keypoints.
Answer = dict[str, float | list[float | None] | None]


class EditedLatent(BaseModel):
    """What one edit made of one image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: int = Field(ge=0, description="Number of the new image, or of the photo, from 0.")
    wanted: list[str] = Field(description="What this edit was to reach.")
    length_in_r: float | None = Field(
        description="How far the latents were moved, in R, their mean distance from their mean."
    )
    cut: bool = Field(description="Whether the edit would be longer and was cut to the longest.")
    guide_before: Answer = Field(description="What the guide answers to where this edit began.")
    guide_after: Answer = Field(description="What the guide answers to where it ended.")
    judge_before: Answer = Field(description="The same of the judge, which the editor never saw.")
    judge_after: Answer = Field(description="The same of the judge.")


class SavedLatentEdit(Saved):
    """An edit of the latents of new images, or of photos that were projected."""

    want: list[str] = Field(min_length=1, description="What is wanted, all at once.")
    then: list[str] = Field(default=[], description="What is wanted next, one edit after another.")
    strength: float = Field(default=1.0, gt=0, le=1, description="Where every edit ends.")
    steps: int | None = Field(default=None, ge=1, description="Strengths that are shown.")
    seed: int | None = Field(default=None, ge=0, description="Seed of new images; null for photos.")
    count: int | None = Field(
        default=None,
        ge=1,
        description="New images of the draw; which ones a seed gives depends on their number.",
    )
    image: int | None = Field(
        default=None, ge=0, description="Number of the edited image; null edits all."
    )
    projected: str | None = Field(
        default=None,
        min_length=1,
        description="File of the projected photos, from the folder of this one; null for others.",
    )
    radius: float = Field(description="R, the mean distance of latents from their mean.")
    results: list[EditedLatent] = Field(default=[], description="For the reader alone.")

    def request(self) -> LatentRequest:
        """What `harness sample` does for it.

        Raises:
            UserError: things do not go together.
        """
        return LatentRequest(
            count=self.count,
            seed=self.seed,
            project=() if self.projected is None else (Path(self.projected),),
            want=tuple(self.want),
            then=tuple(self.then),
            strength=self.strength,
            steps=self.steps,
            only=self.image,
        )

    def seen_from(self, folder: Path) -> SavedLatentEdit:
        """The same with its file found below the folder of the edit."""
        if self.projected is None:
            return self
        return self.model_copy(update={"projected": str(folder / self.projected)})


def saved_latent_edit(
    request: LatentRequest,
    run: EditorRun,
    edits: Sequence[LatentEdit],
    numbers: Sequence[int],
    *,
    projected: Path | None,
    folder: Path,
) -> SavedLatentEdit:
    """The edit that a request made.

    Args:
        request: what was asked for.
        run: the editor.
        edits: what it made.
        numbers: of the images.
        projected: file of the projected photos, for such.
        folder: where the edit is saved.
    """
    goals = run.goals(request.want, request.then)
    relative = None if projected is None else Path(os.path.relpath(projected, folder)).as_posix()
    return SavedLatentEdit(
        schema_version=SCHEMA,
        method=run.fitted.spec.name,
        run=str(run.folder),
        fit=run.fitted.owner,
        command=request.command(run.folder),
        want=list(request.want),
        then=list(request.then),
        strength=1.0 if request.strength is None else request.strength,
        steps=request.steps,
        seed=None if request.count is None else request.seed or 0,
        count=request.count,
        image=request.only,
        projected=relative,
        radius=round(run.editing.radius, 6),
        results=[
            _result(run, edit, goal, row, number)
            for edit, goal in zip(edits, goals, strict=True)
            for row, number in enumerate(numbers)
        ],
    )


def _result(run: EditorRun, edit: LatentEdit, goal: Goal, row: int, number: int) -> EditedLatent:
    def facts(answers: Any) -> Answer:
        return run.vocabulary.facts(goal, answers)

    length = float(edit.lengths[-1, row])
    return EditedLatent(
        image=number,
        wanted=list(goal.texts),
        length_in_r=round(length, 4) if edit.finite[-1, row] else None,
        cut=bool(edit.cut[-1, row]),
        guide_before=facts(edit.guide[0, row]),
        guide_after=facts(edit.guide[-1, row]),
        judge_before=facts(edit.judge[0, row]),
        judge_after=facts(edit.judge[-1, row]),
    )
