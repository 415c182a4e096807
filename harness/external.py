"""Predictions made outside, scored by a suite into the same record as a run's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.cache import CachedSplit, Progress, load_roles, open_dataset
from harness.contract.arrays import Evaluation
from harness.contract.dataset import Dataset
from harness.contract.specs import SEES
from harness.errors import DataError, UserError
from harness.files import replacing
from harness.fingerprint import fingerprint
from harness.names import unknown_name
from harness.plots import save_curves
from harness.predictions import read_arrays
from harness.protocol import suite_ref
from harness.provenance import now, provenance
from harness.record import MethodRef, Record, Score, SuiteRef, put_aside, write_record
from harness.recorded import Opened, stored_evaluation
from harness.registry import Registry
from harness.scoring import score_evaluation
from harness.seal import sealed
from harness.suite import Suite, load_suite, with_metric_params

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Kind and preset of methods that ran elsewhere.
EXTERNAL = "external"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Predictions of a method that ran elsewhere.

    Attributes:
        name: the method's name on the leaderboard.
        predictions: npz file, see `harness.predictions`.
        seed: of its training, where there are several.
        sees: what it was allowed to look at, as its authors state; empty means not stated.
    """

    name: str
    predictions: Path
    seed: int = 0
    sees: Sequence[str] = ()


def score_submission(
    submission: Submission,
    suite: Suite,
    known: Registry,
    *,
    data: Path | None = None,
    output: Path = Path("runs"),
    progress: Progress | None = None,
) -> tuple[Record, Path]:
    """Score predictions and write record, predictions and per-image values.

    Args:
        submission: the predictions.
        suite: the protocol.
        known: the installed plugins.
        data: data root; `None` for the default one.
        output: folder for runs; the second thing returned is the record's own folder below it.
        progress: told while images are read into the cache.

    Raises:
        UserError: the predictions do not fit the suite.
        RunError: the folder cannot be written.
    """
    started = now()
    _check(submission)
    arrays = read_arrays(submission.predictions)
    dataset = open_dataset(suite, known, data)
    roles = load_roles(suite, dataset, known, progress)
    evaluation = _evaluation(arrays, suite, dataset, roles, submission.predictions.name)
    scored = score_evaluation(suite.metrics, evaluation, known)
    ref = suite_ref(suite, roles, known)
    record = _record(submission, suite, ref, scored.scores, started=started)
    name = f"{submission.name}-{EXTERNAL}-seed{submission.seed}-{record.id[:8]}"
    folder = output / suite.name / name
    _save(folder / "predictions.npz", arrays)
    ids = {"test_ids": np.asarray(evaluation.test.ids)}
    _save(folder / "per_image.npz", {**ids, **scored.per_image})
    save_curves(scored.curves, folder)
    record = sealed(record, folder)
    put_aside(folder / "record.json", record)
    write_record(record, folder / "record.json")
    return record, folder


def suite_with(name: str, settings: Mapping[str, Any], known: Registry) -> Suite:
    """A suite with settings of its fields and metrics, as `--set key=value` gives them.

    Raises:
        UnknownName: there is no such suite.
        ConfigError: a setting is wrong.
    """
    suite = load_suite(known.suites.get(name).spec, dict(settings))
    params = {key: value for key, value in settings.items() if key not in Suite.model_fields}
    return with_metric_params(suite, params, known)


def _check(submission: Submission) -> None:
    if not submission.name.replace("_", "").replace("-", "").replace(".", "").isalnum():
        raise UserError(
            f"--name {submission.name!r}: use letters, digits, '_', '-' and '.', as in my_method."
        )
    for sight in submission.sees:
        if sight not in SEES:
            raise unknown_name("--sees", sight, SEES)


def _evaluation(
    arrays: Mapping[str, NDArray[Any]],
    suite: Suite,
    dataset: Dataset,
    roles: Mapping[str, CachedSplit],
    file: str,
) -> Evaluation:
    evaluation = stored_evaluation(arrays, Opened(suite, dataset, roles), file)
    test, regress = evaluation.test, evaluation.regress
    if test.keypoints is None and test.part_labels is None and test.landmarks is None:
        raise DataError(
            f"{file}: nothing to score; expected test_keypoints, test_landmarks, test_parts or "
            f"test_foreground beside test_ids, got {', '.join(sorted(arrays))}."
        )
    regressed = test.landmarks is None and test.keypoints is not None and "regress" in roles
    if regressed and (regress is None or regress.keypoints is None):
        raise DataError(
            f"{file}: regress_ids and regress_keypoints are missing; the suite's regressor is "
            f"fitted on the keypoints of the {len(roles['regress'].samples)} images of role "
            "'regress'."
        )
    return evaluation


def _record(
    submission: Submission, suite: Suite, ref: SuiteRef, scores: Sequence[Score], *, started: str
) -> Record:
    identity = {EXTERNAL: submission.name}
    method = fingerprint(identity)
    digest = hashlib.sha256(submission.predictions.read_bytes()).hexdigest()
    command = (
        f"harness score --suite {suite.name} --predictions {submission.predictions.name} "
        f"--name {submission.name} --seed {submission.seed}"
    )
    made = provenance(started, command, "harness")
    cell = {"suite": ref.fingerprint, "method": method, "seed": submission.seed}
    return Record(
        id=fingerprint(cell)[:16],
        status="finished",
        suite=ref,
        method=MethodRef(
            name=submission.name,
            kind="external",
            plugin="harness",
            plugin_version=made.harness,
            version=1,
            preset=EXTERNAL,
            config={},
            sees=list(submission.sees),
            capabilities=[],
            fingerprint=method,
        ),
        seed=submission.seed,
        scores=list(scores),
        provenance=made,
        notes=[f"predictions made outside, sha256 {digest}"],
        artifacts={"predictions": "predictions.npz", "per_image": "per_image.npz"},
    )


def _save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]
