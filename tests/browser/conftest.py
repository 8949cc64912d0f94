"""A real JupyterLab and a real Chromium, each started once."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import notebooks
from tests.browser.lab import Lab

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CONFIG = """
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = {token!r}
c.LabApp.expose_app_in_browser = True
c.LabApp.extension_manager = "readonly"
"""
QUIET = {"fetchNews": "false", "checkForUpdates": False}
TOUR = Path(__file__).parents[2] / "notebooks" / "01_flight_delay.ipynb"
START_S = 60

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            item.add_marker("slow")


@pytest.fixture(scope="session")
def lab_root(tmp_path_factory: pytest.TempPathFactory, flights_folder: Path) -> Path:
    """The folder that Lab shows: a flights workspace with notebooks in it."""
    root = tmp_path_factory.mktemp("lab") / "flights"
    shutil.copytree(flights_folder, root)
    for make in (notebooks.tiny, notebooks.failing, notebooks.plain, notebooks.browse):
        make(root)
    shutil.copy(TOUR, root)
    return root


@pytest.fixture(scope="session")
def lab_server(
    lab_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """(address, token) of a JupyterLab with no settings but ours."""
    home = tmp_path_factory.mktemp("jupyter")
    token = secrets.token_hex(16)
    (home / "config").mkdir()
    config = home / "config" / "jupyter_server_config.py"
    config.write_text(CONFIG.format(token=token), encoding="utf-8")
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET), encoding="utf-8")
    places = ("config", "data", "runtime")
    environment = {**os.environ, **{f"JUPYTER_{p.upper()}_DIR": str(home / p) for p in places}}
    environment |= {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    environment.pop("PROML_WORKSPACE", None)
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={lab_root}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _address(server, home), token
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("There is no Chromium here. Hint: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def lab(
    chromium: Browser, lab_server: tuple[str, str], request: pytest.FixtureRequest
) -> Iterator[Lab]:
    """A new tab with cookies of its own; an error in the page fails the test."""
    url, token = lab_server
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = Lab(context.new_page(), url, token, request.node.name.partition("[")[0])
        yield tab
        tab.end_kernels()
        assert not tab.problems


def _address(server: subprocess.Popen[bytes], home: Path) -> str:
    """Wait until the server says where it listens."""
    deadline = time.monotonic() + START_S
    said = home / "runtime" / f"jpserver-{server.pid}.json"
    while time.monotonic() < deadline and server.poll() is None:
        if said.is_file():
            try:
                return str(json.loads(said.read_text(encoding="utf-8"))["url"])
            except ValueError:
                pass  # it is being written
        time.sleep(0.1)
    log = (home / "lab.log").read_text(encoding="utf-8", errors="replace")
    pytest.fail(f"JupyterLab did not start:\n{log[-4000:]}", pytrace=False)
