"""Fitted methods on disk: weights as safetensors beside the note of what they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness.contract.arrays import Predicted, Samples
from harness.contract.config import MethodConfig
from harness.contract.method import GeneratedImages, Method
from harness.contract.specs import MethodSpec
from harness.environment import asset_root
from harness.errors import AssetMissing, ContractError, RecordError, ShapeError, UserError
from harness.files import replacing
from harness.fit_note import read_note
from harness.latent_editing import attach
from harness.latents import check_latents, joined_images
from harness.record import read_finished
from harness.registry import Entry, Registry, registry
from harness.toml import validate
from harness.training.images import resize_images
from harness.training.machine import pick_device
from harness.vision.masks import part_centres, part_labels, resized_masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Images a method predicts at once.
PREDICT_BATCH = 64


def save_weights(method: Method, folder: Path, *, sync: bool = True) -> None:
    """Write `weights.safetensors` whole or not at all; see `harness.files.replacing` for `sync`.

    Raises:
        RunError: the file cannot be written.
        ContractError: the method's state is no flat dict of tensors.
    """
    state = method.state_dict()
    wrong = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if wrong:
        raise ContractError(f"state_dict() must hold tensors only; {wrong[0]!r} is none.")
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    path = folder / "weights.safetensors"
    with replacing(path, (SafetensorError,), sync=sync) as temporary:
        save_file(tensors, temporary)


@dataclass(frozen=True)
class Fitted:
    """A method that has learned and can predict.

    Attributes:
        method: the method, in evaluation, on its device.
        spec: its spec.
        parts: K.
        image_size: side in pixels the method works at.
        device: where it computes.
        owner: fingerprint of all that its weights depend on, as in `fit.json`.
        assets: of an editor read back from its run, its generator and its guide, by name.
    """

    method: Method
    spec: MethodSpec
    parts: int
    image_size: int
    device: torch.device
    owner: str = ""
    assets: Mapping[str, Fitted] = field(default_factory=dict)

    @torch.inference_mode()
    def predict(
        self,
        images: NDArray[np.uint8],
        *,
        ids: list[str] | None = None,
        truth: Samples | None = None,
    ) -> Predicted:
        """Everything the method says about images of any size, in float32.

        Args:
            images: `uint8 [N, 3, S, S]`; masks come back at this size.
            ids: names of the images; numbers by default.
            truth: the samples, only used for oracles.

        Returns:
            Keypoints from `detect`, else from the part centres of `segment`.
        """
        chunks = [
            self._batch(images[start : start + PREDICT_BATCH], truth, start)
            for start in range(0, len(images), PREDICT_BATCH)
        ]
        joined = {
            name: np.concatenate([chunk[name] for chunk in chunks])
            for name in (chunks[0] if chunks else {})
        }
        return Predicted(ids=ids or [str(i) for i in range(len(images))], **joined)

    def require(self, capability: str) -> None:
        """Do nothing where the method has a capability.

        Raises:
            UserError: it has not.
        """
        offers = self.spec.capabilities
        if capability not in offers:
            raise UserError(
                f"{self.spec.name} cannot {capability} images; it offers {', '.join(offers)}."
            )

    @torch.inference_mode()
    def reconstruct(
        self,
        images: NDArray[np.uint8],
        keypoints: NDArray[np.floating[Any]] | None = None,
        appearance: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """Images drawn again, at the method's own size.

        Args:
            images: `uint8 [N, 3, S, S]` of any size.
            keypoints: drawn in place of the detected ones, `[N, K, 2]` fractions; NaN where one is
                missing.
            appearance: images `uint8 [N, 3, T, T]` whose look is drawn in place of their own.

        Returns:
            `uint8 [N, 3, image_size, image_size]`.

        Raises:
            UserError: the method cannot reconstruct.
            ShapeError: the arrays do not belong together.
        """
        self.require("reconstruct")
        count = len(images)
        if keypoints is not None and (keypoints.ndim != 3 or keypoints.shape[::2] != (count, 2)):
            raise ShapeError(
                f"keypoints have shape {list(keypoints.shape)}, expected [{count}, K, 2]."
            )
        if appearance is not None and len(appearance) != count:
            raise ShapeError(f"{len(appearance)} images give their look to {count} images.")
        method: Any = self.method
        drawn = [np.empty((0, 3, self.image_size, self.image_size), np.uint8)]
        for start in range(0, count, PREDICT_BATCH):
            part = slice(start, start + PREDICT_BATCH)
            batch = self._resized(images[part])
            points = None if keypoints is None else torch.from_numpy(np.float32(keypoints[part]))
            result = method.reconstruct(
                batch,
                keypoints=None if points is None else points.to(self.device),
                appearance=None if appearance is None else self._resized(appearance[part]),
            )
            drawn.append(self._drawn(result, "reconstruct", len(batch)).numpy())
        return np.concatenate(drawn)

    def sample(self, count: int, seed: int) -> GeneratedImages:
        """New images and what the method knows about them, all on the CPU.

        Args:
            count: number of images, at least 1.
            seed: the same seed and count draw the same images.

        Raises:
            UserError: the method cannot sample, or no image is asked for.
        """
        return joined_images(list(self.samples(count, seed)))

    def samples(self, count: int, seed: int) -> Iterator[GeneratedImages]:
        """What `sample` gives, batch by batch.

        Raises:
            UserError: as `sample`, when the first batch is asked for.
        """
        self.require("sample")
        if count < 1:
            raise UserError(f"At least one image must be asked for, got {count}.")
        generator = torch.Generator().manual_seed(seed)
        method: Any = self.method
        for start in range(0, count, PREDICT_BATCH):
            size = min(PREDICT_BATCH, count - start)
            with torch.inference_mode():
                made = method.sample(size, generator)
            yield self._generated(made, "sample", size)

    @torch.inference_mode()
    def render(self, latents: Mapping[str, Tensor]) -> GeneratedImages:
        """The images of latents, in the form `sample` gives them, all on the CPU.

        Args:
            latents: all that `sample` gives, by name, `[N, ...]` with N at least 1.

        Raises:
            UserError: the method cannot render.
            ShapeError: there are no latents, or they are not of one number of images.
        """
        self.require("render")
        method: Any = self.method
        counts = {len(value) for value in latents.values()}
        if len(counts) != 1 or counts == {0}:
            raise ShapeError(
                f"Latents of {sorted(counts) or 'no'} images cannot be rendered; expected those of "
                "one number of images, at least 1."
            )
        (count,) = counts
        chunks = []
        for start in range(0, count, PREDICT_BATCH):
            part = {
                name: value[start : start + PREDICT_BATCH].to(self.device)
                for name, value in latents.items()
            }
            size = min(PREDICT_BATCH, count - start)
            chunks.append(self._generated(method.render(part), "render", size))
        return joined_images(chunks)

    def _generated(self, made: GeneratedImages, capability: str, count: int) -> GeneratedImages:
        """What a method generated, checked, on the CPU."""
        images = self._drawn(made.images, capability, count)
        known = {"keypoints": made.keypoints, "masks": made.masks}
        arrays = {name: value.cpu() for name, value in known.items() if value is not None}
        latents = {name: value.cpu() for name, value in made.latents.items()}
        for name, value in (latents | arrays).items():
            if value.shape[:1] != (count,):
                raise ContractError(
                    f"{self.spec.name}: {capability}() gave {name} {list(value.shape)} for {count} "
                    f"images, expected [{count}, ...]."
                )
        result = GeneratedImages(images, latents, **arrays)
        if "render" in self.spec.capabilities:
            check_latents(result, f"{self.spec.name}: {capability}()")
        return result

    def _resized(self, images: NDArray[np.uint8]) -> Tensor:
        """Images at the method's size, on its device."""
        return resize_images(torch.from_numpy(np.array(images)), self.image_size).to(self.device)

    def _drawn(self, images: Tensor, capability: str, count: int) -> Tensor:
        """Images that the method drew, on the CPU."""
        expected = (count, 3, self.image_size, self.image_size)
        if images.dtype != torch.uint8 or images.shape != expected:
            kind = str(images.dtype).removeprefix("torch.")
            raise ContractError(
                f"{self.spec.name}: {capability}() gave {kind} {list(images.shape)}, expected "
                f"uint8 {list(expected)}."
            )
        return images.cpu()

    def _batch(
        self, images: NDArray[np.uint8], truth: Samples | None, start: int
    ) -> dict[str, NDArray[Any]]:
        offers = self.spec.capabilities
        method: Any = self.method
        size = images.shape[-1]
        batch = self._resized(images)
        found: dict[str, NDArray[Any]] = {}
        if "segment" in offers:
            masks = self._masks(method.segment(batch), size, len(batch))
            found["part_labels"] = part_labels(masks).cpu().numpy()
            if "detect" not in offers:
                found["keypoints"] = part_centres(masks).cpu().numpy()
        if "detect" in offers:
            keypoints = method.detect(batch)
            found["keypoints"] = self._points(keypoints.points, "detect", len(batch))
            if keypoints.confidence is not None:
                found["confidence"] = keypoints.confidence.float().cpu().numpy()
        if "describe" in offers:
            found["descriptors"] = self._descriptors(method.describe(batch), len(batch))
        if "locate" in offers:
            found["landmarks"] = self._points(method.locate(batch), "locate", len(batch))
        if "detect_with_truth" in offers and truth is not None:
            chosen = truth.take(range(start, start + len(images)))
            points = method.detect_with_truth(chosen).points
            found["keypoints"] = self._points(points, "detect_with_truth", len(batch))
        return found

    def _points(self, points: Tensor, capability: str, count: int) -> NDArray[Any]:
        if points.dim() != 3 or points.shape[0] != count or points.shape[2] != 2:
            raise ContractError(
                f"{self.spec.name}: {capability}() gave points {list(points.shape)} for {count} "
                "images, expected [N, K, 2]."
            )
        array: NDArray[Any] = points.float().cpu().numpy()
        return array

    def _descriptors(self, values: Tensor, count: int) -> NDArray[Any]:
        if values.dim() != 2 or values.shape[0] != count:
            raise ContractError(
                f"{self.spec.name}: describe() gave {list(values.shape)} for {count} images, "
                "expected [N, D]."
            )
        array: NDArray[Any] = values.float().cpu().numpy()
        return array

    def _masks(self, masks: Tensor, size: int, count: int) -> Tensor:
        fits = masks.dim() == 4 and masks.shape[0] == count
        if not fits or not 2 <= masks.shape[1] <= self.parts + 1:
            raise ContractError(
                f"{self.spec.name}: segment() gave {list(masks.shape)} for {count} images, "
                f"expected [N, P + 1, H, W] with P from 1 to {self.parts}."
            )
        return resized_masks(masks, size)


