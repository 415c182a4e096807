"""A new plugin package from the templates: a method, a metric, a dataset and a suite that work."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from harness.errors import RunError, UserError
from harness.files import write_text
from harness.registry import Registry

#: How template files end; what stands before it is the name of the file.
SUFFIX = ".jinja"
#: What is replaced in the names of files.
PACKAGE, SHORT = "PACKAGE", "SHORT"


@dataclass(frozen=True)
class Names:
    """What a package and the things in it are called.

    Attributes:
        distribution: of the package, as `pip install` takes it: lower case, with hyphens.
        package: as Python imports it.
        short: of its method, and the beginning of its metric's, dataset's and suite's names.
        title: the beginning of its classes' names.
    """

    distribution: str
    package: str
    short: str
    title: str


def names_for(name: str, known: Registry) -> Names:
    """All names that follow from a package's.

    Args:
        name: what the user calls the package, such as `harness-spots` or `my_spots`.
        known: the installed plugins, whose names are taken.

    Raises:
        UserError: it is no name of a package, or the name is taken.
    """
    distribution = re.sub(r"[-_.]+", "-", name).lower()
    package = distribution.replace("-", "_")
    if not re.fullmatch(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        raise UserError(
            f"{name!r} is no name for a package: begin with a letter, go on with letters, digits, "
            "'-' or '_', and end with a letter or digit, such as 'harness-spots'."
        )
    taken = keyword.iskeyword(package) or package in sys.stdlib_module_names
    if taken or package in ("harness", "tests"):
        raise UserError(f"{package!r} is a word of Python or of harness; choose another name.")
    short = package.removeprefix("harness_")
    title = "".join(word.capitalize() for word in short.split("_"))
    if not short.isidentifier() or keyword.iskeyword(short):
        raise UserError(f"{name!r}: a method cannot be called {short!r}; choose another name.")
    _refuse_taken(short, known)
    return Names(distribution, package, short, title)


def _refuse_taken(short: str, known: Registry) -> None:
    """Do nothing where no installed thing has one of the new names."""
    for catalogue in (known.methods, known.datasets, known.metrics, known.suites):
        things: Any = catalogue
        for wanted in (short, f"{short}_hits", f"{short}_discs"):
            if wanted in things.entries:
                owner = things.entries[wanted][0].distribution
                raise UserError(
                    f"There is a {things.kind} {wanted!r} already, from {owner}; choose another "
                    "name."
                )


def new_package(names: Names, folder: Path) -> list[Path]:
    """Write a package into a new folder.

    Args:
        names: what it is called.
        folder: the folder of the package, which must not exist or be empty.

    Returns:
        The files that were written, below the folder.

    Raises:
        UserError: something is in the folder already; nothing is overwritten.
        RunError: a file cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists already; nothing is overwritten. Name another --out.")
    written = []
    for place, text in rendered(names):
        write_text(folder / place, text)
        written.append(folder / place)
    return written


def rendered(names: Names) -> Iterator[tuple[Path, str]]:
    """Every file of a new package, by its path, sorted.

    Raises:
        RunError: the templates are not installed.
    """
    from jinja2 import Environment, StrictUndefined

    # Braces are left to the workflow and to Python.
    environment = Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    root = Path(str(files("harness.scaffold"))) / "template"
    found = sorted(root.rglob(f"*{SUFFIX}"))
    if not found:
        raise RunError(f"No template below {root}; install harness again.")
    for path in found:
        place = str(path.relative_to(root)).removesuffix(SUFFIX)
        place = place.replace(PACKAGE, names.package).replace(SHORT, names.short)
        text = environment.from_string(path.read_text(encoding="utf-8")).render(vars(names))
        yield Path(place), text
