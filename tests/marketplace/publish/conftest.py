"""A workspace in a git repository, and rain to publish in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.workspace import Workspace, open_workspace

START = datetime(2024, 3, 1, tzinfo=UTC)
RAIN = """\
view: shop.rain
owner: weather
entities: [shop]
event_time: hour
features:
  rain: {type: float, unit: mm, description: Rain of the hour.}
"""
SPEC = """\
proml: 1
name: sold-out
label: y
spine: {{source: orders, entities: [shop], cutoff: at}}
features: [{}]
"""
Git = Callable[..., str]


def rain(n: int = 20, factor: float = 1.0) -> pl.DataFrame:
    """So many hours of rain at one shop."""
    hours = [START + timedelta(hours=i) for i in range(n)]
    return pl.DataFrame(
        {"shop": ["n"] * n, "hour": hours, "rain": [float(factor * i) for i in range(n)]}
    )


def spine(hour: float = 5) -> pl.DataFrame:
    return pl.DataFrame({"shop": ["n"], "at": [START + timedelta(hours=hour)]})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace of ann, who owns what weather owns."""
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\temail = ann@example.org\n\tname = Ann\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "place"
    (root / "features").mkdir(parents=True)
    (root / "sources").mkdir()
    (root / "proml.toml").write_text('[owners]\nweather = ["Ann@example.org"]\n')
    (root / ".gitignore").write_text(".proml/\nsources/\n")
    return open_workspace(root)


@pytest.fixture
def git(place: Workspace) -> Git:
    """Git in the workspace, which is a repository of ann's then."""

    def ask(*words: str) -> str:
        command = ["git", "-C", str(place.root), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    ask("init", "--quiet")
    ask("add", "-A")
    ask("commit", "--quiet", "-m", "Begin")
    return ask
