from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ClassVar

import pytest
from toy_world import Toy

from harness.executors import local
from harness.executors.local import Local
from harness.plan import RunOptions
from harness.runner import Outcome
from harness.watching import CellWatcher


def test_the_harness_brings_the_local_executor(toy: Toy) -> None:
    entry = toy.known.executors.get("harness/local")
    assert entry.load(entry.spec.target) is Local


def test_one_worker_runs_in_this_process(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "ProcessPoolExecutor", None)
    cells = toy.cells("toy_centre", "toy_net")
    outcomes = list(Local(1).run(cells, toy.options(), toy.known, CellWatcher()))
    assert [(o.cell, o.status) for o in outcomes] == [(c, "finished") for c in cells]


def test_two_workers_make_the_same_records(toy: Toy, tmp_path: Any) -> None:
    cells = toy.cells("toy_centre", "toy_net", settings=("fail=crash",))
    cells += toy.cells("toy_net")
    alone = {o.cell.label: o for o in Local(1).run(cells, toy.options(), toy.known, CellWatcher())}
    toy.output = tmp_path / "elsewhere"
    outcomes = list(Local(2).run(cells, toy.options(), toy.known, CellWatcher()))
    assert sorted(o.status for o in outcomes) == ["failed", "finished", "finished"]
    for outcome in outcomes:
        assert outcome.record is not None
        if outcome.status == "finished":
            expected = alone[outcome.cell.label].record
            assert expected is not None
            assert outcome.record.scores == expected.scores
    failed = next(o for o in outcomes if o.status == "failed")
    assert "the toy broke" in failed.error
    assert "RuntimeError" in failed.trace


class Pool:
    """A pool that works in this process, or breaks."""

    made: ClassVar[list[Pool]] = []
    error: BaseException | None = None
    #: Methods that another process runs.
    elsewhere: tuple[str, ...] = ()

    def __init__(
        self, workers: int, mp_context: object, initializer: object, initargs: tuple[RunOptions]
    ) -> None:
        self.workers = workers
        (self.options,) = initargs
        self.calls: list[tuple[str, bool]] = []
        self.shut: dict[str, Any] | None = None
        Pool.made.append(self)

    def submit(self, call: Any, cell: Any, wait: bool) -> Future[Outcome]:
        self.calls.append((cell.entry.spec.name, wait))
        future: Future[Outcome] = Future()
        if Pool.error is not None:
            future.set_exception(Pool.error)
        else:
            busy = cell.entry.spec.name in Pool.elsewhere and not wait
            future.set_result(Outcome(cell, "busy" if busy else "kept"))
        return future

    def shutdown(self, **given: Any) -> None:
        self.shut = given


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> type[Pool]:
    monkeypatch.setattr(local, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(Pool, "made", [])
    monkeypatch.setattr(Pool, "error", None)
    return Pool


def run(toy: Toy, workers: int = 2, **options: Any) -> list[Outcome]:
    cells = toy.cells("toy_net", "toy_centre")
    return list(Local(workers).run(cells, toy.options(**options), toy.known, CellWatcher()))


@pytest.mark.parametrize(
    ("workers", "threads", "share"), [(2, None, 4), (3, None, 2), (9, None, 1), (2, 3, 3)]
)
def test_the_cores_are_shared_out(
    toy: Toy,
    pool: type[Pool],
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
    threads: int | None,
    share: int,
) -> None:
    monkeypatch.setattr(local, "usable_cores", lambda: 8)
    run(toy, workers, threads=threads)
    assert pool.made[0].options.threads == share


def test_cells_that_another_command_runs_are_waited_for_at_the_end(
    toy: Toy, pool: type[Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pool, "elsewhere", ("toy_net",))
    outcomes = run(toy)
    assert [(o.cell.entry.spec.name, o.status) for o in outcomes] == [
        ("toy_centre", "kept"),
        ("toy_net", "kept"),
    ]
    assert pool.made[0].calls == [("toy_net", False), ("toy_centre", False), ("toy_net", True)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokenProcessPool("x"), "a worker process died"),
        (TypeError("cannot pickle"), "TypeError: cannot pickle"),
    ],
    ids=["died", "unsendable"],
)
def test_a_worker_that_fails_fails_its_cells_only(
    toy: Toy, pool: type[Pool], monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    monkeypatch.setattr(Pool, "error", error)
    outcomes = run(toy)
    assert [(o.status, o.exit_code) for o in outcomes] == [("failed", 1)] * 2
    assert all(words in o.error for o in outcomes)
    assert {o.cell.entry.spec.name for o in outcomes} == {"toy_net", "toy_centre"}


def test_an_interrupt_begins_no_further_cell(
    toy: Toy, pool: type[Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pool, "error", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(toy)
    assert pool.made[0].shut == {"cancel_futures": True}


def test_a_caller_that_stops_begins_no_further_cell(toy: Toy, pool: type[Pool]) -> None:
    cells = toy.cells("toy_net", "toy_centre")
    outcomes = Local(2).run(cells, toy.options(), toy.known, CellWatcher())
    next(iter(outcomes))
    outcomes.close()  # type: ignore[attr-defined]
    assert pool.made[0].shut == {"cancel_futures": True}


def test_a_worker_process_that_dies_is_reported(toy: Toy) -> None:
    """A method that ends its process, as a full memory does."""
    cells = toy.cells(settings=("fail=die",))
    (outcome,) = Local(2).run(cells, toy.options(), toy.known, CellWatcher())
    assert (outcome.status, outcome.cell.label) == ("failed", cells[0].label)
    assert "a worker process died" in outcome.error
