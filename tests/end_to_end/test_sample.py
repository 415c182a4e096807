"""Drawing new images and changing photos of a finished run, as a user types it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, TOY, Command, InProcess
from PIL import Image
from toy_world import Toy, install
from trees import dotted_photo, encoded, write_files


@pytest.fixture
def drawing(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in a process of its own, beside a plugin with a method that draws."""
    install(tmp_path / "site", "toy-package", {"toy": "toy_plugin.plugin"})
    world = Toy(tmp_path)
    world.suite()
    monkeypatch.setenv("TOY_SUITES", str(world.suites))
    return Command(tmp_path, cache, [tmp_path / "site", ROOT / "tests"])


def test_a_finished_run_draws_new_images_and_changes_photos(drawing: Command) -> None:
    cell = ("run", "--method", "toy_disc", "--suite", "toy", "--no-baselines", "--threads", "1")
    assert drawing(*cell).code == 0
    (run,) = (drawing.folder / "runs" / "toy").glob("toy_disc-*")
    assert (run / "pictures" / "manipulation.png").exists()

    done = drawing("sample", str(run), "-n", "5")
    assert done.code == 0, done.err
    picture, latents = map(Path, done.out.splitlines())
    assert picture.parent == latents.parent == run / "samples"
    with np.load(latents) as arrays:
        assert arrays["latent_colours"].shape == (5, 3)

    write_files(drawing.folder, {"wide.jpg": encoded(dotted_photo((90, 40)), "JPEG")})
    edit = ("--image", "wide.jpg", "--op", "move=0:+0.1,-0.05", "--op", "rotate=all:30")
    done = drawing("sample", str(run), *edit, "--out", "drawn")
    assert done.code == 0, done.err
    picture, beside = (drawing.folder / line for line in done.out.splitlines())
    with Image.open(picture) as image:
        assert image.width > 4 * image.height
    note = json.loads(beside.read_text())
    assert note["operations"] == ["move=0:+0.1,-0.05", "rotate=all:+30"]

    again = drawing(*shlex.split(note["command"])[1:])
    assert again.code == 0, again.err
    assert Path(again.out.splitlines()[0]).read_bytes() == picture.read_bytes()


def test_new_images_are_changed_and_a_saved_edit_is_drawn_again(drawing: Command) -> None:
    cell = ("run", "--method", "toy_painter", "--suite", "toy", "--no-baselines", "--threads", "1")
    assert drawing(*cell).code == 0
    (run,) = (drawing.folder / "runs" / "toy").glob("toy_painter-*")
    assert {"edits.png", "interpolation.png"} <= {p.name for p in (run / "pictures").iterdir()}

    change = ("--op", "look=1:3,0.5", "--op", "background=0")
    done = drawing("sample", str(run), "-n", "4", *change, "--out", "drawn")
    assert done.code == 0, done.err
    picture, edit = (drawing.folder / line for line in done.out.splitlines())
    values = json.loads(edit.read_text())
    assert (values["seed"], values["count"]) == (0, 4)
    assert values["operations"] == ["look=1:3,0.5", "background=0"]

    alone = {**values, "image": 2, "keypoints": [], "command": ""}
    (drawing.folder / "edit.json").write_text(json.dumps(alone))
    again = drawing("sample", str(run), "--from", str(edit), "--out", "again")
    assert again.code == 0, again.err
    assert (drawing.folder / again.out.splitlines()[0]).read_bytes() == picture.read_bytes()
    one = drawing("sample", str(run), "--from", "edit.json", "--out", "again")
    assert one.code == 0, one.err
    with Image.open(drawing.folder / one.out.splitlines()[0]) as image:
        assert image.width == 192


def test_a_method_that_only_finds_parts_says_so(cli: InProcess) -> None:
    assert cli(*TOY, "--no-baselines", "--preset", "smoke").code == 0
    (run,) = Path("runs").glob("toy_discs/toy_colours-*")
    done = cli("sample", str(run), "-n", "4")
    assert done.code == 2
    assert done.error == "toy_colours cannot sample images; it offers segment."
    assert not (run / "samples").exists()
