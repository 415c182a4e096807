from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from toy_world import Toy


@pytest.fixture
def photo(toy: Toy) -> str:
    pixels = np.full((30, 40, 3), 90, np.uint8)
    pixels[5:15, 5:15] = 250
    Image.fromarray(pixels).save(toy.folder / "photo.png")
    return "photo.png"


def fitted(toy: Toy, method: str = "toy_disc") -> str:
    outcome = toy.runner().run(toy.cell(method))
    assert outcome.folder is not None, outcome.error
    return str(outcome.folder.relative_to(toy.folder))


def test_new_images_go_to_the_runs_own_folder(cli: InProcess, toy: Toy) -> None:
    run = fitted(toy)
    done = cli("sample", run, "-n", "3", "--seed", "5", "--device", "cpu")
    assert done.code == 0, done.err
    expected = [f"{run}/samples/generated-3-seed5.{ending}" for ending in ("png", "npz")]
    assert done.out.splitlines() == expected
    assert all(Path(path).exists() for path in expected)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--op", "move=1:+0.1,-0.05", "--op", "rotate=all:15"), "photo-move-1-+0.1,-0.05-rotate"),
        (("--appearance", "photo.png"), "photo-look-photo"),
        (("--to", "photo.png", "--steps", "3"), "photo-to-photo-3"),
        (("--exchange",), "photo-exchange"),
        ((), "photo-reconstruction"),
    ],
    ids=["operations", "appearance", "pose", "exchange", "reconstruction"],
)
def test_photos_are_drawn_again_into_a_named_folder(
    cli: InProcess, toy: Toy, photo: str, options: tuple[str, ...], name: str
) -> None:
    run = fitted(toy)
    done = cli("sample", run, "--image", photo, *options, "--out", "drawn")
    assert done.code == 0, done.err
    picture, note = done.out.splitlines()
    assert picture.startswith(f"drawn/{name}")
    assert (Path(picture).suffix, note) == (".png", picture.replace(".png", ".json"))
    assert Path(picture).exists()
    assert not (Path(run) / "samples").exists()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (
            ("--op", "move=1:+0.1,-0.05", "--op", "look=all:2"),
            "generated-4-seed0-move-1-+0.1,-0.05-",
        ),
        (("--op", "background=0,0.5", "--only", "3"), "generated-4-seed0-background-0,0.5-only-3-"),
        (("--to", "0", "--steps", "3"), "generated-4-seed0-to-0-3-"),
    ],
    ids=["operations", "one image", "way"],
)
def test_new_images_are_changed_and_the_edit_is_drawn_again(
    cli: InProcess, toy: Toy, options: tuple[str, ...], name: str
) -> None:
    run = fitted(toy, "toy_painter")
    done = cli("sample", run, "-n", "4", *options)
    assert done.code == 0, done.err
    picture, note = map(Path, done.out.splitlines())
    assert picture.name.startswith(name)
    assert note == picture.with_suffix(".json")
    first = picture.read_bytes()
    again = cli("sample", run, "--from", str(note), "--out", "again")
    assert again.code == 0, again.err
    assert Path(again.out.splitlines()[0]).read_bytes() == first
    command = json.loads(note.read_text())["command"]
    assert cli(*shlex.split(command)[1:]).out.splitlines() == [str(picture), str(note)]


def test_an_edit_of_another_run_is_refused(cli: InProcess, toy: Toy) -> None:
    run = fitted(toy, "toy_painter")
    note = cli("sample", run, "-n", "4", "--op", "look=0:1").out.splitlines()[1]
    other = toy.runner().run(toy.cell("toy_painter", seeds=[1])).folder
    done = cli("sample", str(other), "--from", note)
    assert (done.code, done.out) == (2, "")
    assert done.error.startswith(f"{note}: belongs to the run of toy_painter in {run} and would")


@pytest.mark.parametrize(
    "option",
    [("-n", "4"), ("--seed", "0"), ("--op", "look=0:1"), ("--to", "1"), ("--only", "0")],
    ids=lambda option: option[0],
)
def test_a_saved_edit_stands_alone(cli: InProcess, toy: Toy, option: tuple[str, str]) -> None:
    done = cli("sample", "runs", "--from", "edit.json", *option)
    assert (done.code, done.out) == (2, "")
    assert done.error == f"--from holds the whole edit; leave {option[0]} out."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Nothing to draw; pass -n for new images or --image for a photo."),
        (("-n", "0"), "-n must be at least 1, got 0."),
        (("--to", "photo.png"), "--to changes images; pass -n for new ones or name photos with"),
        (("-n", "4", "--to", "photo.png"), "--to takes the number of a generated image with -n, g"),
        (("-n", "4", "--op", "look=0:4"), "There is no image 4 in a draw of 4, numbered from 0 to"),
        (("-n", "4", "--op", "move=0:0.1,0"), "toy_disc cannot render images; it offers detect, "),
        (("--image", "photo.png", "--op", "look=0:1"), "photos have none; use it with -n, or give"),
        (("--from", "absent.json"), "absent.json: cannot be read: No such file or directory."),
        (("--image", "photo.png", "--op", "move=2:0.1,0"), "There is no keypoint 2: the method"),
        (("--image", "photo.png", "--op", "mvoe=1:0.1,0"), "Did you mean 'move'?"),
        (("--image", "photo.png", "--op", "move=1"), "'move=1' has no numbers"),
        (("--image", "broken.jpg"), "broken.jpg: the file is not an image."),
        (("--image", "absent.jpg"), "absent.jpg: no such file or folder."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes_are_refused_in_one_sentence(
    cli: InProcess, toy: Toy, photo: str, options: tuple[str, ...], sentence: str
) -> None:
    (toy.folder / "broken.jpg").write_text("hello")
    run = fitted(toy)
    done = cli("sample", run, *options)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.error
    assert not (Path(run) / "samples").exists()


def test_methods_say_what_they_offer_instead(cli: InProcess, toy: Toy, photo: str) -> None:
    run = fitted(toy, "toy_centre")
    done = cli("sample", run, "-n", "4")
    assert (done.code, done.error) == (2, "toy_centre cannot sample images; it offers detect.")
    done = cli("sample", run, "--image", photo, "--op", "move=0:0.1,0")
    assert (done.code, done.error) == (2, "toy_centre cannot reconstruct images; it offers detect.")


def test_a_folder_without_a_run_is_refused(cli: InProcess, photo: str) -> None:
    done = cli("sample", "nowhere", "-n", "4")
    assert done.code == 2
    assert done.error.startswith("nowhere holds no finished run")
