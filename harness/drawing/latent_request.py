"""What `harness sample` is asked to do with latents: edit them, or find those of photos."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from harness.drawing.draw_request import check_draw, file_name, given_options
from harness.drawing.latent_edits import spaced
from harness.errors import UserError

#: Strengths after the start at which an edit is shown.
STEPS = 5


@dataclass(frozen=True)
class LatentRequest:
    """Which latents, and what is wanted of their images.

    Attributes:
        count: number of new images.
        seed: of the new images, 0 by default.
        project: photos, folders of photos, or one `.npz` of photos that were projected earlier.
        want: what is wanted, all at once; nothing only projects photos.
        then: what is wanted next, each from where the edit before it ends.
        strength: where every edit ends, 1 by default.
        steps: strengths at which an edit is shown, `STEPS` by default.
        only: number of the one new image that is edited; all by default.

    Raises:
        UserError: nothing is asked for, or things that do not go together.
        ConfigError: a number is out of range.
    """

    count: int | None = None
    seed: int | None = None
    project: tuple[Path, ...] = ()
    want: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    strength: float | None = None
    steps: int | None = None
    only: int | None = None

    def __post_init__(self) -> None:
        if not self.want:
            options = {"--then": self.then, "--strength": self.strength, "--steps": self.steps}
            for option in given_options(options):
                raise UserError(f"{option} says more of an edit; say what is wanted with --want.")
        self.strengths()
        if self.project:
            given = {"-n": self.count, "--seed": self.seed, "--only": self.only}
            for option in given_options(given):
                raise UserError(f"--project takes photos, and {option} is for new images.")
            return
        if self.count is None:
            raise UserError("Nothing to edit; pass -n for new images or --project for a photo.")
        check_draw(self.count, self.only, seed=self.seed)

    def strengths(self) -> tuple[float, ...]:
        """The strengths of every edit, from 0."""
        steps = STEPS if self.steps is None else self.steps
        return spaced(steps, 1.0 if self.strength is None else self.strength)

    def command(self, run: Path) -> str:
        """The command that does this again."""
        words = ["harness", "sample", str(run)]
        if self.count is not None:
            words += ["-n", str(self.count), "--seed", str(self.seed or 0)]
        for option, values in (("project", self.project), ("want", self.want), ("then", self.then)):
            for value in values:
                words += [f"--{option}", str(value)]
        words += ["--strength", f"{self.strength:g}"] if self.strength is not None else []
        words += ["--steps", str(self.steps)] if self.steps is not None else []
        words += ["--only", str(self.only)] if self.only is not None else []
        return shlex.join(words)

    @property
    def name(self) -> str:
        """A file name without ending; photos with equal names in other folders get another one."""
        drawn = f"generated-{self.count}-seed{self.seed or 0}"
        words = [self.project[0].stem if self.project else drawn, *self.want, *self.then]
        if not self.want:
            words.append("projection")
        if self.only is not None:
            words += ["only", str(self.only)]
        there = replace(self, project=tuple(path.resolve() for path in self.project))
        return file_name(words, there.command(Path()))
