"""What a method implements, and what the harness gives it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.contract.arrays import Samples
from harness.contract.config import MethodConfig

if TYPE_CHECKING:
    from torch import Generator, Tensor, device
    from torch.nn import Module


@dataclass(frozen=True)
class Keypoints:
    """Detected keypoints.

    Attributes:
        points: `float32 [N, K, 2]`, (x, y) fractions; NaN where the detector found nothing.
        confidence: `float32 [N, K]` in [0, 1], or `None`.
    """

    points: Tensor
    confidence: Tensor | None = None


@dataclass(frozen=True)
class GeneratedImages:
    """Images drawn by a generator with what it knows about them.

    Attributes:
        images: `uint8 [N, 3, H, W]`.
        latents: the latent variables by name, first dimension N.
        keypoints: `float32 [N, K, 2]` fractions, or `None`.
        masks: `float32 [N, K + 1, H, W]`, channel 0 background, or `None`.
    """

    images: Tensor
    latents: Mapping[str, Tensor]
    keypoints: Tensor | None = None
    masks: Tensor | None = None


class Images(Protocol):
    """The unlabelled images of the role `fit`, at the method's own size."""

    def __len__(self) -> int: ...

    @property
    def size(self) -> int:
        """Side in pixels."""

    def batch(self, step: int, count: int) -> Tensor:
        """Batch number `step` of an endless shuffled stream, `uint8 [count, 3, H, W]` on the CPU.

        The stream depends on the run's seed and on `step` alone (every epoch is a new
        permutation), so a resumed run sees the same batches.
        """

    def take(self, indices: Any) -> Tensor:
        """The images at these positions, `uint8 [n, 3, H, W]` on the CPU."""

    @property
    def clips(self) -> Tensor | None:
        """Number of each image's clip, `int64 [N]`, -1 for none; images of a clip are in order.

        `None` where the dataset has no clips, or the method does not say that it sees `video`.
        """


class Stateful(Protocol):
    """Anything a checkpoint can hold: modules, optimisers, averaged weights."""

    def state_dict(self) -> dict[str, Any]:
        """A nested dict of tensors and plain numbers."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Restore what `state_dict` gave."""


class Run(Protocol):
    """What a training loop needs besides its paper.

    Attributes:
        device: where to compute.
        seed: the cell's seed.
        folder: the cell's folder; a method writes nothing there itself.
        labelled: the labelled samples of the role `regress`, only for methods whose spec declares
            that it sees `labels`; else `None`.
    """

    device: device
    seed: int
    folder: Path
    labelled: Samples | None

    def generator(self, name: str) -> Generator:
        """A CPU random generator seeded by (seed, name); its state is kept in checkpoints."""

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision context for forward passes (float32 or bfloat16)."""

    def share(self, joint: Tensor) -> Tensor:
        """The rows of a joint batch `[N, ...]` that this process works on; all where it is alone.

        Only for methods whose spec says `parallel`. All processes draw the same batches and the
        same noise; each works on its rows, and `harness.training.parallel` averages what they find.

        Raises:
            ConfigError: N is no multiple of the number of processes.
        """

    def prepare(self, module: Module) -> Module:
        """Move a module to the device, in the memory order that suits it; returns it."""

    def steps(
        self, total: int, state: Mapping[str, Stateful], name: str = "train"
    ) -> Iterator[int]:
        """Step numbers `0..total-1`, with progress, checkpoints and resume.

        Everything that changes from step to step must be in `state` or drawn from `generator`.
        A method may have several loops with different names; a finished one is restored, not
        repeated. The total may be cut to 0 (preset `untrained`), so work that is only useful
        inside the loop belongs inside it.
        """

    def log(self, **scalars: float | Tensor) -> None:
        """Curves: scalars at the current step. A tensor is read only when it is written out."""

    def show(self, name: str, images: Tensor) -> None:
        """A picture grid `uint8 [N, 3, H, W]`, written below the run's folder."""


class Method(ABC):
    """Learns on unlabelled images, then offers the capabilities its spec names.

    Images are `uint8 [N, 3, H, W]` tensors on the run's device at `image_size`.

    Args:
        config: the resolved configuration.
        parts: K, the number of keypoints or parts the suite asks for.
        image_size: side in pixels of every image the method will see.

    Capabilities, each an optional method:
        detect(images) -> Keypoints
        segment(images) -> Tensor, `float32 [N, P + 1, H, W]`, channel 0 background, sum 1, P <= K
        locate(images) -> Tensor, `float32 [N, L, 2]`: named landmarks themselves (baselines)
        detect_with_truth(samples: Samples) -> Keypoints: oracles that read labels
        describe(images) -> Tensor, `float32 [N, D]`: descriptors of appearance
        sample(count, generator) -> GeneratedImages
        render(latents) -> GeneratedImages: the images of latents in the form `sample` gives them,
            which hold, besides a method's own, `keypoints` `float32 [N, K, 2]` (fractions),
            `appearance` `[N, K, D]` (one vector a part) and `background` `[N, E]`, with which all
            names that begin with `background_` go; drawing them unchanged gives the sampled images
            again
        reconstruct(images, keypoints=None, appearance=None) -> Tensor, `uint8 [N, 3, H, W]`: the
            images drawn again, with keypoints `[N, K, 2]` in place of the detected ones, and with
            the look of other images `[N, 3, H, W]` in place of their own
        draw_latents, synthesise, projected: with `synthesise`, see `LatentGenerator`
        answer, encode: with `answer`, see `Oracle`
        edit(latents, wanted, strengths) -> Tensor: see `Editor`, the base of such methods
    """

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        self.config = config
        self.parts = parts
        self.image_size = image_size

    @abstractmethod
    def fit(self, images: Images, run: Run) -> None:
        """Learn. Randomness comes from `run.generator` alone."""

    @abstractmethod
    def state_dict(self) -> dict[str, Tensor]:
        """All that prediction needs, as a flat dict of tensors."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave, on a freshly constructed method.

        Raises:
            RecordError: the state belongs to another method or configuration.
        """

    def to(self, device: device) -> None:
        """Move to a device; called once before prediction. Nothing to do by default."""
        return

    def parameter_count(self) -> int:
        """Number of trained parameters, 0 where there are none."""
        return 0
