"""What passes between datasets, methods and metrics: plain records of NumPy arrays.

Conventions: images `uint8` RGB `[N, 3, H, W]`; points `float32 [N, K, 2]`, (x, y) as fractions of
width and height, the centre of pixel i at (i + 0.5) / W; a missing point is NaN and not visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.contract.editing import Editing


@dataclass(frozen=True)
class Samples:
    """Images of one split with the labels the dataset has; an absent label is `None`.

    Attributes:
        ids: stable names of the images, unique within the dataset.
        images: `uint8 [N, 3, H, W]`, RGB.
        landmarks: `float32 [N, L, 2]`, fractions, NaN where missing.
        visible: `bool [N, L]`, false where a landmark is missing or not to be counted.
        parts: `uint8 [N, H, W]`, true part labels, 0 = background.
        foreground: `bool [N, H, W]`.
        ignored: `bool [N, H, W]`, pixels left out of every count.
        attributes: `float32 [N, A]` in {0, 1, NaN}.
        clips: `int64 [N]`, number of the clip (a video, or views of one object) that an image
            belongs to, -1 for none; the images of a clip stand in temporal order. No label.
        captions: one sentence an image.
    """

    ids: Sequence[str]
    images: NDArray[np.uint8]
    landmarks: NDArray[np.float32] | None = None
    visible: NDArray[np.bool_] | None = None
    parts: NDArray[np.uint8] | None = None
    foreground: NDArray[np.bool_] | None = None
    ignored: NDArray[np.bool_] | None = None
    attributes: NDArray[np.float32] | None = None
    clips: NDArray[np.int64] | None = None
    captions: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, indices: Sequence[int]) -> Samples:
        """The samples at these positions, in this order."""

        def pick(value: Any) -> Any:
            if value is None:
                return None
            if hasattr(value, "shape"):
                return value[list(indices)]
            return [value[i] for i in indices]

        return replace(self, **{f.name: pick(getattr(self, f.name)) for f in fields(self)})


@dataclass(frozen=True)
class Predicted:
    """What a method said about one split.

    Attributes:
        ids: names of the images, in the order of the arrays.
        keypoints: `float32 [N, K, 2]`, fractions; NaN where the detector failed.
        confidence: `float32 [N, K]` in [0, 1].
        part_labels: `uint8 [N, H, W]` at the suite's size, 0 = background.
        landmarks: `float32 [N, L, 2]`, fractions, from methods that name landmarks themselves
            (capability `locate`); the metric then fits no regressor.
        descriptors: `float32 [N, D]`, what the method says about appearance (capability
            `describe`).
    """

    ids: Sequence[str]
    keypoints: NDArray[np.float32] | None = None
    confidence: NDArray[np.float32] | None = None
    part_labels: NDArray[np.uint8] | None = None
    landmarks: NDArray[np.float32] | None = None
    descriptors: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Drawn:
    """Images that a generator drew, and what it knows about them.

    Attributes:
        images: `uint8 [N, 3, S, S]`, at the suite's size.
        latents: the latent variables by name, first dimension N (see `Method`).
        keypoints: `float32 [N, K, 2]`, fractions, or `None`.
        part_labels: `uint8 [N, S, S]`, 0 = background, or `None`.
    """

    images: NDArray[np.uint8]
    latents: Mapping[str, NDArray[np.float32]]
    keypoints: NDArray[np.float32] | None = None
    part_labels: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Evaluation:
    """All that a metric may look at: predictions and truth of the roles `regress` and `test`.

    Attributes:
        predict: the method itself, for metrics that show it further images `uint8 [N, 3, H, W]`
            (need `detector`); `None` where only predictions are known.
        sample: `sample(count, seed)` yields new images batch by batch (need `samples`); `None`
            where the method has no capability `sample`. The same arguments draw the same images.
        render: the images of changed latents `[N, ...]` by name, as `sample` gave them (need
            `render`); `None` where the method has no capability `render`.
        fit_images: the images that the method learned on, `uint8 [N, 3, S, S]`, at the suite's
            size and read from disk piece by piece (need `fit_images`).
        editing: an editor with its generator and oracles (need `editing`); `None` where the method
            is no editor.
    """

    test: Predicted
    test_truth: Samples
    regress: Predicted | None = None
    regress_truth: Samples | None = None
    landmark_names: tuple[str, ...] = ()
    part_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()
    predict: Callable[[NDArray[np.uint8]], Predicted] | None = None
    sample: Callable[[int, int], Iterator[Drawn]] | None = None
    render: Callable[[Mapping[str, NDArray[np.float32]]], Drawn] | None = None
    fit_images: NDArray[np.uint8] | None = None
    editing: Editing | None = None


@dataclass(frozen=True)
class Curve:
    """A metric's answer over a range, drawn into the run's folder as `pictures/<metric>.png`.

    Attributes:
        x: `[P]`, increasing.
        lines: `[P]` values by name, NaN where undefined.
        x_label: what x is, with its unit.
        y_label: what the values are, with their unit.
        spreads: `[P]` half-widths of the band around a line, by the line's name.
        log: draw both axes logarithmically.
    """

    x: NDArray[np.float64]
    lines: Mapping[str, NDArray[np.float64]]
    x_label: str
    y_label: str
    spreads: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    log: bool = False


@dataclass(frozen=True)
class Measurement:
    """A metric's answer.

    Attributes:
        value: the score; NaN when undefined, never a stand-in number.
        per_image: `float64 [N]` over the test images, NaN where an image was left out; `None` when
            the metric is no mean over images.
        excluded: how many images or points were left out or replaced, by reason.
        also: the same quantity under other conventions, by name.
        details: the numbers behind the value, by name, such as one for every attribute.
        resample: the metric recomputed on these test positions (with repeats), for metrics that
            are no mean over images; `None` means the mean of `per_image`.
        resampled: how many positions `resample` draws from, where these are no test images.
        curve: how the quantity changes over a range, to be drawn.
    """

    value: float
    per_image: NDArray[np.float64] | None = None
    excluded: Mapping[str, int] = field(default_factory=dict)
    also: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, float] = field(default_factory=dict)
    resample: Callable[[NDArray[np.int64]], float] | None = None
    resampled: int | None = None
    curve: Curve | None = None
