from __future__ import annotations

from typing import Any

import pytest
from toy_plugin.data import ToyDataset
from toy_world import Toy

from harness.cache import load_roles, open_dataset
from harness.errors import DataError
from harness.protocol import overlap_note, suite_ref
from harness.record import SuiteRef
from harness.suite import load_suite

PLAIN_METRICS = [{"name": "toy_spread"}, {"name": "toy_distance"}, {"name": "toy_overlap"}]


def ref(toy: Toy, **changes: Any) -> SuiteRef:
    toy.suite(**changes)
    suite = load_suite(toy.known.suites.get("toy").spec)
    return suite_ref(suite, load_roles(suite, open_dataset(suite, toy.known), toy.known), toy.known)


def note(toy: Toy, **changes: Any) -> str:
    toy.suite(**changes)
    suite = load_suite(toy.known.suites.get("toy").spec)
    return overlap_note(suite, load_roles(suite, open_dataset(suite, toy.known), toy.known))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"image_size": 20},
        {"parts": 3},
        {"dataset_options": {"seed": 1}},
        {"roles": {"fit": {"split": "train"}, "test": {"split": "test"}}},
        {
            "roles": {
                "fit": {"split": "train"},
                "regress": {"split": "labelled"},
                "test": {"split": "test", "limit": 3},
            }
        },
        {"metrics": PLAIN_METRICS[::-1]},
        {"metrics": [{"name": "toy_spread", "params": {"scale": 2.0}}, *PLAIN_METRICS[1:]]},
        {"official_overlap": True},
    ],
    ids=["version", "size", "parts", "data", "roles", "limit", "ranking", "params", "overlap"],
)
def test_what_changes_a_score_changes_the_fingerprint(toy: Toy, change: dict[str, Any]) -> None:
    assert ref(toy, **change).fingerprint != ref(toy).fingerprint


def test_other_pixels_change_the_fingerprint(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ref(toy).fingerprint
    draw = ToyDataset._draw

    def brighter(self: ToyDataset, *place: Any) -> Any:
        pixels, corner = draw(self, *place)
        return pixels + 1, corner

    monkeypatch.setattr(ToyDataset, "_draw", brighter)
    monkeypatch.setattr(ToyDataset, "source", lambda self: {"edition": 2})
    assert ref(toy).fingerprint != before


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Other words."},
        {"notes": ["A note."]},
        {"baselines": ["toy_centre"]},
        {"metrics": [PLAIN_METRICS[0], *PLAIN_METRICS[:0:-1]]},
        {"metrics": PLAIN_METRICS[:1]},
        {"metrics": [*PLAIN_METRICS, {"name": "toy_undefined", "params": {"crash": True}}]},
        {"metrics": [{"name": "toy_spread", "params": {"scale": 1.0}}, *PLAIN_METRICS[1:]]},
        {"published": [{"method": "A", "metric": "toy_spread", "value": 1, "source": "T1"}]},
    ],
    ids=[
        *("summary", "notes", "baselines", "order", "fewer metrics", "more metrics"),
        *("default parameter", "published"),
    ],
)
def test_what_changes_no_score_keeps_the_fingerprint(toy: Toy, change: dict[str, Any]) -> None:
    assert ref(toy, **change).fingerprint == ref(toy).fingerprint


def test_the_record_says_what_was_hashed(toy: Toy) -> None:
    protocol = ref(toy).protocol
    assert protocol["images"] == {"fit": 6, "regress": 6, "test": 6}
    assert protocol["ranking"] == {"metric": "toy_spread", "version": 1, "params": {"scale": 1.0}}


@pytest.mark.parametrize(("metric", "changes"), [("toy_spread", True), ("toy_distance", False)])
def test_only_the_ranking_metrics_version_is_in_the_fingerprint(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, metric: str, changes: bool
) -> None:
    before = ref(toy).fingerprint
    toy.raise_version(metric, monkeypatch)
    assert (ref(toy).fingerprint != before) == changes


def test_separate_splits_need_no_note(toy: Toy) -> None:
    assert note(toy) == ""


@pytest.mark.parametrize(
    ("flaw", "found"),
    [
        ("shared_id", "1 test ids and 0 test images (by content)"),
        ("shared_image", "0 test ids and 1 test images (by content)"),
    ],
)
def test_test_images_among_those_to_learn_from_are_refused(toy: Toy, flaw: str, found: str) -> None:
    with pytest.raises(DataError) as caught:
        note(toy, dataset_options={"flaw": flaw})
    assert f"{found} are also in fit, for example 'test-0'" in str(caught.value)


def test_an_overlap_of_the_official_protocol_is_noted(toy: Toy) -> None:
    text = note(toy, dataset_options={"flaw": "shared_image"}, official_overlap=True)
    assert "0 test ids and 1 test images" in text
    assert "official protocol" in text
