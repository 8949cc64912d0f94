"""One process at a time: SQLite's own lock on an empty file, which one who dies lets go of."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_S = 0.05


def hold(connection: sqlite3.Connection, *, patience_s: float) -> None:
    """Take the file of `connection` for this process alone, until the connection is closed.

    Raises
    ------
    sqlite3.Error
        Another process holds it for `patience_s` seconds, or it cannot be taken at all.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = OFF")  # no second file beside
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
