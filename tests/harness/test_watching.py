from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from toy_plugin.plugin import HEARD
from toy_world import Toy

from harness.contract import RunStarted, ScalarsLogged, hook
from harness.registry import Registry
from harness.watching import CellWatcher, Listening, tell

EVENT = RunStarted(cell="a/b/c/seed-0", folder=Path("x"), config={})


def listener(action: Callable[[object], None]) -> object:
    class Plugin:
        @hook
        def harness_run_started(self, event: RunStarted) -> None:
            action(event)

    return Plugin()


def broken(_: object) -> None:
    raise ValueError("no server")


def test_every_listener_hears_an_event() -> None:
    known, heard = Registry(), []
    for name in ("one", "two"):
        known.manager.register(listener(heard.append), name=name)
    tell(known, "harness_run_started", EVENT)
    assert heard == [EVENT, EVENT]


@pytest.mark.parametrize("order", [("bad", "good"), ("good", "bad")])
def test_a_listener_that_fails_is_named_and_the_others_still_hear(order: tuple[str, str]) -> None:
    known, heard = Registry(), []
    actions = {"bad": broken, "good": heard.append}
    for name in order:
        known.manager.register(listener(actions[name]), name=name)
    with pytest.warns(UserWarning, match="plugin bad failed in harness_run_started: ValueError"):
        tell(known, "harness_run_started", EVENT)
    assert heard == [EVENT]


def test_a_plugin_that_does_not_listen_is_left_alone() -> None:
    known = Registry()
    known.manager.register(object(), name="deaf")
    tell(known, "harness_run_started", EVENT)


def test_a_failing_listener_fails_no_cell(toy: Toy) -> None:
    runner = toy.runner()
    runner.known.manager.register(listener(broken), name="tracker")
    with pytest.warns(UserWarning, match="plugin tracker failed"):
        outcome = runner.run(toy.cell("toy_centre"))
    assert outcome.status == "finished"


def test_events_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        EVENT.cell = "other"  # type: ignore[misc]


def test_news_of_a_loop_reach_watcher_and_listeners(toy: Toy) -> None:
    told: list[tuple[Any, ...]] = []

    class Watching(CellWatcher):
        def loop_started(self, loop: str, step: int, total: int) -> None:
            told.append(("started", loop, step, total))

        def loop_advanced(self, loop: str, step: int) -> None:
            told.append(("advanced", loop, step))

        def scalars_logged(self, loop: str, step: int, scalars: Any) -> None:
            told.append(("logged", loop, step, scalars))

        def loop_finished(self, loop: str) -> None:
            told.append(("finished", loop))

    listening = Listening(Watching(), toy.known, toy.cell())
    listening.loop_started("train", 2, 9)
    listening.scalars_logged("train", 2, {"loss": 0.5})
    listening.loop_advanced("train", 3)
    listening.loop_finished("train")
    assert told == [
        ("started", "train", 2, 9),
        ("logged", "train", 2, {"loss": 0.5}),
        ("advanced", "train", 3),
        ("finished", "train"),
    ]
    (heard,) = HEARD
    assert heard == ScalarsLogged(
        cell="toy/toy_net/quick/seed-0", loop="train", step=2, scalars={"loss": 0.5}
    )
