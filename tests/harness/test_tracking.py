from __future__ import annotations

import pytest
from toy_plugin.tracking import TOLD
from toy_world import Toy

from harness.errors import ConfigError, UnknownName, UserError
from harness.executors import local
from harness.runner import Runner
from harness.tracking import tracking, wanted_trackers


@pytest.fixture(autouse=True)
def _nothing_told_yet() -> None:
    TOLD.clear()


def run(toy: Toy, *track: str) -> str:
    return toy.runner(track=track).run(toy.cell("toy_net")).status


def words() -> list[str]:
    return [word for word, _ in TOLD]


def test_a_tracker_hears_the_runs_that_ask_for_it_and_no_other(toy: Toy) -> None:
    assert run(toy) == "finished"
    assert TOLD == []
    (toy.output / "toy").rename(toy.output / "earlier")
    assert run(toy, "toy_tracker=here") == "finished"
    assert TOLD[0] == ("started", "here")
    assert words() == ["started", *["logged"] * 4, "finished", "closed"]


@pytest.mark.parametrize(
    ("place", "heard"),
    [("started", ["started"]), ("logged", ["started", "logged"])],
)
def test_a_tracker_that_raises_is_one_warning_and_hears_no_more(
    toy: Toy, place: str, heard: list[str]
) -> None:
    with pytest.warns(
        UserWarning, match="toy_tracker failed in.*: no server; it hears no more"
    ) as w:
        assert run(toy, f"toy_tracker={place}") == "finished"
    assert len(w) == 1
    assert words() == [*heard, "closed"]


def test_a_tracker_that_raises_as_it_is_closed_fails_no_cell(toy: Toy) -> None:
    with pytest.warns(UserWarning, match="toy_tracker failed as it was closed: ConnectionError"):
        assert run(toy, "toy_tracker=closed") == "finished"


def test_a_tracker_is_closed_when_the_cell_is_interrupted(toy: Toy) -> None:
    known = toy.known
    before = set(known.manager.get_plugins())

    def interrupted() -> None:
        with tracking(["toy_tracker"], known):
            assert len(known.manager.get_plugins()) == len(before) + 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert words() == ["closed"]
    assert set(known.manager.get_plugins()) == before


def test_names_are_looked_up_and_may_stand_once(toy: Toy) -> None:
    ((entry, place),) = wanted_trackers(["toy_tracker = http://a?b=c"], toy.known)
    assert (entry.full_name, place) == ("toy-package/toy_tracker", "http://a?b=c")
    with pytest.raises(
        UnknownName, match=r"Unknown tracker 'toy_trackr'. Did you mean 'toy_tracker'\?"
    ):
        wanted_trackers(["toy_trackr"], toy.known)
    with pytest.raises(ConfigError, match="names toy-package/toy_tracker twice"):
        wanted_trackers(["toy_tracker", "toy-package/toy_tracker=x"], toy.known)


def test_a_tracker_that_cannot_be_used_is_refused_before_anything_runs(toy: Toy) -> None:
    from harness.api import run as run_one

    with pytest.raises(UserError, match="there is no such place"):
        run_one("toy_net", "toy", output=toy.output, track=["toy_tracker=nowhere"])
    assert not toy.output.exists()
    assert run_one("toy_net", "toy", output=toy.output, track=["toy_tracker"]).error == ""
    assert words().count("finished") == 1


def test_worker_processes_track_too(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker makes the tracker itself, of the options alone."""
    options = toy.options(track=("toy_tracker",))
    monkeypatch.setattr(local, "_runner", Runner(options, toy.known), raising=False)
    assert local._run_alone(toy.cell("toy_net"), wait=False).error == ""
    assert words()[-2:] == ["finished", "closed"]
