from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_plugin.methods import ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.drawing.draw_request import DrawRequest
from harness.drawing.edit_files import read_edit, replayed
from harness.drawing.operation_text import parse_operation
from harness.drawing.saved_edit import (
    EditedKeypoints,
    SavedEdit,
    SavedPhotoEdit,
    listed_points,
    saved_edit,
    saved_photo_edit,
    write_edit,
)
from harness.errors import ConfigError, RecordError, UnknownName, UserError
from harness.saved import Fitted

RUN = Path("runs/toy/toy_painter-quick-seed0-1a2b")

#: What a page that edits one image has to write.
LEAST = {
    "schema_version": 1,
    "method": "toy_painter",
    "run": str(RUN),
    "fit": "owner",
    "seed": 4,
    "count": 6,
    "image": 3,
    "operations": ["move=0:+0.1,-0.05", "background=5,0.5"],
}


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 16), spec, 3, 16, torch.device("cpu"), "owner")


def written(folder: Path, **changes: Any) -> Path:
    """The file `edit.json`; a change to `None` drops a key."""
    values = {key: value for key, value in {**LEAST, **changes}.items() if value is not None}
    path = folder / "edit.json"
    path.write_text(json.dumps(values))
    return path


def test_an_edit_of_one_image_is_replayed(painter: Fitted, tmp_path: Path) -> None:
    expected = DrawRequest(
        count=6,
        seed=4,
        operations=tuple(map(parse_operation, ["move=0:0.1,-0.05", "background=5,0.5"])),
        only=3,
    )
    assert replayed(written(tmp_path), painter, RUN) == expected


def test_an_edit_reads_back_as_it_was_written(painter: Fitted, tmp_path: Path) -> None:
    request = DrawRequest(count=6, to=0, steps=3)
    edit = saved_edit(request, painter, RUN, [])
    write_edit(edit, tmp_path / "edit.json")
    assert read_edit(tmp_path / "edit.json") == edit
    assert edit.request() == replace(request, seed=0)
    assert edit.command == f"harness sample {RUN} -n 6 --seed 0 --to 0 --steps 3"


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"schema_version": 2}, RecordError, "schema_version 2 is from a newer harness; this one"),
        ({"schema_version": None}, ConfigError, "schema_version: Field required"),
        ({"schema_version": "one"}, ConfigError, "schema_version: Input should be 1, got 'one'"),
        ({"seed": "x"}, ConfigError, "seed: Input should be a valid integer"),
        ({"seed": -1}, ConfigError, "seed: Input should be greater than or equal to 0, got -1"),
        ({"seed": 2**70}, UserError, "--seed must be from 0 to"),
        ({"count": 0}, ConfigError, "count: Input should be greater than or equal to 1, got 0"),
        ({"fit": None}, ConfigError, "fit: Field required"),
        ({"image": 6}, ConfigError, "There is no image 6 in a draw of 6"),
        ({"operation": ["move=0:1,1"]}, UnknownName, "Did you mean 'operations'?"),
        ({"operations": "move=0:1,1"}, ConfigError, "operations: Input should be a valid list"),
        ({"operations": ["mvoe=0:1,1"]}, UnknownName, "operation 'mvoe'. Did you mean 'move'?"),
        ({"operations": ["move=0"]}, ConfigError, "'move=0' has no numbers"),
        ({"operations": ["look=0:6"]}, ConfigError, "There is no image 6 in a draw of 6"),
        ({"operations": []}, ConfigError, "neither operations nor 'to' say what is changed"),
        ({"to": 2}, UserError, "--to and --op do not go together"),
        ({"keypoints": [{"image": 0}]}, ConfigError, "keypoints.0.before: Field required"),
    ],
    ids=str,
)
def test_a_wrong_edit_is_explained_with_its_file(
    tmp_path: Path, changes: dict[str, Any], kind: type[UserError], sentence: str
) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(kind) as refused:
        read_edit(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "is no JSON; expected an edit that was saved"),
        (b"\xff\xfe", "is no JSON"),
        (b"[1]", "holds no JSON object"),
        (b'{"command": "harness sample RUN --image a.jpg"}', "holds no edit; 'harness edit' saves"),
        (None, "cannot be read: No such file or directory"),
    ],
    ids=["half", "binary", "list", "note of a photo", "absent"],
)
def test_a_file_that_is_no_edit_is_named(tmp_path: Path, text: bytes | None, sentence: str) -> None:
    path = tmp_path / "edit.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(RecordError) as refused:
        read_edit(path)
    assert str(refused.value).startswith(f"{path}: {sentence}")


