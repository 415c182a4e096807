from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_records import made_run, protocol, record, score
from toy_runs import painter_run
from toy_world import Toy

from harness.errors import RecordError
from harness.record import write_record
from harness.report.page import records_beside, report
from harness.report.run_folder import open_folder


class Parts(HTMLParser):
    """Text, sections and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.addresses.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(toy: Toy, folder: Path, **more: Any) -> Parts:
    return Parts(report(open_folder(folder), toy.known, **more))


def test_finished_run_has_every_section_and_needs_no_other_file(toy: Toy) -> None:
    folder = toy.runner().run(toy.cell("toy_net")).folder
    assert folder is not None
    toy.runner().run(toy.cell("toy_centre"))
    beside = records_beside(open_folder(folder))
    page = page_of(toy, folder, others=beside)
    for section in ("scores", "curves", "images", "extremes", "cost", "origin", "settings"):
        assert section in page.ids
    assert "toy_centre" in page.text  # a trivial row beside the score
    assert "harness run --method toy_net" in page.text
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))


def test_settings_stand_there_with_their_default_and_what_they_are(toy: Toy) -> None:
    folder = toy.runner().run(toy.cell("toy_net", settings=("steps=3",))).folder
    assert folder is not None
    text = page_of(toy, folder).text
    entry = toy.known.methods.get("toy_net")
    fields = entry.load(entry.spec.config).model_fields
    for name, field in fields.items():
        assert name in text
        assert (field.description or "") in text
    assert f"steps 3 {fields['steps'].default}" in text


def test_images_that_are_not_at_hand_are_told(toy: Toy) -> None:
    folder = made_run(toy.output / "toy" / "a", protocol(toy), "a", {"toy_spread": [0.1, 0.3]})
    text = page_of(toy, folder).text
    assert "Best and worst" not in text
    shown = toy.runner().run(toy.cell("toy_net")).folder
    assert shown is not None
    (shown / "predictions.npz").write_bytes(b"changed")
    page = page_of(toy, shown)
    assert "The test images are not at hand." in page.text
    assert "predictions.npz: changed after the record was written" in page.text
    assert str(toy.folder) not in page.text  # a page names no folder of the machine
    assert "img" in page.tags  # the picture that the run drew itself stands in


def test_failed_run_shows_its_error_and_no_scores(toy: Toy, tmp_path: Path) -> None:
    lost = record(protocol(toy), status="failed", error="Out of memory.", scores=[], cost=None)
    write_record(lost, tmp_path / "run" / "record.json")
    page = page_of(toy, tmp_path / "run")
    assert "This run failed and has no scores. Out of memory." in page.text
    assert "scores" not in page.ids


def test_unfinished_run_says_so_and_shows_its_curves(toy: Toy, tmp_path: Path) -> None:
    folder = painter_run(tmp_path / "run")
    (folder / "curves.csv").write_text("loop,step,name,value\nfit,0,loss,2\nfit,1,loss,1\n")
    page = page_of(toy, folder)
    assert "This run has not finished. Learning is done; the scores are missing." in page.text
    assert "loss 1 at step 1" in page.text
    (folder / "curves.csv").write_text("loop,step\nx")
    assert "curves.csv: damaged" in page_of(toy, folder).text


def test_predictions_made_outside_have_a_page_without_a_method(toy: Toy) -> None:
    folder = made_run(
        toy.output / "toy" / "x", protocol(toy), "theirs", {"toy_spread": [0.2]}, kind="external"
    )
    page = page_of(toy, folder)
    assert "measured outside" in page.text
    assert "Nothing to set." in page.text


def test_metrics_without_a_value_are_told_with_the_reason(toy: Toy, tmp_path: Path) -> None:
    scores = [score(None, "toy_overlap", missing="the method finds no parts")]
    write_record(record(protocol(toy), scores=scores), tmp_path / "run" / "record.json")
    text = page_of(toy, tmp_path / "run").text
    assert "No metric of this run has a value." in text
    assert "the method finds no parts: toy_overlap." in text


@pytest.mark.parametrize("what", ["empty", "missing", "other file", "changed"])
def test_what_is_no_run_is_refused(toy: Toy, tmp_path: Path, what: str) -> None:
    folder = made_run(tmp_path / "run", protocol(toy), "a", {"toy_spread": [0.1]})
    path, message = folder, ""
    if what == "empty":
        path, message = tmp_path / "none", "this is no run's folder"
        path.mkdir()
    elif what == "missing":
        path, message = tmp_path / "gone", "no such folder"
    elif what == "other file":
        path, message = folder / "per_image.npz", "name the folder of a run"
    else:
        file = folder / "record.json"
        file.write_text(file.read_text().replace('"seed": 0', '"seed": 1'))
        message = "changed after it was written"
    with pytest.raises(RecordError, match=message):
        open_folder(path)


def test_records_beside_a_run_leave_out_what_cannot_be_read(toy: Toy) -> None:
    here = protocol(toy)
    first = made_run(toy.output / "toy" / "a", here, "a", {"toy_spread": [0.1]})
    made_run(toy.output / "toy" / "b", here, "b", {"toy_spread": [0.2]})
    (toy.output / "toy" / "c").mkdir()
    (toy.output / "toy" / "c" / "record.json").write_text("{}")
    shutil.copytree(toy.output / "toy" / "b", toy.folder / "more" / "records" / "b")
    found = records_beside(open_folder(first), [toy.folder / "more"])
    assert sorted(one.method.name for one in found) == ["a", "b", "b"]
