from __future__ import annotations

import base64
import socket
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from png_pixels import decoded

from harness.edit.session import EditSession
from harness.errors import RunError, UserError

pytest.importorskip("starlette", reason="the extra 'edit' is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

from starlette.testclient import TestClient

from harness.edit.server import PAGE, application, bound_socket

HOME = "http://127.0.0.1:8421"
EDIT = {"seed": "5", "image": 2, "operations": ["move=1:+0.1,-0.05"]}


@pytest.fixture
def client(session: EditSession) -> TestClient:
    return TestClient(application(session), base_url=HOME, raise_server_exceptions=False)


@pytest.fixture
def photo_client(photo_session: EditSession) -> TestClient:
    return TestClient(application(photo_session), base_url=HOME)


def pixels(url: str) -> np.ndarray:
    kind, data = url.split(",")
    assert kind == "data:image/png;base64"
    return decoded(base64.b64decode(data))


def test_every_file_of_the_page_is_served_and_needs_nothing_from_elsewhere(
    client: TestClient,
) -> None:
    folder = files("harness.edit") / "page"
    assert {file.name for file in folder.iterdir()} == set(PAGE)
    for name, kind in PAGE.items():
        answer = client.get(f"/page/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "http://" not in answer.text
        assert "https://" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/").text == client.get("/page/index.html").text


def test_what_is_served_is_described(client: TestClient, photo_client: TestClient) -> None:
    about = client.get("/api/about").json()
    assert about == {
        "method": "toy_painter",
        "run": "a run",
        "owner": "its owner",
        "size": 32,
        "renders": True,
        "reconstructs": False,
        "count": 4,
    }
    about = photo_client.get("/api/about").json()
    assert (about["renders"], about["reconstructs"]) == (False, True)


def test_an_edit_comes_back_as_pictures_and_keypoints(
    client: TestClient, session: EditSession
) -> None:
    from harness.edit.request import EditRequest

    answer = client.post("/api/edit", json=EDIT).json()
    shown = session.show(EditRequest(**EDIT))  # type: ignore[arg-type]
    for name in ("picture", "plain", "change"):
        np.testing.assert_array_equal(pixels(answer[name]), decoded(getattr(shown, name)))
    assert answer["after"] == [list(point or ()) for point in shown.after]
    gap = np.subtract(answer["after"], answer["before"])
    np.testing.assert_allclose(gap, [[0, 0], [0.1, -0.05], [0, 0]], atol=2e-6)


def test_samples_are_pictures(client: TestClient, session: EditSession) -> None:
    answer = client.get("/api/sample/3", params={"seed": "5"})
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == session.thumbnail("5", 3)


def test_photos_are_opened_drawn_and_saved(photo_client: TestClient, photo: bytes) -> None:
    title = "caf%C3%A9.jpg"
    opened = photo_client.post("/api/photo", content=photo, headers={"X-Title": title}).json()
    assert opened["title"] == "café"
    wanted = {"photo": opened["photo"], "operations": ["move=0:+0.2,0"]}
    shown = photo_client.post("/api/edit", json=wanted).json()
    assert shown["picture"] != shown["plain"]
    assert photo_client.get(f"/api/photo/{opened['photo']}").content[:4] == b"\x89PNG"
    saved = photo_client.post("/api/save", json=wanted).json()
    assert saved["command"].endswith(f"--from '{saved['edit']}'")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({**EDIT, "seed": "x"}, "A seed is a whole number"),
        ({**EDIT, "seed": 5}, "The request: seed: Input should be a valid string, got 5."),
        ({**EDIT, "sede": "5"}, "Did you mean 'seed'?"),
        ({**EDIT, "image": -1}, "image: Input should be greater than or equal to 0"),
        ({**EDIT, "operations": ["move=9:0,0"]}, "There is no keypoint 9"),
        ([], "expected a JSON object"),
    ],
    ids=str,
)
def test_bad_requests_are_explained(client: TestClient, values: Any, sentence: str) -> None:
    answer = client.post("/api/edit", json=values)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


def test_a_forgotten_photo_is_named_so_that_the_page_can_send_it_again(
    photo_client: TestClient,
) -> None:
    answer = photo_client.post("/api/edit", json={"photo": "0123"})
    assert (answer.status_code, answer.json()["missing"]) == (400, "0123")


def test_bodies_of_another_kind_or_size_are_refused(
    client: TestClient, photo_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = client.post("/api/edit", content=b"{}", headers={"Content-Type": "text/plain"})
    assert "expected application/json" in plain.json()["error"]
    kind = {"Content-Type": "application/json"}
    assert "JSON object" in client.post("/api/edit", content=b"{", headers=kind).json()["error"]
    monkeypatch.setattr("harness.edit.server.PHOTO_BYTES", 2**20)
    large = photo_client.post("/api/photo", content=b"x" * (2**20 + 1))
    assert (large.status_code, "at most 1 MiB" in large.json()["error"]) == (400, True)


def test_failures_are_sentences_too(
    client: TestClient, session: EditSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(error: Exception) -> Any:
        def fail(request: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(session, "save", failing(RunError("the disk is full.")))
    answer = client.post("/api/save", json=EDIT)
    assert (answer.status_code, answer.json()["error"]) == (500, "the disk is full.")
    monkeypatch.setattr(session, "save", failing(ValueError("two\nlines")))
    answer = client.post("/api/save", json=EDIT)
    assert answer.json()["error"] == "unexpected ValueError: two lines."
    answer = client.get("/api/nothing")
    assert answer.json()["error"] == "There is nothing for GET /api/nothing."
    assert client.get("/page/../server.py").status_code == 404
    assert client.get("/api/edit").status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:9000"}, 200),
        ({"Host": "[::1]:8421"}, 200),
        ({"Origin": HOME}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8421"}, 403),
        ({"Host": "localhost@evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "["}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
    ids=str,
)
def test_other_pages_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.post("/api/edit", json=EDIT, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"].endswith(("this one.", "its own names."))
    if "Host" in headers:
        assert client.get("/", headers=headers).status_code == status


def test_a_port_is_bound_on_this_machine_alone_and_only_once() -> None:
    with bound_socket(0) as bound:
        address, port = bound.getsockname()
        assert address == "127.0.0.1"
        with pytest.raises(UserError) as refused:
            bound_socket(port)
        assert str(refused.value) == (
            f"Port {port} of 127.0.0.1 cannot be used: Address already in use. Pass another one "
            "with --port; 0 takes a free one."
        )
        with socket.create_connection((address, port), timeout=5):
            pass
    with pytest.raises(UserError, match="--port must be from 0 to 65535, got 70000"):
        bound_socket(70000)
