"""The pictures that a run left in its folder, sorted by what they show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.web.pictures import Picture, picture_of_file

#: `<name>-<loop>-<step>`: what a method showed while it learned.
_STEPPED = re.compile(r"(?P<name>.+)-(?P<loop>[^-]+)-(?P<step>\d{6,})")
#: Pictures of one name that are shown, the last one among them, and their longest side.
STEPS, LONGEST = 4, 900
#: What the harness itself draws for methods that can be steered.
EDITS = {
    "edits": "Edits",
    "interpolation": "From one image to another",
    "manipulation": "Keypoints moved and exchanged",
}
PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Shown:
    """A picture with a line of text.

    Attributes:
        title: stands above it.
        picture: the picture.
    """

    title: str
    picture: Picture


@dataclass(frozen=True)
class SavedPictures:
    """Pictures by what they show.

    Attributes:
        predictions: keypoints and parts over the first test images.
        samples: what the method showed while it learned, by name; the last picture of each first.
        edits: changed images.
        curves: drawings of metrics over a range, such as an editor's.
        unreadable: one sentence for each file that is no picture.
    """

    predictions: Picture | None
    samples: tuple[tuple[str, tuple[Shown, ...]], ...]
    edits: tuple[Shown, ...]
    curves: tuple[Shown, ...]
    unreadable: tuple[str, ...]


def read_pictures(files: Sequence[Path], metrics: Sequence[str]) -> SavedPictures:
    """The pictures of a run, encoded anew.

    Args:
        files: PNG files.
        metrics: names of the run's metrics, in the record's order.
    """
    from harness.errors import DataError

    unreadable: list[str] = []

    def read(path: Path, alt: str, longest: int) -> Picture | None:
        try:
            return picture_of_file(path, alt, longest=longest)
        except DataError as error:
            unreadable.append(str(error))
            return None

    def shown(wanted: Sequence[tuple[Path, str]], longest: int = 1600) -> tuple[Shown, ...]:
        pictures = [(title, read(path, title, longest)) for path, title in wanted]
        return tuple(Shown(title, picture) for title, picture in pictures if picture is not None)

    by_name = {path.stem: path for path in files}
    groups = _stepped(by_name)
    own = {path.stem for group in groups.values() for path, _ in group}
    drawn = [name for name in metrics if name in by_name]
    rest = [n for n in by_name if n not in {*own, *EDITS, *drawn, PREDICTIONS}]
    predictions = by_name.get(PREDICTIONS)
    samples = [(name, shown(_some(group), LONGEST)) for name, group in groups.items()]
    samples += [(name, shown([(by_name[name], name)])) for name in rest]
    return SavedPictures(
        predictions=read(predictions, "keypoints and parts", 1600) if predictions else None,
        samples=tuple((name, pictures) for name, pictures in samples if pictures),
        edits=shown([(by_name[name], title) for name, title in EDITS.items() if name in by_name]),
        curves=shown([(by_name[name], name) for name in drawn]),
        unreadable=tuple(unreadable),
    )


def _stepped(by_name: dict[str, Path]) -> dict[str, list[tuple[Path, str]]]:
    """Pictures of training by name and loop, in the order of steps, with their titles."""
    groups: dict[str, list[tuple[int, Path, str]]] = {}
    for stem, path in by_name.items():
        if match := _STEPPED.fullmatch(stem):
            step = int(match["step"])
            title = f"{match['name']}, {match['loop']}"
            groups.setdefault(title, []).append((step, path, f"step {step:,}"))
    return {
        title: [(path, text) for _, path, text in sorted(group)]
        for title, group in sorted(groups.items())
    }


def _some(group: Sequence[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """The last picture, and before it some others evenly apart, latest first."""
    count = min(STEPS, len(group))
    places = {round(index * (len(group) - 1) / max(1, count - 1)) for index in range(count)}
    return [group[place] for place in sorted(places | {len(group) - 1}, reverse=True)]
