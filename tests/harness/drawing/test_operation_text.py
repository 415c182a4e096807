from __future__ import annotations

import pytest

from harness.drawing.operation_text import OPERATIONS, parse_operation
from harness.drawing.operations import Background, Look, Move, Operation, Rotate, Scale
from harness.errors import ConfigError, UnknownName


@pytest.mark.parametrize(
    "operation",
    [
        Move((1, 3), 0.1, -0.05),
        Move(None, 1e-07, 0.0),
        Scale((2,), 1.25),
        Rotate(None, -15.0),
        Look((2,), 5),
        Look(None, 0, 0.25),
        Background(12),
        Background(0, 1e-07),
    ],
    ids=str,
)
def test_the_text_of_an_operation_parses_to_it(operation: Operation) -> None:
    assert parse_operation(str(operation)) == operation


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("move", "'move' names no keypoints; expected move=KEYPOINTS:DX,DY, such as move=2:"),
        ("scale=:2", "'scale=:2' names no keypoints"),
        ("move=2", "'move=2' has no numbers; expected move=KEYPOINTS:DX,DY"),
        ("rotate=2:", "'rotate=2:' has no numbers; expected rotate=KEYPOINTS:DEGREES"),
        ("move=2:0.1", "has 1 numbers where 2 must stand"),
        ("scale=2:1,2", "has 2 numbers where 1 must stand"),
        ("move=x:0,0", "'x' is no keypoint; expected an index such as 2"),
        ("move=1+-2:0,0", "'-2' is no keypoint"),
        ("move=1,2:0,0", "'1,2' is no keypoint"),
        ("move=1+:0,0", "'' is no keypoint"),
        ("move=1+2+1:0,0", "names keypoint 1 twice"),
        ("move=1:a,0", "'a' is no number"),
        ("move=1:0,nan", "nan is not finite"),
        ("rotate=1:inf", "inf is not finite"),
        ("move=1:10,0", "10 is out of range; expected fractions of the image's edge from -1 to 1"),
        ("scale=1:0", "0 is out of range; expected above 0"),
        ("look=5", "'look=5' has no numbers; expected look=KEYPOINTS:IMAGE[,SHARE], such as look="),
        ("look=:5", "'look=:5' names no keypoints; expected look=KEYPOINTS:IMAGE[,SHARE]"),
        ("look=2:5,0.5,1", "has 3 numbers where 1 or 2 must stand"),
        ("look=2:-1", "'-1' is no number of a generated image; expected one such as in look=2:5"),
        ("look=2:1.5", "'1.5' is no number of a generated image"),
        ("look=2:5,1.5", "1.5 is out of range; expected a share from 0 to 1"),
        ("background", "'background' has no numbers; expected background=IMAGE[,SHARE], such as "),
        ("background=all:5", "'all:5' is no number of a generated image"),
        ("background=5,-0.1", "-0.1 is out of range; expected a share from 0 to 1"),
    ],
)
def test_malformed_operations_are_explained_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_operation(text)
    assert sentence in str(refused.value)


def test_a_mistyped_operation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"operation 'rotat'\. Did you mean 'rotate'"):
        parse_operation("rotat=1:5")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_one(name: str) -> None:
    example = OPERATIONS[name].example
    assert example.startswith(f"{name}=")
    parse_operation(example)


def test_the_form_says_what_may_be_left_out() -> None:
    written = [form.written(name) for name, form in OPERATIONS.items()]
    assert written == [
        "move=KEYPOINTS:DX,DY",
        "scale=KEYPOINTS:FACTOR",
        "rotate=KEYPOINTS:DEGREES",
        "look=KEYPOINTS:IMAGE[,SHARE]",
        "background=IMAGE[,SHARE]",
    ]
