"""The stages of one cell: fit, predict, measure, and what is kept of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from filelock import Timeout

from harness.assets import SEEN_BY_EDITORS
from harness.cache import CachedSplit
from harness.contract.arrays import Curve, Evaluation, Predicted, Samples
from harness.errors import OutOfTime, RunError
from harness.files import remove_unfinished, replacing
from harness.fit_note import FitNote
from harness.fitting import Fitting
from harness.generation import Generation
from harness.identity import method_ref, record_id, repeat_command
from harness.latent_editing import editing
from harness.locking import locked
from harness.plan import Cell, RunOptions
from harness.protocol import Prepared
from harness.provenance import provenance
from harness.record import Cost, Record, SuiteRef, read_finished
from harness.registry import Registry
from harness.saved import Fitted
from harness.scoring import Scored, score_evaluation
from harness.suite import MetricUse, Suite
from harness.vision.weights import content_digest
from harness.watching import CellWatcher

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Work:
    """The stages of one cell.

    Attributes:
        cell: the cell.
        prepared: its suite with the data.
        folder: its run folder, locked by the caller.
        options: how it runs.
        known: the registry.
        watcher: who is told.
        started: when it began, UTC.
    """

    cell: Cell
    prepared: Prepared
    folder: Path
    options: RunOptions
    known: Registry
    watcher: CellWatcher
    started: str

    def record(self) -> Record:
        """Fit, predict, measure; the finished record, not yet written."""
        assets = self.assets()
        fitted, note = self.fit(assets)
        if self.options.out_of_time():
            raise OutOfTime("it has learned and is not measured yet")
        begun = time.monotonic()
        evaluation = self.predict(fitted, assets)
        predict_seconds = time.monotonic() - begun
        uses, optional = self._uses()
        scored = score_evaluation(uses, evaluation, self.known, optional=optional)
        self._keep_arrays(evaluation, scored.per_image)
        pictures = self._pictures(fitted, evaluation, scored.curves)
        return self._finished(fitted, note, scored, predict_seconds, pictures)

    def _uses(self) -> tuple[list[MetricUse], set[str]]:
        """The metrics asked for with those the folder's record has, and which may miss weights.

        The one that ranks, those asked for by name and those measured before may not; without the
        others a record is finished, and measured again when the cell is run once more.
        """
        cell = self.cell
        old = finished_record(self.folder, self.prepared.ref)
        wanted = set(cell.metrics) | {score.metric for score in (old.scores if old else [])}
        uses = [use for use in cell.suite.metrics if not cell.metrics or use.name in wanted]
        return uses, {use.name for use in cell.suite.metrics[1:]} - wanted

    def fit(self, assets: Mapping[str, Fitted]) -> tuple[Fitted, FitNote]:
        """The fitted method, and its note."""
        prepared = self.prepared
        return self._fitting(self.cell, prepared.roles, self.folder, assets).fitted()

    def assets(self) -> dict[str, Fitted]:
        """What the suite's editors share, fitted into the cache where it is not there yet.

        The generator, which learns longest, comes last: what oracles miss, such as labels or an
        encoder of captions, is told before.
        """
        found: dict[str, Fitted] = {}
        for name, asset in sorted(
            self.prepared.assets.items(), key=lambda item: item[0] == "generator"
        ):
            folder = asset.folder
            waiting = partial(self.watcher.waiting, asset.cell, folder)
            try:
                with locked(folder, self.options.seconds_left(), waiting):
                    fitting = self._fitting(asset.cell, asset.roles, folder, {})
                    if not fitting.is_finished():
                        remove_unfinished(folder)
                        self.watcher.asset_started(name, asset.cell, folder)
                    found[name], _ = fitting.fitted()
                    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
            except Timeout:
                raise OutOfTime(f"another process is learning the suite's {name}") from None
        return {name: found[name] for name in self.prepared.assets}

    def _fitting(
        self,
        cell: Cell,
        roles: Mapping[str, CachedSplit],
        folder: Path,
        assets: Mapping[str, Fitted],
    ) -> Fitting:
        seen = {name: fitted for name, fitted in assets.items() if name in SEEN_BY_EDITORS}
        names = tuple(self.prepared.dataset.attribute_names)
        return Fitting(cell, roles, folder, self.options, self.known, self.watcher, seen, names)

    def predict(self, fitted: Fitted, assets: Mapping[str, Fitted]) -> Evaluation:
        """Predictions for the roles `regress` and `test`."""
        roles = self.prepared.roles

        def of(role: str) -> tuple[Predicted | None, Samples | None]:
            if role not in roles:
                return None, None
            samples = roles[role].samples
            sees_truth = "test labels" in fitted.spec.sees
            predicted = fitted.predict(
                samples.images,
                ids=list(samples.ids),
                truth=samples if sees_truth else None,
            )
            return predicted, samples

        test, test_truth = of("test")
        regress, regress_truth = of("regress")
        if test is None or test_truth is None:
            raise RunError(f"{self.cell.label}: the suite has no test images.")
        offers = fitted.spec.capabilities
        generation = Generation(fitted, self.cell.suite.image_size)
        return Evaluation(
            test=test,
            test_truth=test_truth,
            regress=regress,
            regress_truth=regress_truth,
            landmark_names=tuple(self.prepared.dataset.landmark_names),
            part_names=tuple(self.prepared.dataset.part_names),
            attribute_names=tuple(self.prepared.dataset.attribute_names),
            predict=None if "test labels" in fitted.spec.sees else fitted.predict,
            sample=generation.sample if "sample" in offers else None,
            render=generation.render if "render" in offers else None,
            fit_images=roles["fit"].samples.images,
            editing=editing(fitted, assets) if "edit" in offers else None,
        )

    def _keep_arrays(
        self, evaluation: Evaluation, per_image: dict[str, NDArray[np.float64]]
    ) -> None:
        """Predictions in the form `harness score` reads, and the per-image values."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for role, predicted in (("regress", evaluation.regress), ("test", evaluation.test)):
            if predicted is None:
                continue
            arrays[f"{role}_ids"] = np.asarray(predicted.ids)
            for name, value in (
                ("keypoints", predicted.keypoints),
                ("parts", predicted.part_labels),
                ("landmarks", predicted.landmarks),
                ("descriptors", predicted.descriptors),
            ):
                if value is not None:
                    arrays[f"{role}_{name}"] = value
        _write_npz(self.folder / "predictions.npz", arrays)
        ids = {"test_ids": np.asarray(evaluation.test.ids)}
        _write_npz(self.folder / "per_image.npz", {**ids, **per_image})

    def _pictures(
        self, fitted: Fitted, evaluation: Evaluation, curves: Mapping[str, Curve]
    ) -> dict[str, str]:
        from harness.drawing.edit_sheet import standard_sheets
        from harness.drawing.manipulation_sheet import manipulation_sheet
        from harness.drawing.standard_edits import standard_edits
        from harness.figures import prediction_sheet
        from harness.plots import save_curves

        test, truth = evaluation.test, evaluation.test_truth
        pictures = {}
        if any(said is not None for said in (test.landmarks, test.keypoints, test.part_labels)):
            pictures["predictions"] = prediction_sheet(test, truth)
        if "reconstruct" in fitted.spec.capabilities and test.keypoints is not None:
            pictures["manipulation"] = manipulation_sheet(fitted, truth.images)
        if "render" in fitted.spec.capabilities:
            pictures |= standard_sheets(fitted)
        if evaluation.editing is not None:
            names = _edited_attributes(self.cell.suite)
            pictures["edits"] = standard_edits(evaluation.editing, evaluation, names)
        for name, picture in pictures.items():
            path = self.folder / "pictures" / f"{name}.png"
            with replacing(path, sync=False) as temporary:
                picture.save(temporary, "PNG", compress_level=1)
        save_curves(curves, self.folder)
        found = sorted((self.folder / "pictures").glob("*.png"))
        return {f"picture:{p.stem}": f"pictures/{p.name}" for p in found}

    def _finished(
        self,
        fitted: Fitted,
        note: FitNote,
        scored: Scored,
        predict_seconds: float,
        pictures: dict[str, str],
    ) -> Record:
        cell, prepared = self.cell, self.prepared
        notes = [text for text in (prepared.overlap, _keypoint_note(fitted)) if text]
        notes += [f"{name} was not measured: {why}" for name, why in scored.unmeasured.items()]
        if prepared.assets:
            # Equal fits differ in their weights where threads or processors round otherwise.
            weights = [
                f"{name} {content_digest(asset.folder / 'weights.safetensors')[:8]}"
                for name, asset in prepared.assets.items()
            ]
            notes.append(f"weights of the assets: {', '.join(weights)}")
        artifacts = {"weights": "weights.safetensors", "predictions": "predictions.npz"}
        if (self.folder / "curves.csv").exists():
            artifacts["curves"] = "curves.csv"
        return Record(
            id=record_id(cell, prepared.ref),
            status="finished",
            suite=prepared.ref,
            method=method_ref(cell),
            seed=cell.seed,
            scores=scored.scores,
            cost=Cost(
                fit_seconds=round(note.seconds, 3),
                predict_seconds=round(predict_seconds, 3),
                peak_memory_bytes=note.peak_memory_bytes,
                parameters=note.parameters,
                device=_device_name(note.device),
                threads=note.threads,
                devices=note.devices,
                precision=note.precision,
                resumed=note.resumed,
            ),
            provenance=provenance(self.started, repeat_command(cell), cell.entry.distribution),
            notes=notes,
            artifacts={**artifacts, "per_image": "per_image.npz", **pictures},
        )


def finished_record(folder: Path, ref: SuiteRef) -> Record | None:
    """The record of a finished cell under this very protocol, or `None`."""
    record = read_finished(folder / "record.json")
    same = record is not None and record.suite.fingerprint == ref.fingerprint
    return record if same else None


def _edited_attributes(suite: Suite) -> tuple[str, ...]:
    """The attributes that the suite's metrics edit; empty where none says so."""
    return next(
        (tuple(names) for use in suite.metrics if (names := use.params.get("attributes"))), ()
    )


def _keypoint_note(fitted: Fitted) -> str:
    offers = fitted.spec.capabilities
    return "keypoints: part_centres" if "segment" in offers and "detect" not in offers else ""


def _write_npz(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write a file that the record names, and is synced with; at once where an older one has it."""
    with replacing(path, sync=path.exists()) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _device_name(device: str) -> str:
    if device.startswith("cuda") and torch.cuda.is_available():
        return torch.cuda.get_device_name(torch.device(device))
    return device
