from __future__ import annotations

import csv
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from harness.errors import ContractError, OutOfTime, RecordError, RunError
from harness.training import Averaged, FitImages, TrainingRun
from harness.training import run as module

IMAGES = np.random.default_rng(0).integers(0, 255, (10, 3, 8, 8), dtype=np.uint8)


class Killed(Exception):
    """Stands for a process that ends at once."""


def training(folder: Path, **changes: Any) -> TrainingRun:
    given = {"seed": 3, "device": torch.device("cpu"), "checkpoint_seconds": 0.0}
    return TrainingRun(folder, "owner", **{**given, **changes})


def loop(run: TrainingRun, total: int, body: Callable[[int], None] = lambda _: None) -> list[int]:
    """Steps of a loop whose state is one counter tensor."""
    counter = nn.Linear(1, 1)
    done = []
    for step in run.steps(total, {"counter": counter}):
        body(step)
        done.append(step)
    return done


def learn(run: TrainingRun, visit: Callable[[str, int], None] = lambda *_: None) -> dict[str, Any]:
    """Two loops with networks, optimisers, averages and two generators; what came out of them."""
    weights, noise = run.generator("weights"), run.generator("noise")

    def network(channels: int) -> nn.Module:
        net = nn.Sequential(nn.Conv2d(3, channels, 3), nn.BatchNorm2d(channels), nn.Flatten())
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=weights))
        return run.prepare(net)

    images = FitImages(IMAGES, run.seed)
    first = network(4)
    optimizer = torch.optim.Adam(first.parameters(), lr=0.01)
    state = {"net": first, "optimizer": optimizer}
    for step in run.steps(5, state, name="first"):
        pixels = images.batch(step, 4).float() / 255
        loss = (first(pixels) * torch.rand(1, generator=noise)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(loss=loss)
        visit("first", step)
    visit("between", 0)
    torch.rand(3, generator=run.generator("between"))
    first.eval()
    second = network(2)
    averaged = Averaged(second, 0.9)
    descent = torch.optim.SGD(second.parameters(), lr=0.01, momentum=0.9)
    for step in run.steps(4, {"net": second, "average": averaged, "sgd": descent}, name="second"):
        pixels = images.batch(step, 3).float() / 255
        loss = (second(pixels) - first(pixels).mean().detach()).square().mean()
        descent.zero_grad()
        (loss * torch.rand(1, generator=run.generator("between"))).backward()
        descent.step()
        averaged.update(second)
        run.log(loss=loss)
        visit("second", step)
    after = {name: run.generator(name).get_state() for name in ("weights", "noise", "between")}
    modules = {"first": first, "second": second, "average": averaged.module}
    return {
        **after,
        **{f"{k}.{n}": t for k, m in modules.items() for n, t in m.state_dict().items()},
    }


def assert_same(got: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert got.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(got[name], expected[name])] == []


def test_steps_are_counted_from_zero(tmp_path: Path) -> None:
    assert loop(training(tmp_path), 4) == [0, 1, 2, 3]


@pytest.mark.parametrize("every", [0.0, 25.0], ids=["every step", "every third step"])
@pytest.mark.parametrize(
    "deaths",
    [
        [("first", 0)],
        [("first", 3)],
        [("first", 4)],
        [("between", 0)],
        [("second", 0)],
        [("second", 3)],
        [("first", 2), ("first", 4), ("between", 0), ("second", 1), ("second", 3)],
    ],
    ids=["at once", "inside", "last step", "between", "second loop", "end", "again and again"],
)
def test_a_killed_fit_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: list[tuple[str, int]], every: float
) -> None:
    ticks = iter(range(0, 10**6, 10))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
    expected = learn(training(tmp_path / "whole", checkpoint_seconds=every))
    for death in deaths:

        def die(*place: Any, death: tuple[str, int] = death) -> None:
            if place == death:
                raise Killed

        with pytest.raises(Killed):
            learn(training(tmp_path / "killed", checkpoint_seconds=every), die)
    resumed = training(tmp_path / "killed", checkpoint_seconds=every)
    assert_same(learn(resumed), expected)


