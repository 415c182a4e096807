"""What `harness sample` is asked to draw."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.drawing.manipulation import on_points
from harness.drawing.operations import Background, Look, Operation, check_image
from harness.errors import UserError

#: Pictures on the way to another image.
STEPS = 7
#: Longest name of a file without its ending, in bytes.
_NAME_BYTES = 100
#: Seeds are below it.
SEEDS = 2**63


@dataclass(frozen=True)
class DrawRequest:
    """What is to be drawn: new images (`count`), or photos drawn again (`images`).

    Attributes:
        count: number of new images.
        seed: of the new images, 0 by default.
        images: photos, or folders of photos.
        operations: changes of the new images or of the photos' keypoints, in this order.
        appearance: the photo whose look is drawn.
        to: the photo to whose pose every photo is led, or the number of the new image to which
            every new image is led.
        steps: pictures on the way there, `STEPS` by default.
        exchange: draw every photo's geometry with every photo's look.
        only: number of the one new image that is changed; all by default.

    Raises:
        UserError: nothing is asked for, or things that do not go together.
        ConfigError: an image is meant that there is none of.
    """

    count: int | None = None
    seed: int | None = None
    images: tuple[Path, ...] = ()
    operations: tuple[Operation, ...] = ()
    appearance: Path | None = None
    to: Path | int | None = None
    steps: int | None = None
    exchange: bool = False
    only: int | None = None

    def __post_init__(self) -> None:
        if self.images:
            self._check_photos()
            return
        for option in given_options({"--appearance": self.appearance, "--exchange": self.exchange}):
            raise UserError(f"{option} changes photos; name them with --image.")
        if self.count is not None:
            self._check_draw(self.count)
            return
        changes = {"--op": self.operations, "--to": self.to, "--steps": self.steps}
        for option in given_options({**changes, "--only": self.only}):
            raise UserError(
                f"{option} changes images; pass -n for new ones or name photos with --image."
            )
        raise UserError("Nothing to draw; pass -n for new images or --image for a photo.")

    @property
    def changes(self) -> bool:
        """Whether new images are changed, not only drawn."""
        return self.count is not None and bool(self.operations or self.to is not None)

    def _check_photos(self) -> None:
        if self.count is not None:
            raise UserError("-n draws new images and --image draws photos again; pass one of them.")
        for option in given_options({"--seed": self.seed, "--only": self.only}):
            raise UserError(f"{option} chooses among new images; it needs -n.")
        if isinstance(self.to, int):
            raise UserError(f"--to takes a photo with --image, got {self.to}.")
        self._check_ways()
        on_points(self.operations)

    def _check_draw(self, count: int) -> None:
        check_draw(count, seed=self.seed)
        if isinstance(self.to, Path):
            raise UserError(
                f"--to takes the number of a generated image with -n, got '{self.to}'; photos are "
                "changed with --image."
            )
        self._check_ways()
        if self.only is not None and not self.changes:
            raise UserError("--only chooses the image that is changed; it needs --op or --to.")
        sources = [one.image for one in self.operations if isinstance(one, Look | Background)]
        for number in (*sources, self.to, self.only):
            if number is not None:
                check_image(number, count)

    def _check_ways(self) -> None:
        """Raises where options are given that must stand apart, or steps that lead nowhere."""
        ways = given_options({"--to": self.to, "--exchange": self.exchange})
        changes = given_options({"--op": self.operations, "--appearance": self.appearance})
        apart = [*ways, *changes] if ways else []
        if len(apart) > 1:
            raise UserError(f"{apart[0]} and {apart[1]} do not go together; pass one of them.")
        if self.steps is not None and self.to is None:
            raise UserError("--steps counts the pictures on the way to an image; it needs --to.")
        if self.steps is not None and self.steps < 2:
            raise UserError(f"--steps must be at least 2, got {self.steps}.")

    def command(self, run: Path) -> str:
        """The command that draws this again."""
        words = ["harness", "sample", str(run)]
        if self.count is not None:
            words += ["-n", str(self.count), "--seed", str(self.seed or 0)]
        for path in self.images:
            words += ["--image", str(path)]
        for operation in self.operations:
            words += ["--op", str(operation)]
        for option, value in (("appearance", self.appearance), ("to", self.to)):
            words += [f"--{option}", str(value)] if value is not None else []
        words += ["--steps", str(self.steps or STEPS)] if self.to is not None else []
        words += ["--exchange"] if self.exchange else []
        words += ["--only", str(self.only)] if self.only is not None else []
        return shlex.join(words)

    @property
    def name(self) -> str:
        """A file name without ending; photos with equal names in other folders get another one."""
        drawn = f"generated-{self.count}-seed{self.seed or 0}"
        if self.count is not None and not self.changes:
            return drawn
        words = [self.images[0].stem if self.images else drawn, *map(str, self.operations)]
        if self.appearance:
            words += ["look", self.appearance.stem]
        if self.to is not None:
            to = self.to.stem if isinstance(self.to, Path) else str(self.to)
            words += ["to", to, str(self.steps or STEPS)]
        if self.exchange:
            words.append("exchange")
        if self.only is not None:
            words += ["only", str(self.only)]
        if len(words) == 1:
            words.append("reconstruction")
        return file_name(words, self._digested())

    def _digested(self) -> str:
        there = replace(
            self,
            images=tuple(path.resolve() for path in self.images),
            appearance=self.appearance and self.appearance.resolve(),
            to=self.to.resolve() if isinstance(self.to, Path) else self.to,
        )
        return there.command(Path())


def check_draw(count: int, number: int | None = None, *, seed: int | None = None) -> None:
    """Do nothing where images can be drawn.

    Args:
        count: how many.
        number: of one of them.
        seed: of the draw.

    Raises:
        UserError: no image is asked for, or the seed is out of range.
        ConfigError: there is no image of that number.
    """
    if count < 1:
        raise UserError(f"-n must be at least 1, got {count}.")
    if not 0 <= (seed or 0) < SEEDS:
        raise UserError(f"--seed must be from 0 to {SEEDS - 1}, got {seed}.")
    if number is not None:
        check_image(number, count)


def file_name(words: Sequence[str], all_of_it: str) -> str:
    """A file name without ending, from words and a digest of all that tells files apart."""
    text = re.sub(r"[^\w.+,-]+", "-", "-".join(words)).lstrip(".-")
    short = os.fsencode(text)[:_NAME_BYTES].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(os.fsencode(all_of_it)).hexdigest()[:6]}"


def given_options(options: Mapping[str, object]) -> list[str]:
    """The options that have a value; the number 0 is one."""
    return [
        name
        for name, value in options.items()
        if value is not None and value is not False and value not in ((), [])
    ]
