"""Pages as text: templates that escape everything, with style and scripts of their own inside."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

#: The package whose templates and files every page uses.
SHARED = "harness.web"


def render(
    package: str, template: str, styles: tuple[str, ...], scripts: tuple[str, ...], **values: Any
) -> str:
    """One self-contained page; whatever a record says is escaped.

    The page's content security policy allows its own script and pictures in data URIs, and nothing
    else, so that not even an escaping that fails would load or run anything.

    Args:
        package: where the template lies; its files come before those of `harness.web`.
        template: its name.
        styles: style sheets of the package, after the shared one.
        scripts: scripts of the package, after the shared one.
        values: what the template shows.
    """
    script = _joined(package, ("page.js", *scripts))
    text = (
        _environment(package)
        .get_template(template)
        .render(
            style=_joined(package, ("style.css", *styles)),
            script=script,
            script_hash=_digest(script),
            version=_version(),
            **values,
        )
    )
    return text.rstrip("\n") + "\n"


@lru_cache
def _environment(package: str) -> Environment:
    """Templates of a package and the shared ones, with escaping that no template turns off."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader(SHARED, ".")]),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache
def _version() -> str:
    return version("harness")


@lru_cache
def _joined(package: str, names: tuple[str, ...]) -> Markup:
    """Files of ours, the first of them shared, which stand in a page as they are."""
    places = [files(SHARED) / names[0], *(files(package) / name for name in names[1:])]
    return Markup("\n".join(place.read_text(encoding="utf-8") for place in places))


@lru_cache
def _digest(script: str) -> str:
    """What the content security policy knows a script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