def test_a_finished_loop_is_restored_not_repeated(tmp_path: Path) -> None:
    loop(training(tmp_path), 3)
    assert loop(training(tmp_path), 3) == []


def test_interruptions_are_counted(tmp_path: Path) -> None:
    def die(step: int) -> None:
        if step == len(counts) + 1:
            raise Killed

    counts: list[int] = []
    for _ in range(3):
        run = training(tmp_path)
        with pytest.raises(Killed):
            loop(run, 9, die)
        counts.append(run.resumed)
    assert counts == [0, 1, 2]


def test_a_fit_that_was_never_interrupted_says_so(tmp_path: Path) -> None:
    run = training(tmp_path)
    learn(run)
    assert run.resumed == 0


def test_restoring_two_loops_counts_once(tmp_path: Path) -> None:
    learn(training(tmp_path))
    run = training(tmp_path)
    learn(run)
    assert run.resumed == 1


def test_seconds_of_interrupted_processes_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def work(step: int) -> None:
        now[0] += 7
        if step == 2:
            raise Killed

    with pytest.raises(Killed):
        loop(training(tmp_path), 5, work)
    now[0] = 5000.0
    run = training(tmp_path)
    loop(run, 2)
    assert run.seconds() == pytest.approx(14)
    now[0] += 3
    assert run.seconds() == pytest.approx(17)


def test_checkpoints_come_by_time_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, saved = [0.0], []
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(
        module.Checkpoints, "save", lambda self, content: saved.append(content["step"])
    )

    def work(step: int) -> None:
        now[0] += 10

    loop(training(tmp_path, checkpoint_seconds=25.0), 8, work)
    assert saved == [3, 6, 8]


def test_the_previous_checkpoint_is_used_when_the_newest_is_damaged(tmp_path: Path) -> None:
    def die(step: int) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        loop(training(tmp_path), 6, die)
    (tmp_path / "checkpoints" / "train.pt").write_bytes(b"garbage")
    with pytest.warns(UserWarning, match="of step 2, is used"):
        assert loop(training(tmp_path), 6) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("lost", "notes"),
    [
        (["first.pt"], ["first.pt: not there", "'second' had begun and has no checkpoint"]),
        (["first.pt", "first.previous.pt"], ["'second' had begun", "'first' had begun"]),
        (["second.pt"], ["second.pt: not there. The one before it, of step 2"]),
        (["second.pt", "second.previous.pt"], ["'second' had begun and has no checkpoint"]),
    ],
    ids=["newest", "both", "newest of the second", "both of the second"],
)
def test_a_fit_whose_checkpoints_are_lost_ends_with_the_same_weights(
    tmp_path: Path, lost: list[str], notes: list[str]
) -> None:
    """What a later loop had made of the lost one is made again with it."""
    expected = learn(training(tmp_path / "whole"))

    def die(*place: Any) -> None:
        if place == ("second", 3):
            raise Killed

    with pytest.raises(Killed):
        learn(training(tmp_path / "killed"), die)
    for name in lost:
        (tmp_path / "killed" / "checkpoints" / name).unlink()
    with pytest.warns(UserWarning, match="checkpoint") as warned:
        assert_same(learn(training(tmp_path / "killed")), expected)
    said = " ".join(str(warning.message) for warning in warned)
    assert [note for note in notes if note not in said] == []


def test_a_passed_deadline_saves_the_step_and_ends(tmp_path: Path) -> None:
    late = training(tmp_path, checkpoint_seconds=1e9, deadline=1.0)
    with pytest.raises(OutOfTime, match="step 1 of 4 of the loop 'train' is saved"):
        loop(late, 4)
    assert loop(training(tmp_path, deadline=1e11), 4) == [1, 2, 3]


