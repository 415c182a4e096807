from __future__ import annotations

from pathlib import Path

from PIL import Image

from harness.report.saved_pictures import STEPS, read_pictures


def made(folder: Path, *names: str) -> list[Path]:
    for name in names:
        Image.new("RGB", (8, 6), (200, 10, 10)).save(folder / f"{name}.png")
    return sorted(folder.glob("*.png"))


def test_pictures_are_sorted_by_what_they_show(tmp_path: Path) -> None:
    files = made(tmp_path, "predictions", "edits", "interpolation", "mds", "faces")
    found = read_pictures(files, ["mds", "fid"])
    assert found.predictions is not None
    assert [shown.title for shown in found.edits] == ["Edits", "From one image to another"]
    assert [shown.title for shown in found.curves] == ["mds"]
    assert [name for name, _ in found.samples] == ["faces"]


def test_pictures_of_training_are_thinned_and_the_last_one_comes_first(tmp_path: Path) -> None:
    files = made(tmp_path, *(f"samples-gan-{step:06d}" for step in range(9, 1000, 10)))
    ((name, shown),) = read_pictures(files, []).samples
    assert name == "samples, gan"
    assert [one.title for one in shown] == ["step 999", "step 669", "step 339", "step 9"]
    assert len(shown) == STEPS


def test_a_file_that_is_no_picture_is_told_and_costs_no_other(tmp_path: Path) -> None:
    made(tmp_path, "predictions")
    (tmp_path / "edits.png").write_text("nothing")
    found = read_pictures(sorted(tmp_path.glob("*.png")), [])
    assert found.predictions is not None
    assert found.edits == ()
    (sentence,) = found.unreadable
    assert "edits.png" in sentence
