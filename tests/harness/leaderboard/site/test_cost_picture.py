from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from made_records import keep, protocol, record
from toy_world import Toy

from harness.leaderboard.board import Table, load_boards
from harness.leaderboard.site.addresses import Addresses
from harness.leaderboard.site.cost_picture import MARKS, CostPicture, cost_pictures
from harness.record import Record


def made(toy: Toy, name: str, value: float, seconds: float, **changes: Any) -> Record:
    device = changes.pop("device", "cpu")
    one = record(protocol(toy), name, value, **changes)
    assert one.cost is not None
    spent = {"fit_seconds": seconds, "parameters": round(seconds), "device": device}
    return one.model_copy(update={"cost": one.cost.model_copy(update=spent)})


def table(toy: Toy, *records: Record) -> Table:
    (board,) = load_boards([keep(toy.output, *records)], [], toy.known).boards
    return board.tables[0]


def pictures(toy: Toy, *records: Record) -> dict[str, CostPicture]:
    return {one.title: one for one in cost_pictures(table(toy, *records), Addresses())}


def test_better_is_above_and_cheaper_to_the_left_on_a_logarithmic_axis(toy: Toy) -> None:
    found = pictures(toy, *(made(toy, f"m{n}", 1 - n / 10, 10.0**n) for n in range(4)))
    marks = sorted(found["time of learning"].marks, key=lambda mark: mark.x)
    assert [mark.title.partition(",")[0] for mark in marks] == ["m0", "m1", "m2", "m3"]
    assert [mark.y for mark in marks] == sorted((mark.y for mark in marks), reverse=True)
    gaps = {round(b.x - a.x) for a, b in pairwise(marks)}
    assert len(gaps) == 1
    assert "toy_spread 1.000, 1.0 s, cpu" in marks[0].title


def test_front_goes_through_the_rows_that_no_cheaper_one_equals(toy: Toy) -> None:
    found = pictures(
        toy,
        made(toy, "cheap", 0.6, 10),
        made(toy, "worse", 0.7, 30),
        made(toy, "dear", 0.3, 60),
        made(toy, "truth", 0.0, 5, kind="oracle"),
    )["time of learning"]
    marks = {mark.title.partition(",")[0]: mark for mark in found.marks}
    assert set(marks) == {"cheap", "worse", "dear"}
    assert [name for name, mark in marks.items() if not mark.front] == ["worse"]
    (front,) = found.fronts
    cheap, dear = marks["cheap"], marks["dear"]
    assert re.match(rf"M{cheap.x} {cheap.y}H{dear.x}V{dear.y}H", front.path)


def test_every_device_has_a_front_of_its_own_told_by_its_dashes(toy: Toy) -> None:
    found = pictures(toy, made(toy, "slow", 0.5, 500), made(toy, "quick", 0.4, 5, device="H100"))
    seconds, counts = found["time of learning"], found["trained parameters"]
    assert {front.device for front in seconds.fronts} == {"cpu", "H100"}
    assert len({front.dashes for front in seconds.fronts}) == 2
    assert len(counts.fronts) == 1


def test_rows_that_cost_nothing_have_a_place_of_their_own_at_the_left(toy: Toy) -> None:
    found = pictures(
        toy,
        made(toy, "free", 0.9, 0, kind="trivial"),
        made(toy, "a", 0.5, 10),
        made(toy, "b", 0.4, 10_000),
    )["trained parameters"]
    marks = sorted(found.marks, key=lambda mark: mark.x)
    assert marks[0].title.startswith("free")
    assert found.x_ticks[0] == (marks[0].x, "0")
    assert marks[1].x > found.x_ticks[0][0] + 10


def test_names_do_not_cover_each_other_and_only_so_many_marks_are_drawn(toy: Toy) -> None:
    records = [made(toy, f"method_{n}", 0.2 + n / 1000, 10 + n) for n in range(MARKS + 20)]
    found = pictures(toy, *records)["time of learning"]
    assert len(found.marks) == MARKS
    assert found.left_out == 20
    named = [mark for mark in found.marks if mark.name]
    assert named
    lines = sorted(mark.name_y for mark in named if mark.anchor == "start")
    assert all(b - a > 5 for a, b in pairwise(lines))


def test_one_row_makes_no_picture(toy: Toy) -> None:
    assert pictures(toy, made(toy, "alone", 0.5, 10)) == {}
