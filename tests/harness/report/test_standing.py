from __future__ import annotations

import pytest
from made_records import protocol, record, score
from toy_world import Toy

from harness.record import Record
from harness.report.standing import PUBLISHED, TRIVIAL, ScoreCard, score_cards
from harness.suite import Published


def card(*records: Record, published: tuple[Published, ...] = ()) -> ScoreCard:
    return score_cards(records[0], records[1:], published)[0]


def test_score_stands_beside_trivial_rows_oracles_and_printed_numbers_best_first(toy: Toy) -> None:
    here = protocol(toy)
    found = card(
        record(here, scores=[score(0.25, ci95=(0.2, 0.3))]),
        record(here, "mean", 0.5, kind="trivial", preset="default"),
        record(here, "truth", 0.1, kind="oracle", preset="default"),
        published=(Published(method="They", metric="toy_spread", value=0.3, source="T1"),),
    )
    assert [(bar.label, bar.kind_text, bar.text) for bar in found.bars] == [
        ("truth", "oracle", "0.1000"),
        ("this run", "measured", "0.2500"),
        ("They", "published", "0.3000"),
        ("mean", "trivial", "0.5000"),
    ]
    own = found.bars[1]
    assert own.own
    assert own.interval == "0.2000 to 0.3000"
    places = [bar.place for bar in found.bars]
    assert places == sorted(places)
    assert (places[3] - places[1]) == pytest.approx((places[3] - places[0]) * 0.25 / 0.4, abs=0.02)
    assert own.low is not None
    assert own.high is not None
    assert own.place - own.low == pytest.approx(own.high - own.place, abs=0.02)
    assert (found.value, found.better) == ("0.2500", "lower is better")
    assert found.place == "0.62"  # (0.25 - 0.5) / (0.1 - 0.5)


def test_other_protocols_and_other_versions_of_the_metric_do_not_stand_there(toy: Toy) -> None:
    here = protocol(toy)
    found = card(
        record(here),
        record(protocol(toy, parts=7), "elsewhere", 0.1, kind="trivial"),
        record(here, "old", kind="trivial", scores=[score(0.1, version=7)]),
        record(here, "lost", 0.1, kind="trivial", status="failed"),
        record(here, "rival", 0.1),
    )
    assert [bar.label for bar in found.bars] == ["this run"]


def test_other_seeds_stand_there_together(toy: Toy) -> None:
    here = protocol(toy)
    found = card(*(record(here, value=v, seed=s) for s, v in enumerate((0.2, 0.4, 0.6))))
    assert {bar.label: bar.text for bar in found.bars} == {
        "this run": "0.2000",
        "its 3 seeds": "0.4000",
    }


def test_many_rows_are_cut_to_the_best_and_counted(toy: Toy) -> None:
    here = protocol(toy)
    others = [record(here, f"t{n}", 0.5 + n / 100, kind="trivial") for n in range(TRIVIAL + 3)]
    printed = tuple(
        Published(method=f"p{n}", metric="toy_spread", value=0.1 + n / 100, source="")
        for n in range(PUBLISHED + 1)
    )
    found = card(record(here), *others, published=printed)
    assert found.left_out == 4
    labels = [bar.label for bar in found.bars]
    assert "t0, quick" in labels
    assert f"t{TRIVIAL}, quick" not in labels
    assert f"p{PUBLISHED}" not in labels


def test_metrics_without_a_value_have_no_card_and_the_rest_is_told(toy: Toy) -> None:
    ours = score(0.25, also={"bias": 0.2}, details={"n=1": None})
    (found,) = score_cards(record(protocol(toy), scores=[score(None, "toy_x"), ours]), [])
    assert found.score.metric == "toy_spread"
    assert found.also == (("bias", "0.2000"),)
    assert found.details == (("n=1", "n/a"),)
    assert score_cards(record(protocol(toy), scores=[]), []) == []
