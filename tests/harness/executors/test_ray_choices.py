"""What the executor `ray` asks of a cluster, without one."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from toy_world import Toy

from harness.errors import ConfigError, UserError
from harness.executors.ray import Ray, _records_alone_on_stdout, _resources, _run_cell, _versions
from harness.watching import CellWatcher


def cluster(*nodes: dict[str, float]) -> Any:
    """What is asked of Ray, with these nodes and one that is lost."""
    lost = {"Alive": False, "Resources": {"CPU": 99.0, "GPU": 9.0}}
    alive = [{"Alive": True, "Resources": node} for node in nodes]
    return SimpleNamespace(nodes=lambda: [*alive, lost])


SMALL, LARGE = {"CPU": 2.0}, {"CPU": 16.0, "GPU": 1.0}


@pytest.mark.parametrize(
    ("nodes", "device", "threads", "wanted"),
    [
        ((SMALL,), "auto", None, (1.0, 0.0)),
        ((SMALL,), "cpu", 2, (2.0, 0.0)),
        ((SMALL, LARGE), "auto", 4, (4.0, 1.0)),
        ((SMALL, LARGE), "cuda", None, (1.0, 1.0)),
        ((SMALL, LARGE), "cpu", 16, (16.0, 0.0)),
    ],
)
def test_a_cell_takes_cores_and_where_it_can_a_gpu(
    toy: Toy,
    nodes: tuple[dict[str, float], ...],
    device: str,
    threads: int | None,
    wanted: tuple[float, float],
) -> None:
    options = toy.options(device=device, threads=threads)
    cores, gpus = wanted
    assert _resources(cluster(*nodes), options) == {"num_cpus": cores, "num_gpus": gpus}


@pytest.mark.parametrize(
    ("device", "threads", "words"),
    [
        ("cuda", None, "No node of the cluster has 1 cores and a GPU for a cell"),
        ("cpu", 3, "No node of the cluster has 3 cores for a cell"),
    ],
)
def test_what_no_node_has_is_refused(
    toy: Toy, device: str, threads: int | None, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        _resources(cluster(SMALL), toy.options(device=device, threads=threads))


def test_a_numbered_gpu_is_refused(toy: Toy) -> None:
    with pytest.raises(ConfigError, match="Ray chooses the GPU of every cell; give --device cuda"):
        _resources(cluster(LARGE), toy.options(device="cuda:1"))


def test_without_ray_the_extra_is_named(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    cells = toy.cells("toy_centre")
    with pytest.raises(UserError, match=r"pip install 'harness\[ray\]'"):
        list(Ray().run(cells, toy.options(), toy.known, CellWatcher()))


def test_threads_of_ray_print_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def speak(text: str) -> None:
        sys.stdout.write(f"{text}\n")

    with _records_alone_on_stdout():
        for name in ("ray_listen_error_messages", "other"):
            thread = threading.Thread(target=speak, args=(f"by {name}",), name=name)
            thread.start()
            thread.join()
        speak("a record")
    told = capsys.readouterr()
    assert told.out == "by other\na record\n"
    assert told.err == "by ray_listen_error_messages\n"


def test_a_node_with_other_packages_runs_no_cell(toy: Toy, tmp_path: Path) -> None:
    cell = toy.cell("toy_centre")
    other = {**_versions(toy.known), "toy-package": "1.1"}
    outcome = _run_cell(cell, (toy.options(), other, {}), wait=False)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "the packages of all nodes must be the same" in outcome.error
    assert not toy.output.exists()
    same = _run_cell(cell, (toy.options(), _versions(toy.known), {}), wait=False)
    assert same.status == "finished"
