"""How MLflow is called: it does not print, and does not wait long for a locked file."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 10.0
_FAMILIES = ("mlflow", "alembic", "sqlalchemy")
_NO_LINKS = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
"""Else MLflow prints where on a server a run is seen, also among JSON that was asked for."""


def locked(file: Path) -> str:
    """What SQLite says if `file` stays locked by others for `PATIENCE_S` seconds, else nothing.

    MLflow itself waits for 20 s at every step.
    """
    if not file.exists():
        return ""
    try:
        connection = sqlite3.connect(file, timeout=PATIENCE_S, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:  # of anything but a lock MLflow's own call tells
        return str(error) if "locked" in str(error) else ""
    return ""


@contextmanager
def quiet() -> Iterator[None]:
    """MLflow reports each table that it makes and prints what it raises: not while we work."""
    loggers = _loggers()
    before = [logger.level for logger in loggers]
    links = os.environ.get(_NO_LINKS)
    os.environ[_NO_LINKS] = "true"
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
        os.environ.pop(_NO_LINKS, None)
        if links is not None:
            os.environ[_NO_LINKS] = links


def _loggers() -> list[logging.Logger]:
    """The heads of the families, and members with a level of their own, for they heed no head."""
    heads = tuple(f"{family}." for family in _FAMILIES)
    members = [*logging.root.manager.loggerDict.items()]
    own = [
        logger
        for name, logger in members
        if name.startswith(heads) and isinstance(logger, logging.Logger) and logger.level
    ]
    return [*map(logging.getLogger, _FAMILIES), *own]
