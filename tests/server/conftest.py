"""A small workspace, and the promotions of the notebooks in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from proml_lab.server.promotions import Promotions
from proml_lab.server.state import Promotion
from tests.browser import notebooks

Wait = Callable[[Promotions, str], Promotion]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with no features and three notebooks."""
    folder = tmp_path_factory.mktemp("served") / "work"
    (folder / "features").mkdir(parents=True)
    (folder / "proml.toml").write_text("", encoding="utf-8")
    for make in (notebooks.tiny, notebooks.failing, notebooks.plain):
        make(folder)
    return folder


@pytest.fixture(scope="session")
def promotions(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Promotions:
    return Promotions(root, tmp_path_factory.mktemp("memory") / "deep" / "workspaces.json")


@pytest.fixture(scope="session")
def wait() -> Wait:
    """Wait until a promotion has ended; a minute at most."""

    def until_ended(promotions: Promotions, key: str) -> Promotion:
        deadline = time.monotonic() + 60
        while (found := promotions.get(key)).status == "running":
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found

    return until_ended


@pytest.fixture(scope="session")
def done(promotions: Promotions, wait: Wait) -> Promotion:
    """A promotion that ended well."""
    started = promotions.start("01_tiny_model.ipynb", "tiny-model", {"n_rows": "500"})
    assert started.status == "running"
    return wait(promotions, started.id)


@pytest.fixture(scope="session")
def failed(promotions: Promotions, wait: Wait) -> Promotion:
    """A promotion whose notebook raised."""
    return wait(promotions, promotions.start("failing.ipynb", "failing", {}).id)
