from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import InProcess
from made_records import made_run, protocol
from toy_world import Toy

VALUES = {"toy_spread": [0.2, 0.4, 0.6, 0.8], "toy_distance": [0.1, 0.1, 0.1, 0.3]}
ZEROS = {"toy_spread": [0.1, 0.2, 0.3, 0.4], "toy_distance": [0.1, 0.1, 0.1, 0.3]}


@pytest.fixture
def runs(toy: Toy) -> None:
    """Runs made by hand, whose data are not on this machine."""
    for seed in (0, 1):
        folder = toy.output / "toy" / f"a-seed{seed}"
        made_run(folder, protocol(toy), "a", VALUES, seed=seed)
    made_run(toy.output / "toy" / "b-seed0", protocol(toy), "b", ZEROS)


def test_table_names_verdict_tests_and_images(cli: InProcess, runs: None) -> None:
    done = cli("compare", "runs/toy/a-seed0", "runs/toy/b-seed0", "--no-picture")
    assert done.code == 0, done.err
    assert "a quick (A) against b quick (B)" in done.out
    for text in ("0.2500", "0.125", "not told apart", "test-3", "these two trained networks"):
        assert text in done.out
    spread = next(line for line in done.out.splitlines() if line.startswith("toy_spread"))
    assert "B" in spread.split()
    assert not (cli.folder / "runs" / "toy" / "a-seed0" / "comparisons").exists()


def test_json_holds_all_numbers_and_images(cli: InProcess, runs: None) -> None:
    words = ["--metric", "toy_spread", "--json", "--no-picture"]
    done = cli("compare", "runs/toy/a-seed*", "runs/toy/b-seed0", *words)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["left"] == {
        "method": "a quick",
        "seeds": [0, 1],
        "runs": ["runs/toy/a-seed0", "runs/toy/a-seed1"],
    }
    (spread,) = found["metrics"]
    assert (spread["images"], spread["better"], spread["p_images"]) == (4, "right", 0.125)
    assert spread["difference"] == pytest.approx(0.25)
    assert spread["largest"][0]["image"] == "test-3"
    assert found["picture"] is None


def test_pictures_of_images_that_are_not_at_hand_are_a_warning_unless_asked_for(
    cli: InProcess, runs: None
) -> None:
    sides = ("runs/toy/a-seed0", "runs/toy/b-seed0")
    done = cli("compare", *sides)
    assert done.code == 0
    assert "warning: no picture: The data of suite 'toy'" in done.err
    done = cli("compare", *sides, "--picture", "p.png")
    assert (done.code, "differ in data.test" in done.error) == (2, True)
    done = cli("compare", *sides, "--picture", "p.png", "--no-picture")
    assert (done.code, "either" in done.error) == (2, True)


def test_real_runs_leave_their_picture_in_the_folder_of_the_first(cli: InProcess, toy: Toy) -> None:
    folders = [toy.runner().run(toy.cell(name)).folder for name in ("toy_net", "toy_centre")]
    words = [str(folder) for folder in folders]
    done = cli("compare", *words, "--json")
    assert done.code == 0, done.err
    path = Path(json.loads(done.out)["picture"])
    assert path.parent == Path(words[0]) / "comparisons"
    assert path.name == f"toy_spread-{Path(words[1]).name}.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "not compared: toy_overlap: the method finds no parts" not in done.out
    assert json.loads(done.out)["left_out"] == {"toy_overlap": "the method finds no parts"}


def test_mistakes_are_one_sentence(cli: InProcess, runs: None) -> None:
    done = cli("compare", "runs/toy/a-seed0", "runs/toy/a-seed0")
    assert (done.code, "both sides" in done.error) == (2, True)
    done = cli("compare", "runs/toy/a-seed0", "runs/toy/c*")
    assert (done.code, "no folder fits" in done.error) == (2, True)
    done = cli("compare", "runs/toy/a-seed0", "runs/toy/b-seed0", "--metric", "toy_spred")
    assert (done.code, "Did you mean 'toy_spread'" in done.error) == (2, True)
