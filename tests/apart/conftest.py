"""Whole artifacts as others use them, in environments of their own: `make soak` runs these.

They take minutes and a package index, so that a plain run of the tests leaves them out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOURS = {
    "flight-delay": ("01_flight_delay.ipynb", "flights_folder"),
    "movie-rating": ("02_movie_ratings.ipynb", "movies_folder"),
}

collect_ignore_glob = [] if os.environ.get("PROML_SOAK") else ["test_*.py"]


def call(*words: object, **options: object) -> str:
    """Run a command to its end; what it printed."""
    command = [str(word) for word in words]
    run = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert run.returncode == 0, f"{command}\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    return str(run.stdout)


def make_environment(folder: Path, *wanted: object) -> Path:
    """The interpreter of a new virtual environment with these packages, pinned as ours are."""
    call(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--no-compile"]
    call(*pip, *wanted)
    return python


@pytest.fixture(scope="session", params=sorted(TOURS))
def tour(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tour's artifact, promoted as it is from the command line."""
    name: str = request.param
    notebook, fixture = TOURS[name]
    source: Path = request.getfixturevalue(fixture)
    workspace = tmp_path_factory.mktemp("tours") / source.name
    call("cp", "-r", source, workspace)
    words = ["promote", ROOT / "notebooks" / notebook, "--name", name, "--workspace", workspace]
    call(sys.executable, "-m", "proml_lab", *words)
    return workspace / ".proml" / "artifacts" / name / "1"