def test_a_checkpoint_of_another_fit_is_refused(tmp_path: Path) -> None:
    loop(training(tmp_path), 2)
    run = TrainingRun(tmp_path, "another", seed=3, device=torch.device("cpu"))
    with pytest.raises(RecordError, match="another method, configuration or dataset"):
        loop(run, 2)


@pytest.mark.parametrize(
    "state",
    [{"other": nn.Linear(1, 1)}, {"counter": nn.Linear(2, 1)}],
    ids=["name", "shape"],
)
def test_a_checkpoint_of_another_state_is_refused(tmp_path: Path, state: Any) -> None:
    loop(training(tmp_path), 2)
    with pytest.raises(RecordError, match=r"'train' does not fit the method.*--fresh"):
        list(training(tmp_path).steps(2, state))


def test_two_loops_of_one_name_are_refused(tmp_path: Path) -> None:
    run = training(tmp_path)
    loop(run, 2)
    with pytest.raises(ContractError, match="named 'train'"):
        loop(run, 2)


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (2, [0, 1]), (9, [0, 1, 2, 3])])
def test_a_limit_cuts_every_loop(tmp_path: Path, limit: int, expected: list[int]) -> None:
    assert loop(training(tmp_path, step_limit=limit), 4) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_saves_the_step_and_ends(tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    finished = []

    def interrupt(step: int) -> None:
        if step == 2:
            os.kill(os.getpid(), number)
            finished.append(step)

    with pytest.raises(KeyboardInterrupt):
        loop(training(tmp_path, checkpoint_seconds=1e9), 9, interrupt)
    assert finished == [2]
    assert signal.getsignal(number) is before
    assert loop(training(tmp_path), 9)[0] == 3


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    survived = []

    def interrupt(step: int) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            survived.append(step)

    with pytest.raises(KeyboardInterrupt):
        loop(training(tmp_path), 9, interrupt)
    assert survived == []
    assert loop(training(tmp_path), 9)[0] == 2


def test_a_second_request_to_end_still_saves_the_step(tmp_path: Path) -> None:
    def interrupt(step: int) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        loop(training(tmp_path, checkpoint_seconds=1e9), 9, interrupt)
    assert loop(training(tmp_path), 9)[0] == 3


def test_a_loop_may_run_outside_the_main_thread(tmp_path: Path) -> None:
    done: list[list[int]] = []
    thread = threading.Thread(target=lambda: done.append(loop(training(tmp_path), 3)))
    thread.start()
    thread.join()
    assert done == [[0, 1, 2]]


def test_a_loop_that_is_left_early_gives_the_signals_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    steps = training(tmp_path).steps(5, {})
    next(steps)
    assert signal.getsignal(signal.SIGINT) is not before
    steps.close()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_loop_that_fails_gives_the_signals_back_while_its_error_is_kept(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    run = training(tmp_path)
    with pytest.raises(Killed) as kept:
        loop(run, 5, lambda step: (_ for _ in ()).throw(Killed))
    assert kept.value.__traceback__ is not None
    run.close()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("value", [float("nan"), torch.tensor(float("inf"))], ids=["nan", "inf"])
def test_a_loss_that_is_no_number_is_a_failed_run(tmp_path: Path, value: float | Tensor) -> None:
    run = training(tmp_path)
    with pytest.raises(RunError, match=r"train: loss became .* at step 1: training diverged"):
        loop(run, 3, lambda step: run.log(loss=value if step else 0.5))


def curve(folder: Path) -> list[tuple[int, float]]:
    with (folder / "curves.csv").open(newline="") as file:
        return [(int(step), float(value)) for _, step, _, value in list(csv.reader(file))[1:]]


def test_short_curves_have_every_step(tmp_path: Path) -> None:
    run = training(tmp_path)
    weight = torch.ones(1, requires_grad=True)
    loop(run, 3, lambda step: run.log(loss=(weight * step).sum()))
    assert curve(tmp_path) == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_long_curves_are_thinned_and_end_with_the_last_step(tmp_path: Path) -> None:
    run = training(tmp_path, checkpoint_seconds=1e9)
    loop(run, 399, lambda step: run.log(loss=step))
    steps = [step for step, _ in curve(tmp_path)]
    assert steps == [*range(0, 399, 2)]
    assert len(steps) <= module.CURVE_POINTS + 1


def test_a_tensor_is_read_only_where_the_curve_is_written(tmp_path: Path) -> None:
    class Counting(float):
        reads = 0

        def __float__(self) -> float:
            Counting.reads += 1
            return 1.0

    run = training(tmp_path, checkpoint_seconds=1e9)
    loop(run, 1000, lambda step: run.log(loss=Counting(1)))
    assert Counting.reads <= module.CURVE_POINTS + 1


def test_the_curve_of_a_resumed_fit_has_no_step_twice(tmp_path: Path) -> None:
    def attempt(dies: bool) -> None:
        run = training(tmp_path)

        def work(step: int) -> None:
            run.log(loss=step)
            if dies and step == 3:
                raise Killed

        loop(run, 6, work)

    with pytest.raises(Killed):
        attempt(True)
    attempt(False)
    assert curve(tmp_path) == [(step, float(step)) for step in range(6)]


def test_the_curve_is_never_behind_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = training(tmp_path)
    monkeypatch.setattr(module.Checkpoints, "save", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        loop(run, 3, lambda step: run.log(loss=step))
    assert curve(tmp_path) == [(0, 0.0)]
    monkeypatch.undo()
    again = training(tmp_path)
    with pytest.warns(UserWarning, match="'train' had begun and has no checkpoint"):
        loop(again, 3, lambda step: again.log(loss=step))
    assert curve(tmp_path) == [(0, 0.0), (1, 1.0), (2, 2.0)]


def test_a_generator_belongs_to_seed_and_name(tmp_path: Path) -> None:
    def draw(seed: int, name: str) -> float:
        return float(torch.rand(1, generator=training(tmp_path, seed=seed).generator(name)))

    assert draw(0, "a") == draw(0, "a")
    assert len({draw(0, "a"), draw(0, "b"), draw(1, "a")}) == 3


def test_a_generator_asked_for_twice_goes_on(tmp_path: Path) -> None:
    run = training(tmp_path)
    assert run.generator("a") is run.generator("a")


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_the_precision_reaches_the_forward_pass(
    tmp_path: Path, precision: str, dtype: torch.dtype
) -> None:
    run = training(tmp_path, precision=precision)
    net = run.prepare(nn.Conv2d(3, 2, 3))
    with run.autocast():
        assert net(torch.zeros(1, 3, 8, 8)).dtype == dtype


def test_a_prepared_network_is_in_channels_last_order(tmp_path: Path) -> None:
    net = training(tmp_path).prepare(nn.Conv2d(3, 2, 3))
    assert net.weight.is_contiguous(memory_format=torch.channels_last)


def test_pictures_are_named_by_loop_and_step(tmp_path: Path) -> None:
    run = training(tmp_path)
    picture = torch.full((2, 3, 8, 8), 9, dtype=torch.uint8)
    loop(run, 2, lambda step: run.show("faces", picture))
    names = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    assert names == ["faces-train-000000.png", "faces-train-000001.png"]
    with Image.open(tmp_path / "pictures" / names[0]) as found:
        assert found.getpixel((0, 0)) == (9, 9, 9)


def test_a_watcher_is_told_of_every_step(tmp_path: Path) -> None:
    told: list[tuple[object, ...]] = []

    class Watching:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *news: told.append((name, *news))

    run = training(tmp_path, watcher=Watching())
    loop(run, 2, lambda step: run.log(loss=1.5))
    assert told == [
        ("loop_started", "train", 0, 2),
        ("scalars_logged", "train", 0, {"loss": 1.5}),
        ("loop_advanced", "train", 1),
        ("scalars_logged", "train", 1, {"loss": 1.5}),
        ("loop_advanced", "train", 2),
        ("loop_finished", "train"),
    ]
