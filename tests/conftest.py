"""Fixtures for every test: the example workspaces, made once from the real data."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.marketplace.workspace import Workspace, open_workspace


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
