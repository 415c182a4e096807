"""The page's server: on this machine only, and for nobody but the page it served."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from harness.edit.latent_session import LatentSession
from harness.edit.session import EditSession, UnknownPhoto
from harness.errors import ConfigError, HarnessError, UserError
from harness.toml import validate

T = TypeVar("T")

#: What the page shows and saves.
Session = EditSession | LatentSession

#: The only address that is listened on.
HOST = "127.0.0.1"
#: Names under which this machine calls itself.
OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
#: Bytes of the largest photo and the largest edit.
PHOTO_BYTES, EDIT_BYTES = 64 * 2**20, 2**20
#: Files of the page and their kinds.
PAGE = {
    "index.html": "text/html",
    "style.css": "text/css",
    "latents.html": "text/html",
    "edit.js": "text/javascript",
    "latents.js": "text/javascript",
    "shell.js": "text/javascript",
    "state.js": "text/javascript",
    "stage.js": "text/javascript",
    "server.js": "text/javascript",
    "choices.js": "text/javascript",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def bound_socket(port: int) -> socket.socket:
    """A socket bound to a port of the loopback address; port 0 takes a free one.

    Raises:
        UserError: the port is taken or cannot be used.
    """
    if not 0 <= port < 2**16:
        raise UserError(f"--port must be from 0 to {2**16 - 1}, got {port}.")
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen()
    except OSError as error:
        bound.close()
        raise UserError(
            f"Port {port} of {HOST} cannot be used: {error.strerror}. Pass another one with "
            "--port; 0 takes a free one."
        ) from None
    return bound


def serve(session: Session, bound: socket.socket) -> None:
    """Answer until the process is interrupted."""
    server(session).run(sockets=[bound])


def server(session: Session) -> uvicorn.Server:
    """The server, before it has begun to answer."""
    config = uvicorn.Config(
        application(session),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)


def application(session: Session) -> ASGIApp:
    """The server's answers, behind the check of who asks."""
    answers = _Answers(session)
    routes = [
        Route("/", answers.page),
        Route("/page/{file}", answers.page),
        Route("/api/about", answers.about),
        Route("/api/sample/{number:int}", answers.sample),
        Route("/api/edit", answers.edit, methods=["POST"]),
        Route("/api/photo/{name}", answers.opened),
        Route("/api/photo", answers.photo, methods=["POST"]),
        Route("/api/save", answers.save, methods=["POST"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            HarnessError: _refused,
            HTTPException: _not_found,
            ClientDisconnect: _gone,
            Exception: _unforeseen,
        },
    )
    return OnlyThisPage(app)


class OnlyThisPage:
    """Refuses requests of other pages, which a browser would send here as well.

    A page of another site names itself in `Origin`, or, where its own name was made to point to
    this machine, in `Host`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 403."""
        if scope["type"] == "http" and (sentence := self._foreign(scope)):
            response = JSONResponse({"error": sentence}, 403, _HEADERS)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    @staticmethod
    def _foreign(scope: Scope) -> str:
        """Why a request is refused; empty where it is not."""
        headers = Request(scope).headers
        host, origin = headers.get("host", ""), headers.get("origin")
        if _name(f"//{host}") not in OWN_NAMES:
            return f"This page is for this machine alone; {host!r} is none of its own names."
        if origin is not None and origin != f"http://{host}":
            return f"A page of {origin!r} may not use this one."
        # Following a link to the page itself is no harm.
        own = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        if not own and scope["path"] != "/":
            return "A page of another site may not use this one."
        return ""


class _Answers:
    """One method a route; drawing takes turns in a thread beside the server's own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = anyio.Lock()
        folder = files("harness.edit") / "page"
        self._page = {name: (folder / name).read_bytes() for name in PAGE}

    async def page(self, request: Request) -> Response:
        name = request.path_params.get("file", self._session.page)
        if name not in self._page:
            raise HTTPException(404)
        return Response(self._page[name], headers=_HEADERS, media_type=PAGE[name])

    async def about(self, request: Request) -> Response:
        return _json(self._session.about())

    async def sample(self, request: Request) -> Response:
        seed, number = request.query_params.get("seed", "0"), request.path_params["number"]
        picture = await self._in_turn(request, lambda: self._session.thumbnail(seed, number))
        return Response(picture, headers=_HEADERS, media_type="image/png")

    async def edit(self, request: Request) -> Response:
        wanted = await self._wanted(request)
        shown: Any = await self._in_turn(request, lambda: self._session.show(wanted))
        values = asdict(shown)
        pictures = {name: _url(values[name]) for name in ("picture", "plain", "change")}
        return _json({**values, **pictures})

    async def photo(self, request: Request) -> Response:
        data = await _body(request, PHOTO_BYTES)
        title = unquote(request.headers.get("x-title", "")) or "photo"
        photo = await self._in_turn(request, lambda: self._session.open_photo(data, title))
        return _json({"photo": photo.name, "title": photo.title})

    async def opened(self, request: Request) -> Response:
        name = request.path_params["name"]
        picture = await self._in_turn(request, lambda: self._session.photo(name))
        return Response(picture, headers=_HEADERS, media_type="image/png")

    async def save(self, request: Request) -> Response:
        wanted = await self._wanted(request)
        saved = await self._in_turn(request, lambda: self._session.save(wanted))
        return _json({name: str(value) for name, value in asdict(saved).items()})

    async def _wanted(self, request: Request) -> Any:
        """The edit that a request holds, as the session takes it."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise ConfigError("The request holds no edit; expected application/json.")
        data = await _body(request, EDIT_BYTES)
        try:
            values = json.loads(data)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise ConfigError("The request holds no edit; expected a JSON object.")
        return validate(self._session.requests, values, "The request")

    async def _in_turn(self, request: Request, act: Callable[[], T]) -> T:
        """What `act` gives, unless the page has meanwhile given the request up."""
        async with self._turn:
            if await request.is_disconnected():
                raise ClientDisconnect
            return await run_in_threadpool(act)


async def _body(request: Request, most: int) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise UserError(f"That is too large; at most {most // 2**20} MiB can be taken.")
    return bytes(data)


def _json(values: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(values, status, _HEADERS)


def _url(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


async def _refused(request: Request, error: Exception) -> Response:
    missing = error.name if isinstance(error, UnknownPhoto) else None
    status = 400 if isinstance(error, UserError) else 500
    return _json({"error": str(error), "missing": missing}, status)


async def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _json({"error": f"There is nothing for {request.method} {request.url.path}."}, status)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)


async def _unforeseen(request: Request, error: Exception) -> Response:
    message = " ".join(str(error).split()) or "no message"
    return _json({"error": f"unexpected {type(error).__name__}: {message}."}, 500)
