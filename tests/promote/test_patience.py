"""A lock is waited for, and MLflow does not print."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from proml_lab.promote import patience


def test_a_lock_is_told_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.1)
    file = tmp_path / "some.db"
    assert patience.locked(file) == ""
    assert not file.exists()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert patience.locked(file) == "database is locked"
    other.close()
    assert patience.locked(file) == ""
    file.write_bytes(b"x" * 2000)
    assert patience.locked(file) == ""


def test_levels_come_back(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("sqlalchemy.engine")
    before = logger.level
    try:
        for level in (logging.NOTSET, logging.WARNING):  # MLflow's migrations set one of their own
            logger.setLevel(level)
            with patience.quiet():
                logger.critical("not this")
            assert logger.level == level
            assert caplog.messages == []
        logger.critical("this")
        assert caplog.messages == ["this"]
    finally:
        logger.setLevel(before)
