"""What a method under test is given: images, a run and assets that note every undeclared look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from harness.training.images import FitImages
from harness.training.run import TrainingRun, Watcher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.contract.arrays import Samples

#: What `Images` offers besides its length, and what a method must declare for it.
IMAGES = {"size": "", "batch": "images", "take": "images", "clips": "video"}
#: What `Run` offers.
RUN = frozenset(
    (
        *("device", "seed", "folder", "generator", "autocast", "share", "prepare", "steps"),
        *("log", "show"),
    )
)


class WatchedImages:
    """The images of the role `fit`, which note who looks at what.

    Args:
        samples: the images, at the method's size.
        seed: of their order.
        sees: what the method declares.
        strays: takes one sentence for every look that is not declared.
    """

    def __init__(
        self, samples: Samples, seed: int, sees: tuple[str, ...], strays: list[str]
    ) -> None:
        clips: NDArray[np.int64] | None = samples.clips if "video" in sees else None
        self._images = FitImages(samples.images, seed, clips)
        self._sees, self._strays = sees, strays

    def __len__(self) -> int:
        return len(self._images)

    def __getattr__(self, name: str) -> Any:
        wanted = IMAGES.get(name)
        if wanted is None:
            self._strays.append(f"images.{name}, which is not in the contract")
            raise AttributeError(f"Images have no {name!r}.")
        if wanted and wanted not in self._sees:
            self._strays.append(f"images.{name}, and its spec does not say that it sees {wanted!r}")
        return getattr(self._images, name)


class WatchedRun:
    """The run that `fit` is given, which notes who looks at what.

    Args:
        run: the real one.
        sees: what the method declares.
        labelled: the labelled samples, for methods that declare `labels`.
        strays: takes one sentence for every look that is not declared.
    """

    def __init__(
        self,
        run: TrainingRun,
        sees: tuple[str, ...],
        labelled: Samples,
        strays: list[str],
    ) -> None:
        self._run, self._sees, self._labelled, self._strays = run, sees, labelled, strays

    @property
    def labelled(self) -> Samples | None:
        """The labelled samples, or `None` with a note."""
        if "labels" in self._sees:
            return self._labelled
        self._strays.append("run.labelled, and its spec does not say that it sees 'labels'")
        return None

    def __getattr__(self, name: str) -> Any:
        if name not in RUN:
            self._strays.append(f"run.{name}, which is not in the contract")
            raise AttributeError(f"A run has no {name!r}.")
        return getattr(self._run, name)


class WatchedAsset:
    """An editor's generator or guide, which notes looks of editors that do not declare it.

    Args:
        asset: the real one.
        name: `generator` or `guide`.
        sees: what the method declares.
        strays: takes one sentence for every look that is not declared.
    """

    def __init__(self, asset: Any, name: str, sees: tuple[str, ...], strays: list[str]) -> None:
        self._asset, self._name, self._sees, self._strays = asset, name, sees, strays

    def __getattr__(self, name: str) -> Any:
        if self._name not in self._sees:
            self._strays.append(f"the {self._name}, and its spec does not say that it sees it")
        return getattr(self._asset, name)


class Killed(Exception):
    """The process of a training loop ended here."""


class Killer(Watcher):
    """Ends a fit in the middle of its loops, and counts them.

    Args:
        done: the loops that were ended already and go on.
        kills: whether to end any.

    Attributes:
        loops: how many steps each loop made here, by its name.
    """

    def __init__(self, done: set[str], *, kills: bool) -> None:
        self.done, self.kills = done, kills
        self.loops: dict[str, int] = {}

    def loop_started(self, loop: str, step: int, total: int) -> None:
        """Note the loop."""
        self.loops[loop] = 0

    def loop_advanced(self, loop: str, step: int) -> None:
        """End the fit after the loop's second step, whose checkpoint is not yet written."""
        self.loops[loop] += 1
        if self.kills and step == 2 and loop not in self.done:
            self.done.add(loop)
            raise Killed(loop)

    def scalars_logged(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        """Nothing to do."""

    def loop_finished(self, loop: str) -> None:
        """Nothing to do."""


def equal_states(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> str:
    """The name of the first tensor in which two states differ, empty where they are equal."""
    import torch

    lost = sorted(set(first) ^ set(second))
    if lost:
        return lost[0]
    for name, value in first.items():
        other = second[name]
        same = value.dtype == other.dtype and value.shape == other.shape
        # NaN in the same places is equal.
        if not same or not torch.equal(torch.nan_to_num(value), torch.nan_to_num(other)):
            return name
    return ""