def construct(
    entry: Entry[MethodSpec], config: MethodConfig, parts: int, image_size: int
) -> Method:
    """A fresh method object."""
    method: Method = entry.load(entry.spec.target)(config, parts, image_size)
    return method


def load_fitted(folder: Path, device: str = "auto", known: Registry | None = None) -> Fitted:
    """The fitted method of a run folder.

    Raises:
        UserError: the folder is no finished run.
        RecordError: note or weights are damaged or belong to another configuration.
    """
    known = known or registry()
    note = read_note(folder)
    weights = folder / "weights.safetensors"
    if note is None or not note.finished or not weights.exists():
        raise UserError(
            f"{folder} holds no finished run: fit.json and weights.safetensors are expected there. "
            "'harness run' prints the folders it writes."
        )
    entry = known.methods.get(note.method)
    config = validate(entry.load(entry.spec.config), note.config, str(folder / "fit.json"))
    method = construct(entry, config, note.parts, note.image_size)
    assets = {
        name: load_asset(folder, name, asset, device, known) for name, asset in note.assets.items()
    }
    attach(method, assets)
    restore(method, weights)
    target = pick_device(device)
    method.to(target)
    size = note.image_size
    return Fitted(method, entry.spec, note.parts, size, target, note.owner, assets)


def load_asset(
    folder: Path, name: str, asset: str, device: str = "auto", known: Registry | None = None
) -> Fitted:
    """What an editor's run needs of the cache.

    Args:
        folder: of the run.
        name: `generator`, `guide` or `judge`.
        asset: its folder's name in the cache.
        device: where it computes.
        known: the installed plugins.

    Raises:
        AssetMissing: it is no longer in the cache; the sentence has the command that makes it.
        RecordError: its note or weights are damaged.
    """
    place = asset_root() / asset
    note = read_note(place)
    if note is None or not note.finished or not (place / "weights.safetensors").exists():
        record = read_finished(folder / "record.json")
        command = record.provenance.command if record else ""
        again = f"'{command} --fresh'" if command else "running the cell again with --fresh"
        raise AssetMissing(
            f"{folder}: its {name} {asset} is not in {asset_root()} any more; {again} makes it "
            "again."
        )
    return load_fitted(place, device, known)


def restore(method: Method, weights: Path) -> None:
    """Load `weights.safetensors` into a fresh method.

    Raises:
        RecordError: the file is damaged or belongs to another method or configuration.
    """
    try:
        method.load_state_dict(load_file(weights))
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RecordError(
            f"{weights}: cannot be loaded: {first}. Run the cell again with --fresh."
        ) from None
