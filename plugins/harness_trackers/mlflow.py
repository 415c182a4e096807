"""A cell as a run of MLflow: the experiment is its suite, the run its method, preset and seed."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from harness.contract import RunFailed, RunFinished, RunStarted, ScalarsLogged, Tracker, hook
from harness.errors import ConfigError
from harness_trackers.told import flat, loop_name, missing, pictures_of, record_at

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: In the run's folder: which run of MLflow a cell that is run again goes on with.
ID_FILE = "mlflow.json"
#: What a user may set otherwise: no word to stdout and to MLflow's makers, and no minutes of
#: waiting for a server that is gone.
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
#: The tags that hold why a run failed; MLflow shows the second one as the run's description.
ERROR, NOTE = "harness.error", "mlflow.note.content"
#: Parameters or tags that MLflow takes at once, and the characters of one of them.
_BATCH, _LENGTH = 100, 5000


class MLflow(Tracker):
    """Writes to the place, else to `MLFLOW_TRACKING_URI`, else to `mlflow.db` beside the runs."""

    def __init__(self, place: str = "") -> None:
        super().__init__(place)
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        try:
            import mlflow  # noqa: F401 - said before anything is run
        except ModuleNotFoundError as error:
            raise missing("mlflow", error.name or "mlflow") from None
        self._uri = place or os.environ.get("MLFLOW_TRACKING_URI", "")
        self._client = _client(self._uri) if self._uri else None
        self._started: RunStarted | None = None
        self._run = ""
        #: The last step that a loop has in MLflow already, asked once a loop of a resumed cell.
        self._known: dict[str, int] = {}
        self._resumed = False

    @hook
    def harness_run_started(self, event: RunStarted) -> None:
        """Go on with the run that the folder names, else begin one with the configuration."""
        if self._client is None:
            self._client = _client(f"sqlite:///{_output(event).resolve()}/mlflow.db")
        self._started = event
        found = self._existing(event.folder)
        if found is not None:
            self._client.update_run(found, "RUNNING")
            self._run, self._resumed = found, True
            return
        suite, *words = event.cell.split("/")
        run = self._client.create_run(self._experiment(suite), run_name="-".join(words))
        self._run = run.info.run_id
        _write(event.folder / ID_FILE, self._run)
        params = {_key(name): _short(value) for name, value in flat(event.config).items()}
        self._log("params", params)

    @hook
    def harness_scalars_logged(self, event: ScalarsLogged) -> None:
        """One metric a curve; steps that MLflow has from a killed process are not doubled."""
        if self._started is None or self._client is None:
            return
        loop = loop_name(self._started, event)
        values = {_key(f"{loop}/{name}"): value for name, value in event.scalars.items()}
        if event.step > self._last_step(loop, next(iter(values))):
            self._measure(values, event.step)

    @hook
    def harness_run_finished(self, event: RunFinished) -> None:
        """The scores, what they may be compared with, the record and the pictures."""
        if self._client is None or not self._run:
            return
        old = self._client.get_run(self._run).data
        scores = {_key(name): value for name, value in event.scores.items()}
        self._measure({name: v for name, v in scores.items() if old.metrics.get(name) != v}, 0)
        for name in (ERROR, NOTE):  # of a failure that this run has mended
            if ERROR in old.tags and old.tags.get(name) == old.tags[ERROR]:
                self._client.delete_tag(self._run, name)
        self._end(event.record, "FINISHED", {})

    @hook
    def harness_run_failed(self, event: RunFailed) -> None:
        """The reason as a tag and as the run's description."""
        if self._client is not None and self._run:
            said = dict.fromkeys((ERROR, NOTE), _short(event.error))
            self._end(event.record, "FAILED", said)

    @override
    def close(self) -> None:
        """A run that neither finished nor failed was interrupted."""
        if self._client is not None and self._run:
            self._client.set_terminated(self._run, "KILLED")
            self._run = ""

    def _existing(self, folder: Path) -> str | None:
        """The run that an earlier process noted, where this store still has it."""
        from mlflow.exceptions import MlflowException

        assert self._client is not None
        try:
            noted = str(json.loads((folder / ID_FILE).read_text(encoding="utf-8"))["run_id"])
            run = self._client.get_run(noted)
        except (OSError, ValueError, KeyError, TypeError, MlflowException):
            return None
        return noted if run.info.lifecycle_stage == "active" else None

    def _experiment(self, suite: str) -> str:
        """The suite's experiment; in the store beside the runs its files lie there too."""
        from mlflow.exceptions import MlflowException

        assert self._client is not None
        assert self._started is not None
        found = self._client.get_experiment_by_name(suite)
        if found is not None:
            return str(found.experiment_id)
        files = _output(self._started).resolve() / "mlartifacts" / suite
        try:
            made = self._client.create_experiment(suite, None if self._uri else files.as_uri())
        except MlflowException:
            # Another process was faster; where it was not, there is none and the error stays.
            found = self._client.get_experiment_by_name(suite)
            if found is None:
                raise
            return str(found.experiment_id)
        return str(made)

    def _last_step(self, loop: str, key: str) -> int:
        """The last step of a loop that an earlier process logged; -1 for none."""
        if not self._resumed:
            return -1
        if loop not in self._known:
            assert self._client is not None
            steps = [point.step for point in self._client.get_metric_history(self._run, key)]
            self._known[loop] = max(steps, default=-1)
        return self._known[loop]

    def _measure(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        assert self._client is not None
        now = int(1000 * time.time())
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def _log(self, kind: Literal["params", "tags"], values: Mapping[str, str]) -> None:
        """Parameters or tags, as many at once as MLflow takes."""
        from mlflow.entities import Param, RunTag

        assert self._client is not None
        pairs = list(values.items())
        for start in range(0, len(pairs), _BATCH):
            some = pairs[start : start + _BATCH]
            if kind == "params":
                self._client.log_batch(self._run, params=[Param(*pair) for pair in some])
            else:
                self._client.log_batch(self._run, tags=[RunTag(*pair) for pair in some])

    def _end(self, path: Path, status: str, tags: Mapping[str, str]) -> None:
        assert self._client is not None
        record = record_at(path)
        if record.get("status") == status.lower():
            self._log("tags", {**_identity(record), **tags})
            self._client.log_artifact(self._run, str(path))
        else:  # a finished record of other metrics, which a failed run leaves as it is
            self._log("tags", tags)
        for picture in pictures_of(path):
            self._client.log_artifact(self._run, str(picture), "pictures")
        self._client.set_terminated(self._run, status)
        self._run = ""


def _client(uri: str) -> MlflowClient:
    """A client of one store; MLflow's global one is left alone.

    Raises:
        ConfigError: MLflow cannot use the URI.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        return MlflowClient(tracking_uri=uri)
    except (MlflowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--track mlflow: {uri!r} cannot be used: {reason}") from None


def _output(event: RunStarted) -> Path:
    """The folder of all runs: a cell's folder is `output/suite/run`."""
    return event.folder.parent.parent


def _write(path: Path, run_id: str) -> None:
    """Note the run whole or not at all, so that a killed process leaves no half of it."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps({"run_id": run_id}) + "\n", encoding="utf-8")
    temporary.replace(path)


def _key(name: str) -> str:
    """A name with other characters than MLflow takes replaced.

    >>> _key("frechet_distance[resnet18]")
    'frechet_distance_resnet18_'
    """
    return re.sub(r"[^\w\-. /]", "_", name, flags=re.ASCII)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_LENGTH]


def _identity(record: Mapping[str, Any]) -> dict[str, str]:
    """What was measured, by which code: the tags by which runs are found and compared."""
    suite, method, made = record["suite"], record["method"], record["provenance"]
    facts = {
        "record": record["id"],
        "seed": record["seed"],
        "suite.version": suite["version"],
        "suite.fingerprint": suite["fingerprint"],
        "method": method["name"],
        "method.version": method["version"],
        "method.preset": method["preset"],
        "method.plugin": f"{method['plugin']} {method['plugin_version']}",
        "method.fingerprint": method["fingerprint"],
        **{name: made[name] for name in ("harness", "git", "python", "torch", "command")},
    }
    return {f"harness.{key}": _short(value) for key, value in facts.items() if value is not None}
