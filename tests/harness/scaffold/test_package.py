from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.registry import Registry, registry
from harness.scaffold.package import Names, names_for, new_package, rendered


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("harness-spots", Names("harness-spots", "harness_spots", "spots", "Spots")),
        ("My_Blue.Spots", Names("my-blue-spots", "my_blue_spots", "my_blue_spots", "MyBlueSpots")),
        ("a", Names("a", "a", "a", "A")),
    ],
)
def test_names_follow_from_the_package(name: str, expected: Names) -> None:
    assert names_for(name, Registry()) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("7spots", "no name for a package: begin with a letter"),
        ("spots-", "end with a letter or digit"),
        ("my spots", "no name for a package"),
        ("../spots", "no name for a package"),
        ("", "no name for a package"),
        ("json", "'json' is a word of Python"),
        ("Class", "'class' is a word of Python"),
        ("harness", "'harness' is a word of Python or of harness"),
        ("harness-7up", "a method cannot be called '7up'"),
        ("harness-class", "a method cannot be called 'class'"),
    ],
)
def test_other_names_are_refused_with_a_sentence(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        names_for(name, Registry())


def test_name_of_an_installed_thing_is_refused() -> None:
    with pytest.raises(UserError, match="There is a method 'imm' already, from harness"):
        names_for("harness-imm", registry())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="exists already; nothing is overwritten"):
        new_package(names_for("spots", Registry()), tmp_path)
    with pytest.raises(UserError, match="exists already"):
        new_package(names_for("spots", Registry()), tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    written = new_package(names_for("harness-spots", Registry()), tmp_path)
    there = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert sorted(written) == there
    assert (tmp_path / "src/harness_spots/suites/spots_discs.toml").exists()


@pytest.mark.parametrize("name", ["harness-spots", "a", "a-rather-long-name-for-spots"])
def test_every_file_is_whole_and_valid(name: str) -> None:
    files = dict(rendered(names_for(name, Registry())))
    for path, text in files.items():
        assert "<<" not in text, path
        if path.suffix == ".py":
            ast.parse(text)
        if path.suffix == ".toml":
            tomllib.loads(text)
    project = tomllib.loads(files[Path("pyproject.toml")])
    assert project["project"]["name"] == name
    assert "${{ matrix.python }}" in files[Path(".github/workflows/test.yml")]


def test_readme_names_every_python_file() -> None:
    files = dict(rendered(names_for("harness-spots", Registry())))
    for path in files:
        if path.parts[0] == "src" and path.stem not in ("__init__", "py"):
            place = path.parent if path.suffix == ".toml" else path
            assert str(place) in files[Path("README.md")], path
