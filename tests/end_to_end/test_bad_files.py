"""Files that are missing, broken, foreign or cannot be written: named, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from commands import TOY, Command, InProcess
from PIL import Image
from trees import dotted_photo, encoded, make_celeba_tree, make_photo_folder, write_files

from harness.record import Record, read_record

CELL = (*TOY, "--no-baselines", "--preset", "smoke")
PHOTOS = (
    *("run", "--method", "toy_colours", "--suite", "own_images", "--threads", "1"),
    *("--preset", "smoke", "--no-baselines", "--set", "suite.image_size=16", "--data", "photos"),
)


def only_record(runs: Path = Path("runs")) -> Record:
    (path,) = runs.glob("*/*/record.json")
    return read_record(path)


def cut_short(root: Path) -> None:
    path = root / "photo-003.png"
    path.write_bytes(path.read_bytes()[:60])


def change_landmarks(old: str, new: str) -> Callable[[Path], None]:
    """Replace a line of `landmarks.csv` by its beginning; `{line}` is the old one."""

    def change(root: Path) -> None:
        path = root / "landmarks.csv"
        lines = path.read_text().splitlines()
        (found,) = [line for line in lines if line.startswith(old)]
        path.write_text("\n".join(lines).replace(found, new.format(line=found)) + "\n")

    return change


def small_mask(root: Path) -> None:
    write_files(root, {"masks/photo-003.png": encoded(Image.new("L", (7, 9), 255))})


def page(root: Path) -> None:
    write_files(root, {"photo-003.png": "<!DOCTYPE html><html>404</html>"})


#: What is done to a folder of ten labelled photos, and what the one sentence must hold.
BROKEN: Mapping[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "truncated photo": (cut_short, ("photo-003.png", "broken or cut off", "--skip-broken")),
    "page instead of a photo": (page, ("photo-003.png", "HTML page")),
    "no photo at all": (
        lambda root: [path.unlink() for path in root.glob("*.png")],
        ("photos", "no photo"),
    ),
    "landmark outside its photo": (
        change_landmarks("photo-003", "photo-003.png,500,10,20,20"),
        ("landmarks.csv line 5", "photo-003.png", "(500, 10)", "outside the image"),
    ),
    "photo labelled twice": (
        change_landmarks("photo-003", "{line}\n{line}"),
        ("landmarks.csv line 6", "'photo-003.png' is there twice"),
    ),
    "label of a photo that is not there": (
        change_landmarks("photo-003", "{line}\nphoto-999.png,1,2,3,4"),
        ("landmarks.csv line 6", "no photo 'photo-999.png'"),
    ),
    "label that is no number": (
        change_landmarks("photo-003", "photo-003.png,left,10,20,20"),
        ("landmarks.csv line 5", "'left'", "'x0'"),
    ),
    "mask of another size": (small_mask, ("masks/photo-003.png", "7 x 9 px")),
}


@pytest.mark.parametrize(("damage", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_photo_folder_is_refused_in_one_sentence(
    damage: Callable[[Path], object], words: tuple[str, ...], cli: InProcess
) -> None:
    damage(make_photo_folder(Path("photos"), 10))
    done = cli(*PHOTOS)
    assert done.code == 2
    for word in words:
        assert word in done.error
    assert not list(Path("runs").glob("*/*/record.json"))


def test_broken_photos_are_passed_over_only_when_asked(cli: InProcess) -> None:
    cut_short(make_photo_folder(Path("photos"), 10, labelled=False))
    assert cli(*PHOTOS).code == 2
    assert cli(*PHOTOS, "--skip-broken").code == 0
    assert sum(only_record().suite.protocol["images"].values()) == 9


def test_one_photo_is_too_few_and_two_are_enough(cli: InProcess) -> None:
    make_photo_folder(Path("photos"), 1, labelled=False)
    done = cli(*PHOTOS)
    assert done.code == 2
    assert "'test' has no image; images by split: all 1, train 1" in done.error
    make_photo_folder(Path("photos"), 2, labelled=False)
    assert cli(*PHOTOS).code == 0


def test_upright_and_lying_photos_mix(cli: InProcess) -> None:
    sizes = [(60, 30), (30, 60), (45, 45), (97, 20)]
    photos = {f"{n}.jpg": encoded(dotted_photo(s, seed=n), "JPEG") for n, s in enumerate(sizes)}
    write_files(Path("photos"), photos)
    assert cli(*PHOTOS).code == 0


def test_image_with_both_eyes_in_one_place_is_left_out_and_counted(cli: InProcess) -> None:
    lines = ["file,split,x0,y0,x1,y1"]
    for number in range(12):
        split = "test" if number < 4 else "train"
        eyes = "9,9,9,9" if number in (1, 2) else "9,9,30,12"
        write_files(Path("photos"), {f"{number}.png": encoded(dotted_photo((40, 40), seed=number))})
        lines.append(f"{number}.png,{split},{eyes}")
    write_files(Path("photos"), {"landmarks.csv": "\n".join(lines)})
    done = cli(*PHOTOS, "--set", "suite.left_eye=0", "--set", "suite.right_eye=1")
    assert done.code == 0, done.err
    score = only_record().score("inter_ocular_error")
    assert score is not None
    assert (score.n, score.excluded) == (2, {"images: eyes less than one pixel apart": 2})


CELEBA = ("run", "--method", "mean_shape", "--suite", "celeba_wild", "--threads", "1")


def test_missing_celeba_shows_the_expected_tree_and_its_home_once(cli: InProcess) -> None:
    done = cli(*CELEBA)
    assert done.code == 2
    assert "celeba" in done.error
    for word in ("Img/img_celeba/", "mmlab.ie.cuhk.edu.hk/projects/CelebA.html", "--data"):
        assert done.err.count(word) == 1


def test_celeba_without_a_list_names_the_list(cli: InProcess) -> None:
    tree = make_celeba_tree(Path("tree"), 20)
    (tree / "Anno" / "list_bbox_celeba.txt").unlink()
    done = cli(*CELEBA, "--data", str(tree))
    assert done.code == 2
    assert "list_bbox_celeba.txt" in done.error


class Bomb:
    """Makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("exploded",)


