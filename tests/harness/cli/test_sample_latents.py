"""Edits of latents through the command, in a world where a latent is the colour of its image."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from commands import InProcess
from PIL import Image
from toy_runs import disc_run, editor_run, generator_run
from toy_world import Toy


@pytest.fixture
def run(toy: Toy) -> str:
    return str(editor_run(toy.folder / "run").relative_to(toy.folder))


@pytest.fixture
def photo(toy: Toy) -> str:
    """A photo of one colour, wider than high."""
    Image.fromarray(np.full((30, 40, 3), (180, 90, 110), np.uint8)).save(toy.folder / "photo.png")
    return "photo.png"


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


def test_new_images_are_edited_towards_an_attribute(cli: InProcess, run: str) -> None:
    done = cli("sample", run, "-n", "4", "--want", "green=0.6", "--device", "cpu")
    assert done.code == 0, done.err
    picture, note = map(Path, done.out.splitlines())
    assert picture.parent == Path(run) / "samples"
    # A start, five strengths and the change, of four images.
    assert size_of(picture) == (7 * 196 - 4, 4 * 20 + 20 + 4 * (192 + 20) + 3 * 4)
    saved = json.loads(note.read_text())
    assert saved["want"] == ["green=0.6"]
    assert len(saved["results"]) == 4
    for result in saved["results"]:
        assert not result["cut"]
        assert result["guide_after"]["green"] == pytest.approx(0.6, abs=0.003)
        assert result["judge_after"]["green"] == pytest.approx(0.54, abs=0.003)
        for other in ("red", "blue"):
            assert result["guide_after"][other] == result["guide_before"][other]
        moved = abs(result["guide_after"]["green"] - result["guide_before"]["green"])
        assert result["length_in_r"] == pytest.approx(2 * moved / saved["radius"], abs=0.01)


def test_an_edit_is_drawn_again_from_its_file_and_by_its_command(cli: InProcess, run: str) -> None:
    done = cli("sample", run, "-n", "4", "--seed", "3", "--want", "green=0.6", "--only", "2")
    picture, note = map(Path, done.out.splitlines())
    first = picture.read_bytes()
    again = cli("sample", run, "--from", str(note), "--out", "again")
    assert Path(again.out.splitlines()[0]).read_bytes() == first
    command = json.loads(note.read_text())["command"]
    assert cli(*shlex.split(command)[1:]).out.splitlines() == [str(picture), str(note)]
    (result,) = json.loads(note.read_text())["results"]
    assert result["image"] == 2


def test_edits_in_sequence_begin_where_the_one_before_ended(cli: InProcess, run: str) -> None:
    options = ("--want", "red=0.4", "--want", "blue=0.5", "--then", "green=0.6", "--steps", "2")
    note = cli("sample", run, "-n", "2", *options).out.splitlines()[1]
    first, _, second, _ = json.loads(Path(note).read_text())["results"]
    assert first["wanted"] == ["red=0.4", "blue=0.5"]
    assert first["guide_after"] == second["guide_before"]
    assert second["guide_after"]["red"] == pytest.approx(0.4, abs=0.003)
    assert second["guide_after"]["green"] == pytest.approx(0.6, abs=0.003)


def test_a_smaller_strength_stops_earlier(cli: InProcess, run: str) -> None:
    note = cli("sample", run, "-n", "1", "--want", "green=0.6", "--strength", "0.5").out.split()[1]
    (result,) = json.loads(Path(note).read_text())["results"]
    half = (result["guide_before"]["green"] + 0.6) / 2
    assert result["guide_after"]["green"] == pytest.approx(half, abs=0.003)


def test_a_photo_is_projected_and_edited(cli: InProcess, run: str, photo: str) -> None:
    done = cli("sample", run, "--project", photo, "--want", "green=0.6")
    assert done.code == 0, done.err
    picture, note, latents = map(Path, done.out.splitlines())
    (result,) = json.loads(note.read_text())["results"]
    colours = {name: value / 255 for name, value in (("red", 180), ("green", 90), ("blue", 110))}
    assert result["guide_before"] == pytest.approx(colours, abs=0.03)
    assert result["guide_after"] == pytest.approx({**colours, "green": 0.6}, abs=0.03)
    first = picture.read_bytes()
    # Without the photo, and without projecting it again.
    Path(photo).unlink()
    for options in (("--from", str(note)), ("--project", str(latents), "--want", "green=0.6")):
        again = cli("sample", run, *options, "--out", "again")
        assert again.code == 0, again.err
        assert Path(again.out.splitlines()[0]).read_bytes() == first


@pytest.mark.parametrize("make", [editor_run, generator_run])
def test_photos_are_projected_into_a_generator(
    cli: InProcess, toy: Toy, photo: str, make: object
) -> None:
    assert callable(make)
    run = str(make(toy.folder / "run").relative_to(toy.folder))
    done = cli("sample", run, "--project", photo)
    assert done.code == 0, done.err
    picture, note, latents = map(Path, done.out.splitlines())
    assert size_of(picture) == (3 * 196 - 4, 40 + 212)
    (facts,) = json.loads(note.read_text())["images"]
    assert facts["image"] == photo
    assert facts["mean_squared_error"] < 30 < 1000 < facts["mean_squared_error_of_the_mean_latent"]
    with np.load(latents) as arrays:
        expected = np.array([180, 90, 110]) / 127.5 - 1
        np.testing.assert_allclose(arrays["latents"], [expected], atol=0.05)


@pytest.mark.parametrize(
    ("kind", "want", "label"),
    [("keypoints", "1=0.6,0.5", "1"), ("embedding", "a green wall", "cosine")],
)
def test_keypoints_and_captions_are_wanted_in_the_same_way(
    cli: InProcess, toy: Toy, kind: str, want: str, label: str
) -> None:
    run = str(editor_run(toy.folder / "run", kind).relative_to(toy.folder))
    done = cli("sample", run, "-n", "3", "--want", want)
    assert done.code == 0, done.err
    results = json.loads(Path(done.out.splitlines()[1]).read_text())["results"]
    before, after = (
        np.array([result[f"guide_{when}"][label] for result in results])
        for when in ("before", "after")
    )
    if kind == "keypoints":
        gaps = [np.linalg.norm(points - (0.6, 0.5), axis=1) for points in (before, after)]
        assert (gaps[1] < gaps[0]).all()
    else:
        assert after.mean() > before.mean() + 0.05


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        ("attributes", ("--want", "gren=1"), "Unknown attribute 'gren'. Did you mean 'green'?"),
        ("attributes", ("--want", "green=1.5"), "expected a value from 0 to 1, got '1.5'."),
        ("attributes", ("--want", "green=nan"), "expected a value from 0 to 1, got 'nan'."),
        ("attributes", ("--want", "a hat"), "NAME=VALUE with a value from 0 to 1, such as red=1"),
        ("attributes", ("--want", "red=1", "--want", "red=0"), "'red=0': red is asked twice."),
        ("attributes", ("--want", "red=1", "--strength", "0"), "--strength must be above 0 and at"),
        ("attributes", ("--want", "red=1", "--steps", "0"), "--steps must be at least 1 for an ed"),
        ("attributes", ("--want", "red=1", "--only", "2"), "There is no image 2 in a draw of 2"),
        ("attributes", ("--want", "red=1", "--op", "move=0:1,0"), "--want and --op do not go tog"),
        ("attributes", ("--op", "move=0:1,0"), "toy_editor edits latents of a generator towards"),
        ("attributes", (), "toy_editor edits latents of a generator towards what is wanted; say t"),
        ("attributes", ("--then", "red=1"), "--then says more of an edit; say what is wanted with"),
        ("keypoints", ("--want", "1=1.2,0.5"), "the place (1.2, 0.5) is outside of the image, whi"),
        ("keypoints", ("--want", "2=0.2,0.5"), "there is no keypoint 2; the guide answers 0 to 1."),
        ("keypoints", ("--want", "1=0.2"), "KEYPOINT=X,Y with the place in fractions of the image"),
        ("embedding", ("--want", " ...!"), "' ...!': the caption has no word."),
        ("embedding", ("--want", "red", "--want", "blue"), "'blue': a caption says all that is wa"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes_are_refused_in_one_sentence(
    cli: InProcess, toy: Toy, kind: str, options: tuple[str, ...], sentence: str
) -> None:
    run = str(editor_run(toy.folder / "run", kind).relative_to(toy.folder))
    done = cli("sample", run, "-n", "2", *options)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.error
    assert not (Path(run) / "samples").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--want", "green=1"), "Nothing to edit; pass -n for new images or --project for a photo"),
        (("-n", "2", "--project", "photo.png"), "--project takes photos, and -n is for new images"),
        (("--project", "broken.jpg", "--want", "red=1"), "broken.jpg: the file is not an image."),
        (("--project", "absent.jpg"), "absent.jpg: no such file or folder."),
        (("--project", "broken.npz"), "broken.npz: holds no projected photos; expected what --pro"),
        (("--project", "photo.png", "--strength", "1"), "--strength says more of an edit; say wh"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_photos_that_cannot_be_projected_are_refused(
    cli: InProcess, toy: Toy, run: str, photo: str, options: tuple[str, ...], sentence: str
) -> None:
    for name in ("broken.jpg", "broken.npz"):
        (toy.folder / name).write_text("hello")
    done = cli("sample", run, *options)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.error


def test_other_runs_are_refused_with_what_they_offer(cli: InProcess, toy: Toy, photo: str) -> None:
    disc, generator = disc_run(toy.folder / "disc"), generator_run(toy.folder / "generator")
    done = cli("sample", str(disc), "--project", photo)
    assert done.code == 2
    assert done.error.startswith("toy_disc has no latents that a photo could be projected into; th")
    done = cli("sample", str(generator), "-n", "2", "--want", "red=1")
    assert done.code == 2
    assert done.error.startswith("toy_latents edits no latents; --want takes the run of an editor,")


def test_photos_projected_into_another_generator_are_refused(
    cli: InProcess, toy: Toy, run: str, photo: str
) -> None:
    other = generator_run(toy.folder / "other")
    latents = cli("sample", str(other), "--project", photo).out.splitlines()[2]
    done = cli("sample", run, "--project", latents)
    assert (done.code, done.out) == (2, "")
    assert "its photos were projected into another generator; project them again." in done.error


def test_a_missing_judge_is_named_with_the_command_that_makes_it_again(
    cli: InProcess, toy: Toy, run: str
) -> None:
    (judge,) = (toy.folder / "cache" / "assets").glob("*judge*")
    (judge / "weights.safetensors").unlink()
    done = cli("sample", run, "-n", "2", "--want", "red=1")
    assert (done.code, done.out) == (2, "")
    assert f"its judge {judge.name} is not in" in done.error
    assert "'harness run --method toy_editor --suite toy --fresh' makes it again." in done.error


def test_a_run_without_a_record_is_refused(cli: InProcess, run: str) -> None:
    (Path(run) / "record.json").unlink()
    done = cli("sample", run, "-n", "2", "--want", "red=1")
    assert done.code == 2
    assert done.error.startswith(f"{run} holds no finished record, which names the judge;")
