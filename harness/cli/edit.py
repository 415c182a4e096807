"""`harness edit`: a page in the browser for changing what a finished run draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness edit runs/flowers_17/gan_seg-quick-seed0-1a2b3c4d",
    "harness edit runs/synthetic_faces_attributes/sgf-quick-seed0-1a2b3c4d --port 0 --open",
)
#: Packages of the extra `edit`.
_NEEDS = ("starlette", "uvicorn")


def edit(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    count: Annotated[int, typer.Option("-n", help="Images that a seed draws.")] = 8,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.")] = 8421,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads [default: the cores that are free].")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Change what a run draws, on a page in the browser.

    Drag keypoints, exchange looks and backgrounds, and open photos where the method draws them.
    With the run of an editor of latents, say what an image or a photo is to show, and how far.
    Edits are saved in RUN/edits; 'harness sample --from' draws them again. The page is served to
    this machine alone, until Ctrl-C.
    """
    import sys
    import webbrowser
    from contextlib import suppress

    from harness.cli import console
    from harness.errors import UserError

    absent = [name for name in _NEEDS if not _installed(name)]
    if absent:
        raise UserError(
            f"harness edit needs {' and '.join(absent)}, not installed here: "
            "pip install 'harness[edit]'."
        )
    import torch

    from harness.drawing.editor_run import open_editor
    from harness.edit.latent_session import LatentSession
    from harness.edit.server import HOST, bound_socket, serve
    from harness.edit.session import EditSession
    from harness.saved import load_fitted
    from harness.training.machine import free_cores

    with bound_socket(port) as bound:
        # Threads that wait for a busy core make a small picture many times slower.
        torch.set_num_threads(threads or free_cores())
        fitted = load_fitted(run, device)
        edits = "edit" in fitted.spec.capabilities
        session = (
            LatentSession(open_editor(fitted, run), count)
            if edits
            else EditSession(fitted, run, count)
        )
        address = f"http://{HOST}:{bound.getsockname()[1]}/"
        console.answer(address)
        sys.stdout.flush()
        console.say("Open this address in a browser; Ctrl-C ends the server.")
        if open_page:
            webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            serve(session, bound)
        console.say("Closed.")


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None
