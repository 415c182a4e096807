"""The executor `ray` on a real cluster, whose nodes are processes of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from held_cells import notes
from toy_world import Toy, install

pytest.importorskip("ray", reason="needs pip install 'harness[ray]'")

ROOT = Path(__file__).resolve().parents[3]
SEEDS = range(6)


@pytest.fixture
def cluster(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty cluster, which this process does not join, and on which the toys are installed."""
    paths = (ROOT, ROOT / "plugins", ROOT / "tests", tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    made = Cluster()
    yield made
    made.shutdown()


def started(cluster: Any, cores: int) -> Any:
    """A new node; Ray gives it half a minute, which a very busy machine does not have."""
    given = {"num_cpus": cores, "num_gpus": 0, "object_store_memory": 80 * 2**20}
    try:
        return cluster.add_node(include_dashboard=False, **given)
    except Exception as error:
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("Ray's node did not start within half a minute: the machine is too busy")


def wait_for(texts: set[str], folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until each of the texts begins a line of the notes."""
    end = time.monotonic() + 600
    while not all(any(line.startswith(t) for line in notes(folder)) for t in texts):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, notes(folder)
        time.sleep(0.05)


def test_every_cell_is_finished_once_though_a_node_is_killed(
    toy: Toy, tmp_path: Path, cluster: Any
) -> None:
    install(tmp_path / "site", "held-package", {"held": "held_cells"})
    stays, doomed = started(cluster, 1), started(cluster, 2)
    (raylet,) = doomed.all_processes["raylet"]
    (tmp_path / "doomed").write_text(str(raylet.process.pid))
    settings = {"RAY_ADDRESS": cluster.address, "HARNESS_PLUGINS": "toy,held,executors"}
    words = "run --executor ray --method held --suite toy --checkpoint-seconds 0 --json"
    given = ["--seed", ",".join(map(str, SEEDS)), "--set", f"notes={tmp_path}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *words.split(), *given],
        cwd=tmp_path,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for({"held", "kept"}, tmp_path, process)
    cluster.remove_node(doomed, allow_graceful=False)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith("{")] == []
    assert sorted(json.loads(line)["seed"] for line in lines) == list(SEEDS)

    told = notes(tmp_path)
    (held,) = (int(line.split()[1]) for line in told if line.startswith("held"))
    begun = sorted(int(line.split()[1]) for line in told if line.startswith("fit"))
    assert begun == sorted([*SEEDS, held])
    steps = [line for line in told if line.startswith(f"step {held} ")]
    assert steps == [f"step {held} {step}" for step in (0, 1, 2, 2, 3)]
    finished = sorted(line for line in told if line.startswith("record"))
    assert finished == [f"record toy/held/quick/seed-{seed}" for seed in SEEDS]
    found = [json.loads(p.read_text()) for p in (tmp_path / "runs").rglob("record.json")]
    assert sorted((r["status"], r["seed"]) for r in found) == [("finished", s) for s in SEEDS]
    assert {r["seed"]: r["cost"]["resumed"] for r in found} == {s: int(s == held) for s in SEEDS}
    assert stays in cluster.list_all_nodes()
