from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.errors import AssetMissing, DataError
from harness.vision.weights import check_weights, weights_file, weights_folder, weights_path

HOME = "https://example.org/nets/net-12ab.pth"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_files_are_looked_for_where_torch_puts_them(folder: Path) -> None:
    assert weights_folder() == folder
    assert weights_path(HOME) == folder / "net-12ab.pth"


def test_file_that_is_there_is_given(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "net-12ab.pth").touch()
    assert weights_file(HOME, "The net", "do without") == folder / "net-12ab.pth"


def test_missing_file_is_named_with_its_home(folder: Path) -> None:
    with pytest.raises(AssetMissing) as caught:
        weights_file(HOME, "The net", "do without")
    assert str(caught.value) == (
        f"The net needs {folder / 'net-12ab.pth'}, which is missing; get it from {HOME} or do "
        "without."
    )


def test_checksum_must_start_as_given(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    digest = hashlib.sha256(b"content").hexdigest()
    assert check_weights(path, HOME, digest[:8]) == check_weights(path, HOME, "") == digest
    with pytest.raises(DataError) as caught:
        check_weights(path, HOME, "12ab")
    assert str(caught.value) == (
        f"{path}: sha256 starts with {digest[:4]}, expected 12ab; fetch it again from {HOME}."
    )
