from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import Field, field_validator, model_validator

from harness.contract import Options
from harness.errors import ConfigError, UnknownName
from harness.toml import read_toml, read_toml_head, validate


class Inner(Options):
    colour: str = "red"
    width: int = 1


class Outer(Options):
    size: int = Field(ge=8)
    rate: float = 0.1
    inner: Inner = Inner()
    maybe: Inner | None = None
    many: list[Inner] = Field(default_factory=list)

    @field_validator("rate")
    @classmethod
    def _is_no_half(cls, rate: float) -> float:
        if rate == 0.5:
            raise ValueError("a half is never right")
        return rate

    @model_validator(mode="after")
    def _size_is_not_the_width(self) -> Outer:
        if self.size == self.inner.width:
            raise ValueError(f"size {self.size} is inner.width")
        return self


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(ConfigError, match=r"x\.toml.*line 2"):
        read_toml(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        read_toml(tmp_path / "absent.toml")


def test_bytes_that_are_no_text_are_a_mistake_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"x\.toml"):
        read_toml(path)


@pytest.mark.parametrize(
    ("values", "wrong", "right"),
    [
        ({"size": 8, "raet": 1}, "raet", "rate"),
        ({"siez": 8}, "siez", "size"),
        ({"size": 8, "inner": {"widht": 2}}, "inner.widht", "inner.width"),
        ({"size": 8, "maybe": {"colur": ""}}, "maybe.colur", "maybe.colour"),
        ({"size": 8, "many": [{}, {"wdth": 2}]}, "many.1.wdth", "many.1.width"),
    ],
    ids=["top", "also missing", "nested", "optional", "in a list"],
)
def test_an_unknown_key_offers_the_nearest_one(
    values: dict[str, object], wrong: str, right: str
) -> None:
    with pytest.raises(UnknownName) as caught:
        validate(Outer, values, "a.toml")
    assert str(caught.value) == f"a.toml: Unknown key '{wrong}'. Did you mean '{right}'?"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": "ten"}, ["a.toml: size:", "integer", "got 'ten'"]),
        ({"size": 4}, ["size:", "greater than or equal to 8", "got 4"]),
        ({}, ["a.toml: size:", "required"]),
        ({"size": 8, "inner": {"width": "x"}}, ["inner.width:", "got 'x'"]),
        ({"size": 8, "rate": float("nan")}, ["rate:", "finite"]),
        ({"size": 8, "rate": float("inf")}, ["rate:", "finite"]),
    ],
    ids=["type", "range", "missing", "nested", "nan", "infinite"],
)
def test_a_wrong_value_names_file_key_and_value(
    values: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(Outer, values, "a.toml")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"size": 9, "inner": {"width": 9}}, "a.toml: size 9 is inner.width."),
        ({"size": 9, "rate": 0.5}, "a.toml: rate: a half is never right, got 0.5."),
    ],
    ids=["of the model", "of a field"],
)
def test_what_a_validator_says_is_the_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(Outer, values, "a.toml")
    assert str(caught.value) == sentence


def test_a_validated_model_cannot_be_changed() -> None:
    outer = validate(Outer, {"size": 9}, "a.toml")
    with pytest.raises(ValueError, match="frozen"):
        outer.size = 10


@pytest.mark.parametrize(
    ("text", "values", "count"),
    [
        ("a = 1\n[[row]]\nx = 1\n[[row]]\nx = 2\n", {"a": 1}, 2),
        ("a = 1\n\n[[row]]\nx = [\n 1]", {"a": 1}, 1),
        ("a = 1\r\n[[row]]\r\nx = 1\r\n", {"a": 1}, 1),
        ("a = 1\n[[row]]\nx = 1\n[b]\nc = 2\n", {"a": 1, "b": {"c": 2}}, 1),
        ("[[row]]\n[[b]]\n[[row]]\n", {"b": [{}]}, 2),
        ("a = 1\n", {"a": 1}, 0),
        ("a = 1\nrow = [{ x = 1 }, { x = 2 }]\n", {"a": 1}, 2),
        ("row = 3\n", {"row": 3}, 0),
        ('a = """\n[[row]]\n"""\nb = 2\n', {"a": "[[row]]\n", "b": 2}, 0),
        ('a = """\n[[row]]\n"""\n[[row]]\n', {"a": "[[row]]\n"}, 1),
        ("a = 1\n[[row]]\nx = [\n[1],\n]\n[[row]]\nx = []\n", {"a": 1}, 2),
    ],
    ids=[
        "at the end",
        "list over lines",
        "windows",
        "table behind",
        "between others",
        "none",
        "inline",
        "no array",
        "in a text",
        "in a text and behind",
        "line that begins like a table",
    ],
)
def test_rows_at_the_end_are_counted(
    tmp_path: Path, text: str, values: dict[str, object], count: int
) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(text.encode())
    assert read_toml_head(path, "row") == (values, count)


def test_rows_that_are_only_counted_are_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = 1\n[[row]]\nno toml\n[[row]]\n")
    assert read_toml_head(path, "row") == ({"a": 1}, 2)
    path.write_text("no toml\n[[row]]\n")
    with pytest.raises(ConfigError, match=r"x\.toml: .*line 1"):
        read_toml_head(path, "row")
    with pytest.raises(ConfigError, match="missing"):
        read_toml_head(tmp_path / "missing.toml", "row")


@pytest.mark.parametrize("text", ["x = " + "[" * 3000, "x = " + "9" * 6000], ids=["deep", "digits"])
@pytest.mark.parametrize("read", [read_toml, lambda path: read_toml_head(path, "row")])
def test_values_beyond_all_reason_are_a_mistake_in_the_file(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"{text}\n[[row]]\n")
    with pytest.raises(ConfigError, match=r"x\.toml: "):
        read(path)


def test_a_long_value_is_cut_in_the_message() -> None:
    class Sized(Options):
        side: int

    with pytest.raises(ConfigError, match="got 'longlong") as caught:
        validate(Sized, {"side": "long" * 1000}, "here")
    assert len(str(caught.value)) < 400
