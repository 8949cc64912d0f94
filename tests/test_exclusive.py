"""The lock between processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from proml_lab.exclusive import hold

HOLDER = """
import sqlite3, sys, time
from proml_lab.exclusive import hold
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
hold(connection, patience_s=5)
print("held", flush=True)
time.sleep(60)
"""


def test_one_at_a_time_and_a_killed_holder_lets_go(tmp_path: Path) -> None:
    place = tmp_path / "lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        mine = sqlite3.connect(place, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            hold(mine, patience_s=0.2)
    finally:
        other.kill()
        other.communicate()
    hold(mine, patience_s=5)
    mine.close()
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]
