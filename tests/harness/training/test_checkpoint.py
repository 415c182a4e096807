from __future__ import annotations

import io
import os
import pickle  # noqa: TID251 - what a hostile file is made of
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from harness.errors import DiskFull, RecordError, RunError
from harness.training.checkpoint import Checkpoints


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints", "train", "me")


def step_of(checkpoints: Checkpoints) -> object:
    content = checkpoints.load()
    return content and content["step"]


def test_nothing_saved_is_nothing(checkpoints: Checkpoints) -> None:
    assert checkpoints.load() is None


def test_the_newest_is_loaded_and_one_older_is_kept(checkpoints: Checkpoints) -> None:
    for step in (1, 2, 3):
        checkpoints.save({"step": step, "state": {"x": torch.arange(step)}})
    content = checkpoints.load()
    assert content is not None
    assert content["step"] == 3
    assert torch.equal(content["state"]["x"], torch.arange(3))
    assert sorted(p.name for p in checkpoints.newest.parent.iterdir()) == [
        "train.previous.pt",
        "train.pt",
    ]


def test_the_memory_order_of_tensors_is_kept(checkpoints: Checkpoints) -> None:
    tensor = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    checkpoints.save({"x": tensor})
    content = checkpoints.load()
    assert content is not None
    assert content["x"].stride() == tensor.stride()


@pytest.mark.parametrize("damage", [b"", b"half", None], ids=["empty", "garbage", "cut"])
def test_the_previous_one_stands_in_for_a_damaged_one(
    checkpoints: Checkpoints, damage: bytes | None
) -> None:
    checkpoints.save({"step": 1})
    checkpoints.save({"step": 2})
    whole = checkpoints.newest.read_bytes()
    checkpoints.newest.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    words = r"train\.pt: not a readable.* The one before it, of step 1, is used\."
    with pytest.warns(UserWarning, match=words):
        assert step_of(checkpoints) == 1


def test_the_previous_one_is_used_when_the_newest_is_not_there_yet(
    checkpoints: Checkpoints,
) -> None:
    checkpoints.save({"step": 1})
    checkpoints.newest.rename(checkpoints.previous)
    with pytest.warns(UserWarning, match=r"pt: not there\. The one before it, of step 1, is used"):
        assert step_of(checkpoints) == 1


@pytest.mark.parametrize("count", [1, 2])
def test_where_all_are_damaged_the_loop_starts_anew(checkpoints: Checkpoints, count: int) -> None:
    for step in range(count):
        checkpoints.save({"step": step})
    for path in checkpoints.newest.parent.iterdir():
        path.write_bytes(b"garbage")
    with pytest.warns(UserWarning, match=r"train\.pt: not a readable.* the loop starts anew\."):
        assert checkpoints.load() is None


def test_a_foreign_file_beside_a_damaged_one_is_refused(checkpoints: Checkpoints) -> None:
    Checkpoints(checkpoints.newest.parent, "train", "someone else").save({"step": 1})
    checkpoints.newest.rename(checkpoints.previous)
    checkpoints.newest.write_bytes(b"garbage")
    with pytest.raises(RecordError, match=r"previous\.pt: a checkpoint of another.*--fresh"):
        checkpoints.load()


def test_checkpoints_of_later_loops_are_forgotten(tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        loop = Checkpoints(tmp_path, name, "me")
        loop.save({"step": 1})
        loop.save({"step": 2})
    Checkpoints(tmp_path, "second", "me").forget_others({"first", "second"})
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"first.pt", "first.previous.pt", "second.pt", "second.previous.pt"}


def test_a_checkpoint_of_another_fit_is_refused(checkpoints: Checkpoints, tmp_path: Path) -> None:
    checkpoints.save({"step": 1})
    other = Checkpoints(tmp_path / "checkpoints", "train", "someone else")
    with pytest.raises(RecordError, match="another method, configuration or dataset"):
        other.load()


@pytest.mark.parametrize("content", [{"layout": 99}, [1, 2], torch.zeros(2)], ids=str)
def test_a_file_of_another_layout_is_refused(checkpoints: Checkpoints, content: object) -> None:
    checkpoints.newest.parent.mkdir()
    torch.save(content, checkpoints.newest)
    with pytest.raises(RecordError, match="not a checkpoint of this harness"):
        checkpoints.load()


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("wrapped", [True, False], ids=["saved by torch", "plain pickle"])
def test_a_checkpoint_is_never_unpickled(
    checkpoints: Checkpoints, tmp_path: Path, wrapped: bool
) -> None:
    bomb = {"layout": 1, "owner": "me", "step": Bomb(tmp_path / "exploded")}
    buffer = io.BytesIO()
    if wrapped:
        torch.save(bomb, buffer)
    else:
        pickle.dump(bomb, buffer)
    checkpoints.newest.parent.mkdir()
    checkpoints.newest.write_bytes(buffer.getvalue())
    with pytest.warns(UserWarning, match="not a readable checkpoint"):
        assert checkpoints.load() is None
    assert not (tmp_path / "exploded").exists()


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 20 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_a_failed_run_and_the_last_checkpoint_stays(
    checkpoints: Checkpoints,
) -> None:
    checkpoints.save({"step": 1})
    with pytest.raises(RunError, match=r"train\.pt: cannot be written: File too large\."):
        checkpoints.save({"step": 2, "state": torch.zeros(100_000)})
    assert step_of(checkpoints) == 1
    assert sorted(p.name for p in checkpoints.newest.parent.iterdir()) == ["train.pt"]


def test_a_disk_that_fills_up_while_syncing_leaves_a_loadable_checkpoint(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save({"step": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="No space left"):
        checkpoints.save({"step": 2})
    with pytest.warns(UserWarning, match="The one before it, of step 1, is used"):
        assert step_of(checkpoints) == 1


def test_loops_have_checkpoints_of_their_own(tmp_path: Path) -> None:
    first, second = (Checkpoints(tmp_path, name, "me") for name in ("a", "b"))
    first.save({"step": 1})
    assert second.load() is None


def test_a_flipped_bit_in_a_tensor_is_found(checkpoints: Checkpoints) -> None:
    """Torch loads such a file without a word, and the fit would go on with other weights."""
    values = torch.arange(1000.0)
    checkpoints.save({"step": 1, "state": {"x": values}})
    data = bytearray(checkpoints.newest.read_bytes())
    data[data.index(values.numpy().tobytes()) + 2000] ^= 1
    checkpoints.newest.write_bytes(data)
    assert not torch.equal(torch.load(checkpoints.newest)["state"]["x"], values)
    with pytest.warns(UserWarning, match="not a readable checkpoint.*the loop starts anew"):
        assert checkpoints.load() is None
