"""Fitted methods on disk: weights as safetensors beside a JSON of what they belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from harness.contract.arrays import Predicted, Samples
from harness.contract.config import MethodConfig
from harness.contract.method import Method
from harness.contract.specs import MethodSpec
from harness.errors import ContractError, RecordError, RunError, UserError
from harness.files import replacing, write_text
from harness.registry import Entry, Registry, registry
from harness.toml import validate
from harness.training.images import resize_images
from harness.training.machine import pick_device
from harness.vision.masks import part_centres, part_labels, resized_masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Images a method predicts at once.
PREDICT_BATCH = 64


class FitNote(BaseModel):
    """`fit.json`: what the weights beside it belong to and what they cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    preset: str
    config: dict[str, Any]
    parts: int
    image_size: int
    suite: str
    suite_image_size: int
    seed: int
    owner: str
    threads: int
    precision: str
    device: str
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    parameters: int = 0
    resumed: int = 0
    finished: bool = False


def write_note(note: FitNote, folder: Path) -> None:
    """Write `fit.json` whole or not at all."""
    write_text(folder / "fit.json", note.model_dump_json(indent=1) + "\n")


def read_note(folder: Path) -> FitNote | None:
    """The note of a run folder, or `None` when there is none.

    Raises:
        RecordError: the file is damaged.
    """
    path = folder / "fit.json"
    if not path.exists():
        return None
    try:
        return FitNote.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError, json.JSONDecodeError):
        raise RecordError(f"{path}: damaged. Start the run again with --fresh.") from None


def save_weights(method: Method, folder: Path) -> None:
    """Write `weights.safetensors` whole or not at all.

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
    with replacing(path) as temporary:
        try:
            save_file(tensors, temporary)
        except SafetensorError as error:
            raise RunError(f"{path}: cannot be written: {error}.") from None


@dataclass(frozen=True)
class Fitted:
    """A method that has learned and can predict.

    Attributes:
        method: the method, in evaluation, on its device.
        spec: its spec.
        parts: K.
        image_size: side in pixels the method works at.
        device: where it computes.
    """

    method: Method
    spec: MethodSpec
    parts: int
    image_size: int
    device: torch.device

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

    def _batch(
        self, images: NDArray[np.uint8], truth: Samples | None, start: int
    ) -> dict[str, NDArray[Any]]:
        offers = self.spec.capabilities
        method: Any = self.method
        size = images.shape[-1]
        tensor = torch.from_numpy(np.array(images))
        batch = resize_images(tensor, self.image_size).to(self.device)
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
    restore(method, weights)
    target = pick_device(device)
    method.to(target)
    return Fitted(method, entry.spec, note.parts, note.image_size, target)


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
