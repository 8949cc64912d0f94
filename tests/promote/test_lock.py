"""The lock between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab.errors import RegistryError
from proml_lab.promote.lock import lock


def test_one_at_a_time_and_free_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / ".lock"
    with lock(path):
        said = r"The lock .* cannot be taken: database is locked.\nHint: another promotion may"
        with pytest.raises(RegistryError, match=said), lock(path, patience_s=0.1):
            pass
    with lock(path, patience_s=0):
        pass


def test_a_process_that_dies_lets_go(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from proml_lab.promote.lock import lock\n"
        "with lock(Path(sys.argv[1])): os._exit(9)"
    )
    command = [sys.executable, "-c", code, tmp_path / ".lock"]
    assert subprocess.run(command, check=False).returncode == 9
    with lock(tmp_path / ".lock", patience_s=0):
        pass


def test_what_cannot_be_a_lock(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not empty, and no database " * 40)
    with (
        pytest.raises(RegistryError, match="cannot be taken: file is not a database"),
        lock(tmp_path / "text"),
    ):
        pass
    with pytest.raises(RegistryError, match="cannot be opened: "), lock(tmp_path / "text" / "x"):
        pass


def test_a_lock_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be opened"), lock(tmp_path / "x", make=False):
        pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x y?#%").touch()
    with lock(tmp_path / "x y?#%", make=False):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["x y?#%"]
