"""A stage for commands of `proml`, and a workspace on it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promote.survival.injection import Stage
from tests.promote.survival.place import Place, make_place
from tests.soak import FACTOR

collect_ignore = [] if FACTOR > 1 else ["test_every_step.py", "test_every_server_step.py"]


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, stage: Stage) -> Place:
    """A new workspace."""
    return make_place(tmp_path / "here", stage)


@pytest.fixture
def disk(tmp_path: Path, stage: Stage) -> Iterator[Place]:
    """One on a disk of 24 MB where this machine lets us make one, else in a folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]
    mounted = (
        shutil.which("mount") is not None
        and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    )
    yield make_place(folder, stage, is_disk=mounted)
    if mounted:
        subprocess.run(["umount", "-l", folder], check=True)
