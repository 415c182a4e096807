"""Settings that name a file: its content counts, and a missing one is told before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_world import Toy

from harness.errors import AssetMissing
from harness.identity import method_ref
from harness.plan import named_files
from harness.runner import Outcome

METRICS = [{"name": "toy_edited"}]


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's folder of downloaded weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


def written(path: Path, content: bytes = b"weights") -> str:
    path.write_bytes(content)
    return str(path)


def fingerprint(toy: Toy, file: str) -> str:
    toy.suite(assets=assets(None), metrics=METRICS)
    cell = toy.cell("toy_editor", preset="paper", settings=[f"weights_file={file}"])
    return method_ref(cell).fingerprint


def assets(generator_file: str | None) -> dict[str, Any]:
    settings = {} if generator_file is None else {"settings": {"weights_file": generator_file}}
    return {
        "generator": {"method": "toy_latents", "preset": "paper", **settings},
        "guide": {"method": "toy_answers", "preset": "paper", "images": "even"},
        "judge": {"method": "toy_answers", "preset": "paper", "images": "odd"},
    }


def run(toy: Toy, file: str) -> Outcome:
    toy.suite(assets=assets(file), metrics=METRICS)
    return toy.runner().run(toy.cell("toy_editor", preset="paper"))


def test_the_content_of_a_file_counts_and_not_its_place(toy: Toy, tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    prints = [fingerprint(toy, written(path)) for path in (one, same)]
    prints += [fingerprint(toy, written(other, b"others")), fingerprint(toy, written(one, b"new"))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_the_record_names_the_file(toy: Toy, tmp_path: Path) -> None:
    toy.suite(assets=assets(None), metrics=METRICS)
    path = written(tmp_path / "one")
    cell = toy.cell("toy_editor", preset="paper", settings=[f"weights_file={path}"])
    assert method_ref(cell).config["weights_file"] == path


def test_a_name_is_looked_up_here_and_then_among_the_downloads(
    toy: Toy, downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    toy.suite(assets=assets(None), metrics=METRICS)
    written(downloads / "net.pt")
    cell = toy.cell("toy_editor", preset="paper", settings=["weights_file=net.pt"])
    assert named_files(cell) == {"weights_file": downloads / "net.pt"}
    written(tmp_path / "net.pt")
    assert named_files(cell) == {"weights_file": Path("net.pt")}


def test_the_file_of_an_asset_tells_suites_apart_by_its_content(toy: Toy, tmp_path: Path) -> None:
    places = [written(tmp_path / "one"), written(tmp_path / "two"), written(tmp_path / "x", b"x")]
    first, moved, other = (run(toy, place) for place in places)
    assert first.record is not None
    assert moved.record is not None
    assert other.record is not None
    assert (first.folder, moved.status) == (moved.folder, "kept")
    assert other.folder != first.folder
    assert other.record.suite.fingerprint != first.record.suite.fingerprint
    settings = first.record.suite.protocol["assets"]["generator"]["settings"]
    assert settings == {}


@pytest.mark.parametrize("whose", ["asset", "method"])
def test_a_missing_file_is_told_when_a_run_is_planned(
    toy: Toy, downloads: Path, whose: str
) -> None:
    toy.suite(assets=assets("gone.pt" if whose == "asset" else None), metrics=METRICS)
    settings = [] if whose == "asset" else ["weights_file=gone.pt"]
    with pytest.raises(AssetMissing) as caught:
        toy.cell("toy_editor", preset="paper", settings=settings)
    who = "toy_latents" if whose == "asset" else "toy_editor"
    assert str(caught.value) == (
        f"{who}: weights_file = gone.pt is missing; put the file into {downloads}, or set "
        "weights_file to its path."
    )
