"""The addresses of a real Jupyter server: who may ask, what is answered, what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from proml_lab.server import _jupyter_server_extension_points
from proml_lab.server.promotions import Promotions
from proml_lab.server.state import Promotion

TOKEN = "0123456789abcdef"
CONFIG = f"""
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = "{TOKEN}"
"""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass(frozen=True)
class Client:
    """Asks a server at `url`, with its token unless told otherwise."""

    url: str

    def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = TOKEN
    ) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}proml/api/{path}", data=data, method=method)
        if token is not None:
            request.add_header("Authorization", f"token {token}")
        try:
            with urlopen(request, timeout=60) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read().decode())
        except HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read().decode())


@pytest.fixture(scope="module")
def client(
    root: Path, promotions: Promotions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("jupyter")
    (home / "config").mkdir()
    (home / "data" / "proml").mkdir(parents=True)
    (home / "data" / "proml" / "workspaces.json").symlink_to(promotions.memory)
    (home / "config" / "jupyter_server_config.py").write_text(CONFIG, encoding="utf-8")
    places = ("config", "data", "runtime")
    environment = {**os.environ, **{f"JUPYTER_{p.upper()}_DIR": str(home / p) for p in places}}
    environment.pop("PROML_WORKSPACE", None)
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--ServerApp.root_dir={root}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    said = home / "runtime" / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + 30
    while not said.is_file() or not said.read_text(encoding="utf-8").endswith("}"):
        assert server.poll() is None, (home / "server.log").read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield Client(json.loads(said.read_text(encoding="utf-8"))["url"])
    server.send_signal(signal.SIGTERM)
    server.wait(20)


def test_the_extension_names_its_module() -> None:
    assert _jupyter_server_extension_points() == [{"module": "proml_lab.server"}]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "notebook?path=01_tiny_model.ipynb"),
        ("GET", "promotions"),
        ("POST", "promotions"),
        ("GET", "promotions/20260101-000000-abcdef"),
        ("DELETE", "promotions/20260101-000000-abcdef"),
        ("POST", "promotions/20260101-000000-abcdef/cancel"),
        ("POST", "promotions/20260101-000000-abcdef/partial"),
    ],
)
def test_a_stranger_gets_nothing(client: Client, method: str, path: str) -> None:
    for token in (None, "wrong"):
        assert client.ask(method, path, {} if method == "POST" else None, token=token).status == 403


def test_a_stranger_sees_no_report(client: Client, done: Promotion) -> None:
    reply = client.ask("GET", f"promotions/{done.id}/report", token=None)
    assert "tiny-model@1" not in reply.body


def test_the_form(client: Client) -> None:
    reply = client.ask("GET", "notebook?path=01_tiny_model.ipynb")
    assert reply.status == 200
    assert (reply.json["path"], reply.json["name"]) == ("01_tiny_model.ipynb", "tiny-model")
    fields = reply.json["parameters"]
    assert isinstance(fields, list)
    assert fields[1] == {
        "name": "n_rows", "kind": "int", "value": "400", "placeholder": "",
        "help": "rows to learn from", "required": True, "choices": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("plain.ipynb", "no cell tagged 'parameters'"),
        ("../work/plain.ipynb/../../x.ipynb", "outside the folder"),
        ("%2e%2e/x.ipynb", "outside the folder"),
        ("/etc/passwd", "is not a notebook"),
        ("", "is not a notebook"),
    ],
)
def test_a_wrong_notebook_is_refused_in_words(client: Client, path: str, message: str) -> None:
    reply = client.ask("GET", f"notebook?path={path}")
    assert reply.status == 422
    assert reply.json["error"] == "NotebookError"
    assert message in str(reply.json["message"])


def test_one_from_start_to_end(client: Client) -> None:
    reply = client.ask(
        "POST",
        "promotions",
        {"path": "01_tiny_model.ipynb", "name": "served", "parameters": {"seconds": "100"}},
    )
    assert reply.status == 200
    started = reply.json
    assert (started["name"], started["status"], started["version"]) == ("served", "running", None)
    one = f"promotions/{started['id']}"
    assert client.ask("GET", one).json["parameters"] == {"seconds": "100"}
    refused = client.ask("DELETE", one)
    assert (refused.status, refused.json["message"]) == (422, "served still runs.")
    assert client.ask("GET", f"{one}/report").status == 404
    assert client.ask("POST", f"{one}/cancel", {}).json["status"] == "cancelled"
    assert client.ask("DELETE", one).status == 200
    gone = client.ask("GET", one)
    assert (gone.status, gone.json["error"]) == (404, "UnknownNameError")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"path": "a.ipynb", "name": "a"},
        {"path": "a.ipynb", "name": "a", "parameters": {"n": 3}},
        {"path": "a.ipynb", "name": 3, "parameters": {}},
    ],
)
def test_a_request_of_another_shape(client: Client, body: object) -> None:
    reply = client.ask("POST", "promotions", body)
    assert (reply.status, reply.json["error"]) == (422, "UsageError")


def test_the_list(client: Client, done: Promotion, failed: Promotion) -> None:
    found = client.ask("GET", "promotions").json["promotions"]
    assert isinstance(found, list)
    shown = {one["id"]: one for one in found}
    assert shown[done.id]["version"] == 1
    assert shown[done.id]["report"] is True
    assert shown[failed.id]["failure"]["notebook"] is True
    assert "AttributeError" in shown[failed.id]["failure"]["message"]


def test_the_partial_notebook_lands_beside_its_source(client: Client, failed: Promotion) -> None:
    reply = client.ask("POST", f"promotions/{failed.id}/partial", {})
    assert reply.json["path"] == f"failing.partial-{failed.id}.ipynb"


def test_the_report_may_run_no_script(client: Client, done: Promotion) -> None:
    reply = client.ask("GET", f"promotions/{done.id}/report")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "tiny-model@1" in reply.body
    policy = [rule.strip() for rule in reply.headers["Content-Security-Policy"].split(";")]
    assert "sandbox allow-same-origin" in policy
    assert {"default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert not any(rule.startswith("script-src") for rule in policy)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_the_report_is_told_the_theme(client: Client, done: Promotion) -> None:
    one = f"promotions/{done.id}/report"
    assert '<body data-jp-theme-light="false">' in client.ask("GET", f"{one}?theme=dark").body
    assert '<body data-jp-theme-light="true">' in client.ask("GET", f"{one}?theme=light").body
    assert "<body>" in client.ask("GET", f"{one}?theme=%22%3E%3Cscript%3E").body


@pytest.mark.parametrize("key", ["..", "../../../etc", "20260101-000000-abcdef/../x", "x"])
def test_no_other_file_is_served(client: Client, key: str) -> None:
    assert client.ask("GET", f"promotions/{quote(key, safe='')}/report").status == 404
    assert client.ask("GET", f"promotions/{key}/report").status == 404


def test_a_result_that_points_elsewhere_is_not_served(
    client: Client, done: Promotion, tmp_path: Path
) -> None:
    result = done.folder / "result.json"
    kept = result.read_text(encoding="utf-8")
    secret = tmp_path / "secret.html"
    secret.write_text("secret", encoding="utf-8")
    try:
        result.write_text(json.dumps({**json.loads(kept), "report": str(secret)}), encoding="utf-8")
        assert client.ask("GET", f"promotions/{done.id}/report").status == 404
        elsewhere = tmp_path / "report.html"
        secret.rename(elsewhere)
        told = {**json.loads(kept), "report": str(elsewhere)}
        result.write_text(json.dumps(told), encoding="utf-8")
        assert client.ask("GET", f"promotions/{done.id}/report").status == 404
    finally:
        result.write_text(kept, encoding="utf-8")
