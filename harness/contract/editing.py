"""Editors of latents: what they implement, and what they edit and look at.

An editor changes the latents of a generator so that its images show something else, such as a
smile, and all else stays. A suite names three assets, trained once and shared by all editors of the
suite: the `generator`, an oracle that editors may look at (the `guide`), and one that no editor
ever sees (the `judge`), from which the score comes. An oracle answers images with conditions:
numbers that say what is seen in them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from harness.contract.method import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor

#: The kinds of conditions: attributes are probabilities in [0, 1], in the dataset's order;
#: keypoints are x0, y0, x1, y1 ... in fractions of the image edge; an embedding is a vector of
#: length 1 in which captions lie too.
Conditions = Literal["attributes", "keypoints", "embedding"]


class LatentGenerator(Protocol):
    """A generator as editors see it: a method with the capability `synthesise`.

    It is in evaluation and its weights want no gradient; latents may.
    """

    @property
    def layers(self) -> int:
        """L, how many latents an image can take, one for each layer; 1 for the same everywhere."""

    def draw_latents(self, count: int, generator: Generator) -> Tensor:
        """New latents `float32 [count, D]` from a CPU generator, on the generator's device."""

    def synthesise(self, latents: Tensor) -> Tensor:
        """The images of latents, differentiable.

        Args:
            latents: `[N, D]`, or `[N, L, D]`, one for each layer.

        Returns:
            `float32 [N, 3, S, S]`, -1 to 1 (not clipped).
        """

    def projected(self, latents: Tensor) -> Tensor:
        """Latents of any values brought to where the generator draws them; same shape.

        A generator whose latents have a fixed length gives them that length; others do nothing.
        """


class Oracle(Protocol):
    """What answers images with conditions: a method with the capability `answer`."""

    @property
    def conditions(self) -> Conditions:
        """What its answers are."""

    def answer(self, images: Tensor) -> Tensor:
        """Conditions `float32 [N, C]` of images `[N, 3, S, S]`, -1 to 1; differentiable."""

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions as conditions `[N, C]`, for oracles whose answers are embeddings.

        Raises:
            UserError: the answers are no embeddings.
        """


class Editor(Method):
    """Learns on a generator and a guide in place of images, then edits latents.

    Attributes:
        generator: whose latents are edited; set before `fit`, `load_state_dict` and `edit`.
        guide: the oracle that may be looked at.
    """

    generator: LatentGenerator
    guide: Oracle

    def attach(self, generator: LatentGenerator, guide: Oracle) -> None:
        """Called once, before anything else."""
        self.generator, self.guide = generator, guide

    @abstractmethod
    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        """A path from latents towards images that show what is wanted.

        Every sample is edited by itself: a batch gives what its samples give one by one.

        Args:
            latents: `[N, D]`, where the paths start.
            wanted: conditions `[N, C]`, NaN where nothing is asked and all should stay.
            strengths: S increasing numbers from 0, no edit, to 1, the longest edit.

        Returns:
            `[S, N, D]`, or `[S, N, L, D]` with latents of their own for each layer.
        """


@dataclass(frozen=True)
class Editing:
    """A fitted editor with the suite's assets, as metrics see them: everything in NumPy.

    Attributes:
        draw: `draw(count, seed)` gives new latents `float32 [N, D]`.
        images: images `uint8 [N, 3, S, S]` of latents `[N, D]` or `[N, L, D]`.
        edit: see `Editor.edit`; latents, wanted conditions and strengths to a path.
        guide: conditions `float32 [N, C]` of images `uint8 [N, 3, S, S]`.
        judge: the same of the oracle that no editor sees.
        conditions: what the oracles answer.
        radius: R, the mean distance of the generator's latents from their mean.
        encode: captions to wanted conditions, by the judge; `None` where they are no embeddings.
        shared: what metrics of one evaluation keep for each other.
    """

    draw: Callable[[int, int], NDArray[np.float32]]
    images: Callable[[NDArray[np.float32]], NDArray[np.uint8]]
    edit: Callable[[NDArray[np.float32], NDArray[np.float32], Sequence[float]], NDArray[np.float32]]
    guide: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    judge: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    conditions: Conditions
    radius: float
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
    shared: dict[str, Any] = field(default_factory=dict)

    def known(self, name: str, make: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """What another metric of this evaluation has made under a name, or made now."""
        if name not in self.shared:
            self.shared[name] = make()
        found: Mapping[str, Any] = self.shared[name]
        return found