@pytest.mark.parametrize("changes", [{"fit": "another"}, {"method": "toy_disc"}], ids=str)
def test_an_edit_of_another_run_is_refused(
    painter: Fitted, tmp_path: Path, changes: dict[str, str]
) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(RecordError) as refused:
        replayed(path, painter, Path("runs/other"))
    method = changes.get("method", "toy_painter")
    assert str(refused.value) == (
        f"{path}: belongs to the run of {method} in {RUN} and would draw other images from "
        "runs/other; pass the run that it was saved for."
    )


def test_the_form_of_photos_is_described_field_by_field() -> None:
    schema = SavedPhotoEdit.model_json_schema()
    assert all(field.get("description") for field in schema["properties"].values())
    assert set(schema["required"]) == set(LEAST_OF_PHOTO) - {"operations"}


def test_the_form_is_described_field_by_field() -> None:
    schema = SavedEdit.model_json_schema()
    fields = schema["properties"] | schema["$defs"]["EditedKeypoints"]["properties"]
    assert all(field.get("description") for field in fields.values())
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(LEAST) - {"image", "operations"}


#: What a page that edits a photo has to write.
LEAST_OF_PHOTO = {key: LEAST[key] for key in ("schema_version", "method", "run", "fit")} | {
    "photo": "photos/a.png",
    "operations": ["move=0:+0.1,-0.05"],
}


def written_for_photo(folder: Path, **changes: Any) -> Path:
    """The file `photo.json`; a change to `None` drops a key."""
    values = {k: v for k, v in {**LEAST_OF_PHOTO, **changes}.items() if v is not None}
    path = folder / "photo.json"
    path.write_text(json.dumps(values))
    return path


def test_an_edit_of_a_photo_is_replayed_with_files_beside_it(
    painter: Fitted, tmp_path: Path
) -> None:
    expected = DrawRequest(
        images=(tmp_path / "photos" / "a.png",),
        operations=(parse_operation("move=0:0.1,-0.05"),),
        appearance=tmp_path / "b.png",
    )
    assert replayed(written_for_photo(tmp_path, appearance="b.png"), painter, RUN) == expected
    other = written_for_photo(tmp_path, fit="another")
    with pytest.raises(RecordError, match="belongs to the run of toy_painter"):
        replayed(other, painter, RUN)


def test_an_edit_of_a_photo_names_files_from_its_own_folder(
    painter: Fitted, tmp_path: Path
) -> None:
    request = DrawRequest(images=(tmp_path / "photos" / "a.png",), appearance=tmp_path / "b.png")
    points = EditedKeypoints(image=0, before=[(0.5, 0.5), None], after=[(0.6, 0.5), None])
    edit = saved_photo_edit(request, painter, RUN, points, tmp_path / "edits")
    assert (edit.photo, edit.appearance) == ("../photos/a.png", "../b.png")
    (tmp_path / "edits").mkdir()
    write_edit(edit, tmp_path / "edits" / "edit.json")
    again = read_edit(tmp_path / "edits" / "edit.json")
    assert again.keypoints == [points]
    assert [path.resolve() for path in again.request().images] == list(request.images)


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"photo": ""}, ConfigError, "photo: String should have at least 1 character"),
        ({"seed": 0}, UnknownName, "Unknown key 'seed'"),
        (
            {"operations": []},
            ConfigError,
            "neither operations nor 'appearance' say what is changed",
        ),
        ({"operations": ["look=0:1"]}, UserError, "'look=0:1' takes from a generated image"),
        ({"apearance": "b.png"}, UnknownName, "Did you mean 'appearance'?"),
    ],
    ids=str,
)
def test_a_wrong_edit_of_a_photo_is_explained_with_its_file(
    tmp_path: Path, changes: dict[str, Any], kind: type[UserError], sentence: str
) -> None:
    path = written_for_photo(tmp_path, **changes)
    with pytest.raises(kind) as refused:
        read_edit(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert sentence in str(refused.value)


def test_missing_points_are_null_and_others_are_rounded() -> None:
    points = np.array([[0.12345678, 1], [np.nan, 0.5], [np.inf, 0]])
    assert listed_points(points) == [(0.123457, 1.0), None, None]