def interrupted_run(cli: InProcess) -> Path:
    """The folder of a run that looks interrupted: a checkpoint, no weights, no record."""
    assert cli(*CELL).code == 0
    (folder,) = Path("runs").glob("toy_discs/*")
    for name in ("record.json", "weights.safetensors", "fit.json"):
        (folder / name).unlink()
    (folder / "checkpoints").mkdir()
    return folder


DAMAGED: Mapping[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"garbage"),
    "empty": lambda path: path.touch(),
    "pickle": lambda path: torch.save({"layout": 1, "owner": "x", "state": Bomb()}, path),
}


@pytest.mark.parametrize("write", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_checkpoint_is_named_and_never_unpickled_and_the_loop_starts_anew(
    write: Callable[[Path], object], cli: InProcess
) -> None:
    write(interrupted_run(cli) / "checkpoints" / "train.pt")
    with pytest.warns(UserWarning, match=r"checkpoints/train.pt: not a readable checkpoint.*anew"):
        assert cli(*CELL).code == 0
    assert not Path("exploded").exists()
    assert only_record().status == "finished"


FOREIGN: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "of another harness": (lambda path: torch.save([1, 2], path), "not a checkpoint of this"),
    "of another fit": (
        lambda path: torch.save({"layout": 1, "owner": "x"}, path),
        "another method, configuration or dataset",
    ),
}


@pytest.mark.parametrize(("write", "words"), FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_checkpoint_is_refused_and_a_fresh_run_goes_on(
    write: Callable[[Path], object], words: str, cli: InProcess
) -> None:
    folder = interrupted_run(cli)
    write(folder / "checkpoints" / "train.pt")
    done = cli(*CELL)
    assert done.code == 2
    assert f"checkpoints/train.pt: {words}" in done.err.replace("a checkpoint of a", "a")
    assert "--fresh" in done.err
    assert only_record().status == "failed"
    assert cli(*CELL, "--fresh").code == 0
    assert only_record().status == "finished"


@pytest.mark.parametrize("name", ["weights.safetensors", "fit.json"])
def test_damaged_file_of_a_run_is_named_and_a_fresh_run_mends_it(name: str, cli: InProcess) -> None:
    assert cli(*CELL).code == 0
    (folder,) = Path("runs").glob("toy_discs/*")
    (folder / "record.json").unlink()
    (folder / name).write_bytes(b"damaged")
    done = cli(*CELL)
    assert done.code == 2
    assert name in done.err
    assert "--fresh" in done.err
    assert cli(*CELL, "--fresh").code == 0


def test_corrupt_record_is_named_and_the_others_are_shown(cli: InProcess) -> None:
    assert cli(*CELL).code == 0
    write_files(Path("runs/toy_discs/broken"), {"record.json": '{"schema_version": 7}'})
    done = cli("leaderboard")
    assert done.code == 0
    assert "runs/toy_discs/broken/record.json: not a valid record" in done.err
    assert "toy_colours" in done.out


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_output_that_cannot_be_a_folder_is_said(output: str, cli: InProcess) -> None:
    Path("file").write_text("mine")
    done = cli(*CELL, "--output", output)
    assert done.code == 1
    assert "cannot be written: Not a directory" in done.err
    assert Path("file").read_text() == "mine"


def test_cache_that_cannot_be_a_folder_is_said(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("mine")
    monkeypatch.setenv("HARNESS_CACHE", "file/cache")
    done = cli(*CELL)
    assert done.code == 1
    assert "The cache file/cache/toy_discs/" in done.err


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash sets the limit")
@pytest.mark.parametrize("blocks", [1, 4], ids=["tiny", "small"])
def test_full_disk_fails_the_run_and_room_lets_it_go_on(
    blocks: int, command: Command, cli: InProcess
) -> None:
    """The limit on a file's size stands in for the full disk: both are errors of `write`."""
    assert cli(*CELL, "--dry-run").code == 0
    assert cli(*CELL, "--output", "warm_cache").code == 0
    limited = ("bash", "-c", f'ulimit -f {blocks}; exec "$@"', "-")
    done = command(*CELL, prefix=limited)
    assert done.code == 1
    assert "cannot be written" in done.err
    assert "Traceback" not in done.err
    assert "harness-toy" not in done.err
    assert not list(Path("runs").glob("*/*/weights.safetensors"))
    with warnings.catch_warnings(action="ignore"):  # that there is no checkpoint to go on from
        assert cli(*CELL).code == 0
    assert only_record().status == "finished"


def test_full_disk_below_the_cache_is_said(cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    monkeypatch.setenv("HARNESS_CACHE", "new_cache")
    done = cli(*CELL)
    assert done.code == 1
    assert "The cache new_cache/toy_discs/" in done.err
    assert "No space left on device" in done.err


def test_really_full_disk_below_the_cache_does_not_crash_the_process(
    command: Command, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        more = ("--set", "suite.image_size=32")
        done = Command(tmp_path, disk, command.plugins)(*CELL, *more)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.code == 1
    assert "No space left on device" in done.err
