"""Fixtures for every test: the example workspaces, made once from the real data."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from proml_lab.marketplace.workspace import Workspace, open_workspace
from tests import postgres as server

# No test says how long anything takes: the first call of a kernel compiles, machines are busy.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The signing key of the tests is made in a folder of theirs, never in the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        patch.delenv("PROML_SIGNING_KEY", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Shells let jobs in the background ignore interrupts; those of the tests must arrive."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def flights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flights workspace; read-only by agreement, copy it to write."""
    from proml_lab.marketplace.example import make_flights

    return make_flights(tmp_path_factory.mktemp("data") / "flights")


@pytest.fixture(scope="session")
def flights(flights_folder: Path) -> Workspace:
    return open_workspace(flights_folder)


@pytest.fixture(scope="session")
def movies_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movies workspace; read-only by agreement, copy it to write."""
    from proml_lab.marketplace.example import make_movies

    return make_movies(tmp_path_factory.mktemp("data") / "movies")


@pytest.fixture(scope="session")
def movies(movies_folder: Path) -> Workspace:
    return open_workspace(movies_folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server of our own: see `server.running`."""
    with server.running() as address:
        yield address
