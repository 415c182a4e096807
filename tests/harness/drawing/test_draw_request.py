from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.drawing.draw_request import DrawRequest
from harness.drawing.operation_text import parse_operation
from harness.errors import UserError

PHOTO = (Path("a.jpg"),)


def wanted(*operations: str, **given: Any) -> DrawRequest:
    return DrawRequest(operations=tuple(map(parse_operation, operations)), **given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Nothing to draw; pass -n for new images or --image for a photo."),
        ({"seed": 1}, "Nothing to draw"),
        ({"to": Path("b")}, "--to changes images; pass -n for new ones or name photos with --imag"),
        ({"to": 0}, "--to changes images"),
        ({"only": 0}, "--only changes images"),
        ({"exchange": True}, "--exchange changes photos; name them with --image."),
        ({"count": 0}, "-n must be at least 1, got 0."),
        ({"count": 4, "images": PHOTO}, "pass one of them"),
        ({"count": 4, "appearance": Path("b")}, "--appearance changes photos"),
        ({"count": 4, "exchange": True}, "--exchange changes photos"),
        ({"count": 4, "steps": 3}, "--steps counts the pictures on the way to an image; it needs"),
        ({"count": 4, "to": 1, "steps": 1}, "--steps must be at least 2, got 1."),
        ({"count": 4, "to": Path("b.jpg")}, "--to takes the number of a generated image with -n, "),
        ({"count": 4, "to": 4}, "There is no image 4 in a draw of 4, numbered from 0 to 3."),
        ({"count": 4, "to": 0, "only": 4}, "There is no image 4 in a draw of 4"),
        (
            {"count": 4, "only": 0},
            "--only chooses the image that is changed; it needs --op",
        ),
        ({"count": 4, "seed": -1}, "--seed must be from 0 to 9223372036854775807, got -1."),
        ({"count": 4, "seed": 2**63}, "--seed must be from 0"),
        ({"images": PHOTO, "seed": 0}, "--seed chooses among new images; it needs -n."),
        ({"images": PHOTO, "only": 0}, "--only chooses among new images; it needs -n."),
        ({"images": PHOTO, "to": 3}, "--to takes a photo with --image, got 3."),
        ({"images": PHOTO, "steps": 3}, "it needs --to"),
        ({"images": PHOTO, "to": Path("b"), "steps": 1}, "--steps must be at least 2, got 1"),
        ({"images": PHOTO, "to": Path("b"), "exchange": True}, "--to and --exchange do not go tog"),
        (
            {"images": PHOTO, "exchange": True, "appearance": Path("b")},
            "--exchange and --appearance do not go together",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        DrawRequest(**given)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("operation", "given", "sentence"),
    [
        ("move=0:0.1,0", {}, "--op changes images; pass -n for new ones or name photos"),
        ("move=0:0.1,0", {"images": PHOTO, "to": Path("b")}, "--to and --op do not go together"),
        ("move=0:0.1,0", {"count": 4, "to": 0}, "--to and --op do not go together"),
        ("look=0:4", {"count": 4}, "There is no image 4 in a draw of 4"),
        ("background=7", {"count": 4}, "There is no image 7 in a draw of 4"),
        ("look=0:1", {"images": PHOTO}, "'look=0:1' takes from a generated image and photos have"),
        ("background=1", {"images": PHOTO}, "'background=1' takes from a generated image"),
    ],
)
def test_operations_need_images_they_can_change(
    operation: str, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError) as refused:
        wanted(operation, **given)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (wanted(count=4), "-n 4 --seed 0"),
        (wanted("look=0:1", "move=1:0.1,0", count=4), "--op look=0:1 --op move=1:+0.1,+0"),
        (wanted(count=4, seed=3, to=0), "-n 4 --seed 3 --to 0 --steps 7"),
        (wanted(count=4, to=2, steps=3, only=0), "-n 4 --seed 0 --to 2 --steps 3 --only 0"),
        (wanted(images=PHOTO, to=Path("b c")), "--image a.jpg --to 'b c' --steps 7"),
        (wanted(images=PHOTO, exchange=True), "--image a.jpg --exchange"),
    ],
    ids=["new", "operations", "way", "one way", "photo", "exchange"],
)
def test_the_command_draws_this_again(request_: DrawRequest, expected: str) -> None:
    command = request_.command(Path("runs/a b"))
    assert command.startswith("harness sample 'runs/a b' ")
    assert command.endswith(expected)


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        (wanted(count=4), False),
        (wanted(count=4, to=0), True),
        (wanted("background=0", count=4), True),
        (wanted("move=0:0,0", images=PHOTO), False),
    ],
    ids=["new", "way", "operation", "photo"],
)
def test_new_images_are_changed_by_operations_and_ways(
    request_: DrawRequest, changes: bool
) -> None:
    assert request_.changes is changes


def test_names_tell_photos_of_one_name_apart_and_stay_short(tmp_path: Path) -> None:
    names = {
        wanted("move=0:0.1,0", images=(tmp_path / folder / "photo.png",)).name
        for folder in ("one", "two")
    }
    assert len(names) == 2
    assert all(name.startswith("photo-move-0-+0.1,+0-") for name in names)
    many = wanted(*["move=0:0.1,0"] * 40, images=(tmp_path / ("Ä" * 90 + "/ä b.png"),)).name
    assert len(many.encode()) < 120
    assert many.startswith("ä-b-move-0")


def test_names_of_new_images_say_which_they_are_and_what_was_done() -> None:
    assert wanted(count=4, seed=2).name == "generated-4-seed2"
    assert wanted("look=0:1", count=4).name.startswith("generated-4-seed0-look-0-1-")
    assert wanted(count=4, to=0, only=1).name.startswith("generated-4-seed0-to-0-7-only-1-")
    many = {wanted(*["move=0:0.1,0"] * 40, last, count=4).name for last in ("look=0:1", "look=0:2")}
    assert len(many) == 2
