"""Checks and what they find.

A check is a function of one subject with one sentence as its docstring. It returns where all is
well, and raises `Failed` or `NotApplicable` where not.
"""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, NoReturn, TypeVar

from harness.errors import AssetMissing

T = TypeVar("T")

Status = Literal["passed", "failed", "not applicable"]
#: The kinds of things that are checked, in the order of listings.
KINDS = ("method", "metric", "dataset", "suite")


class Failed(Exception):
    """The contract is broken: what was seen, and what to do."""


class NotApplicable(Exception):
    """The check says nothing about this subject, for this reason."""


def fail(seen: str, advice: str) -> NoReturn:
    """End a check: the contract is broken.

    Args:
        seen: one sentence of what was seen.
        advice: one sentence of what to do.
    """
    raise Failed(f"{seen} {advice}")


def skip(reason: str) -> NoReturn:
    """End a check that says nothing about its subject."""
    raise NotApplicable(reason)


@dataclass(frozen=True)
class Check(Generic[T]):
    """One check.

    Attributes:
        name: `snake_case`, unique within its kind.
        sentence: what is checked.
        run: the check itself.
    """

    name: str
    sentence: str
    run: Callable[[T], None]


@dataclass(frozen=True)
class Result:
    """What one check found.

    Attributes:
        kind: `method`, `metric`, `dataset` or `suite`.
        subject: `distribution/name`.
        check: name of the check.
        sentence: what is checked.
        status: `passed`, `failed` or `not applicable`.
        detail: what was seen and what to do, or why the check does not apply; empty where passed.
    """

    kind: str
    subject: str
    check: str
    sentence: str
    status: Status
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.check} {self.status}: {self.detail}".rstrip(": ")


def named(spec: Any, advice: str = "Write it in snake_case.") -> None:
    """Check the name and the summary that every spec has.

    Raises:
        Failed: the name is no `snake_case` (then with this advice), or the summary not one line.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", spec.name):
        fail(f"Its name is {spec.name!r}.", advice)
    if not spec.summary.strip() or "\n" in spec.summary:
        fail(f"Its summary is {spec.summary!r}.", "Give the spec one line for listings.")


def checks_of(functions: Sequence[Callable[[T], None]]) -> tuple[Check[T], ...]:
    """Functions as checks: their names, and the first paragraphs of their docstrings."""
    return tuple(
        Check(
            function.__name__,
            " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split()),
            function,
        )
        for function in functions
    )


def examine(kind: str, name: str, subject: Any, checks: Sequence[Check[Any]]) -> list[Result]:
    """Run checks one after the other; whatever they raise becomes a result.

    Args:
        kind: one of `KINDS`.
        name: `distribution/name` of the subject.
        subject: what the checks look at.
        checks: in their order.
    """
    return [_result(kind, name, subject, check) for check in checks]


def _result(kind: str, name: str, subject: Any, check: Check[Any]) -> Result:
    status: Status = "passed"
    detail = ""
    try:
        check.run(subject)
    except (NotApplicable, AssetMissing) as reason:
        status, detail = "not applicable", str(reason)
    except Failed as reason:
        status, detail = "failed", str(reason)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code
        status, detail = "failed", unforeseen(error)
    return Result(kind, name, check.name, check.sentence, status, detail)


def unforeseen(error: BaseException) -> str:
    """Type, message and place of an error in one sentence."""
    message = " ".join(str(error).split()) or "no message"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"It raised {type(error).__name__}: {message}{place}."
