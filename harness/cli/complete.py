"""Shell completion of names, from the installed specs."""

from __future__ import annotations

from collections.abc import Callable

import typer


def kinds(incomplete: str) -> list[str]:
    """Kinds of `harness list`."""
    from harness.listing import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]


def names(catalogue: str) -> Callable[[str], list[str]]:
    """A completer for the names of one catalogue of the registry, such as `suites`."""

    def complete(incomplete: str) -> list[str]:
        from harness.registry import registry

        known = getattr(registry(), catalogue).names()
        return [name for name in known if name.startswith(incomplete)]

    return complete


def of_kind(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the kind that stands before, for `harness show KIND NAME`."""
    catalogue = f"{ctx.params.get('kind')}s"
    known = ("methods", "suites", "metrics", "datasets")
    return names(catalogue)(incomplete) if catalogue in known else []
