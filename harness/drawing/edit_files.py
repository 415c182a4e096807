"""Reading saved edits of all kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.drawing.draw_request import DrawRequest
from harness.drawing.latent_request import LatentRequest
from harness.drawing.saved_edit import SCHEMA, SavedEdit, SavedPhotoEdit
from harness.drawing.saved_latent_edit import SavedLatentEdit
from harness.errors import RecordError, UserError
from harness.toml import validate

if TYPE_CHECKING:
    from harness.saved import Fitted

#: Every kind of saved edit.
AnyEdit = SavedEdit | SavedPhotoEdit | SavedLatentEdit


def read_edit(path: Path) -> AnyEdit:
    """An edit from its file, checked as far as it can be without the run.

    Raises:
        RecordError: the file cannot be read, is no JSON, holds no edit, or has a newer form.
        UnknownName: it has an unknown key or operation; the nearest one is offered.
        ConfigError: a value is wrong.
    """
    values = _json(path)
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA:
        raise RecordError(
            f"{path}: schema_version {version} is from a newer harness; this one reads {SCHEMA}."
        )
    edit: AnyEdit
    if "want" in values:
        edit = validate(SavedLatentEdit, values, str(path)).seen_from(path.parent)
    elif "photo" in values:
        edit = validate(SavedPhotoEdit, values, str(path)).seen_from(path.parent)
    else:
        edit = validate(SavedEdit, values, str(path))
    try:
        edit.request()
    except UserError as error:
        raise type(error)(f"{path}: {error}") from None
    return edit


def replayed(path: Path, fitted: Fitted, run: Path) -> DrawRequest | LatentRequest:
    """What a saved edit draws from this run.

    Args:
        path: the file.
        fitted: the method of the run.
        run: its folder, for the message.

    Raises:
        RecordError: the edit belongs to another run, whose images are others.
        UserError: the file cannot be read or is wrong, see `read_edit`.
    """
    edit = read_edit(path)
    if (edit.method, edit.fit) != (fitted.spec.name, fitted.owner):
        raise RecordError(
            f"{path}: belongs to the run of {edit.method} in {edit.run} and would draw other "
            f"images from {run}; pass the run that it was saved for."
        )
    return edit.request()


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise RecordError(f"{path}: is no JSON; expected an edit that was saved.") from None
    if not isinstance(values, dict):
        raise RecordError(f"{path}: holds no JSON object; expected an edit that was saved.")
    if not {"run", "fit"} & values.keys():
        raise RecordError(
            f"{path}: holds no edit; 'harness edit' saves them, and 'harness sample' with --want, "
            "or with -n and --op or --to."
        )
    return values
