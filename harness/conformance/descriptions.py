"""Settings of any kind: every field says what it is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from harness.conformance.kit import fail
from harness.contract.config import Options


def check_model(model: Any, base: type[Options], named: str) -> None:
    """Fail where a model is no model of settings, or a field of it has no description.

    Args:
        model: what the spec names.
        base: what it must derive from.
        named: the spec's attribute, such as `config`.
    """
    if not (isinstance(model, type) and issubclass(model, base)):
        fail(
            f"The spec's {named} is {model!r}.",
            f"Name a class that derives from harness.contract.{base.__name__}.",
        )
    bare = _bare(model, "")
    if bare:
        fail(
            f"{model.__name__} has fields without a description: {', '.join(bare)}.",
            "Give each Field(description=...) one line with its unit and source; "
            "'harness show' prints it.",
        )


def _bare(model: type[BaseModel], prefix: str) -> list[str]:
    """Fields without a description, those of nested models with dotted names."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _bare(inner, f"{prefix}{name}.")
        elif not (field.description or "").strip():
            found.append(f"{prefix}{name}")
    return found
