from __future__ import annotations

import pytest
from toy_world import Toy

from harness.errors import DataError, UnknownName
from harness.inspection import DataReport, check_data, preview
from harness.suite import load_suite


def checked(toy: Toy, **changes: object) -> DataReport:
    toy.suite(**changes)
    return check_data(load_suite(toy.known.suites.get("toy").spec), toy.known)


def test_splits_are_counted_with_their_roles(toy: Toy) -> None:
    report = checked(toy, dataset_options={"images": 5, "regress_images": 3})
    assert [(s.split, s.images, s.roles) for s in report.splits] == [
        ("train", 5, ("fit",)),
        ("labelled", 3, ("regress",)),
        ("test", 5, ("test",)),
    ]
    assert report.ok
    assert all("landmarks, parts, foreground" in check.detail for check in report.checks)


@pytest.mark.parametrize(
    ("changes", "role", "detail"),
    [
        ({"dataset_options": {"flaw": "broken"}}, "test", "the file is broken"),
        ({"dataset_options": {"images": 0}}, "fit", "no image"),
        (
            {"roles": {"fit": {"split": "tran"}, "test": {"split": "test"}}},
            "fit",
            "no such split; there are train, labelled, test",
        ),
    ],
    ids=["broken", "empty", "unknown split"],
)
def test_what_is_wrong_fails_its_check(
    toy: Toy, changes: dict[str, object], role: str, detail: str
) -> None:
    report = checked(toy, **changes)
    assert not report.ok
    wrong = {check.what.split(":")[0]: check.detail for check in report.checks if not check.ok}
    assert detail in wrong[f"role {role}"]


def test_suite_may_go_without_labelled_images(toy: Toy) -> None:
    assert checked(toy, dataset_options={"regress_images": 0}).ok


def test_datasets_own_checks_are_added(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    import toy_plugin.data

    own = lambda self: [("labels", True, "fine"), ("list", False, "3 missing")]  # noqa: E731
    monkeypatch.setattr(toy_plugin.data.ToyDataset, "check", own, raising=False)
    report = checked(toy)
    assert [(c.what, c.ok) for c in report.checks[-2:]] == [("labels", True), ("list", False)]
    assert not report.ok


def test_preview_shows_the_asked_split(toy: Toy) -> None:
    suite = load_suite(toy.known.suites.get("toy").spec)
    sheet = preview(suite, toy.known, count=4)
    assert sheet.size == preview(suite, toy.known, split="train", count=4).size
    assert sheet.tobytes() != preview(suite, toy.known, split="train", count=4).tobytes()
    with pytest.raises(UnknownName, match="Did you mean 'test'"):
        preview(suite, toy.known, split="tests")


def test_preview_of_a_split_without_images_is_refused(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(toy.known.suites.get("toy").spec)
    entry = toy.known.datasets.get("toy_data")
    monkeypatch.setattr(entry.load(entry.spec.target), "ids", lambda self, split: [])
    with pytest.raises(DataError, match="the split 'test' has no image to show"):
        preview(suite, toy.known)
