"""A lock between processes that one who dies lets go of: SQLite's own, on an empty file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proml_lab.errors import RegistryError
from proml_lab.exclusive import hold
from proml_lab.promote.permission import ASK, forbidden
from proml_lab.statefolder import make_folder

PATIENCE_S = 120.0


@contextmanager
def lock(path: Path, *, patience_s: float = PATIENCE_S, make: bool = True) -> Iterator[None]:
    """Hold the lock `path` for a block; wait for it `patience_s` seconds.

    Its file is made, unless `make` is false: then it must be there.

    Raises
    ------
    RegistryError
        The file cannot be opened, or another process holds it all that time.
    """
    if reason := forbidden(path):
        raise RegistryError(f"The lock {path} cannot be taken: {reason}.", hint=f"{ASK}.")
    try:
        if make:
            make_folder(path.parent)
        place = f"{path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
        connection = sqlite3.connect(place, timeout=0, isolation_level=None, uri=True)
    except (OSError, sqlite3.Error) as error:
        raise RegistryError(f"The lock {path} cannot be opened: {error}.") from None
    try:
        try:
            hold(connection, patience_s=patience_s)
        except sqlite3.Error as error:
            raise RegistryError(
                f"The lock {path} cannot be taken: {error}.",
                hint="another promotion may be stuck; end it, then try again.",
            ) from None
        yield
    finally:
        connection.close()
