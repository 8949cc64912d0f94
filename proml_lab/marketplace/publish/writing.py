"""Files that are written together: staged beside their places, then moved there one by one."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from proml_lab.errors import PublicationError
from proml_lab.exclusive import hold
from proml_lab.statefolder import make_folder, state_folder

PATIENCE_S = 60.0
_PART = ".publishing"


@contextmanager
def alone(root: Path, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Let only one process at a time publish in the workspace `root`; one who dies lets go.

    Raises
    ------
    PublicationError
        Another publishes all that time, or nothing can be written here.
    """
    place = state_folder(root, "publish.lock")
    try:
        make_folder(place.parent)
        connection = sqlite3.connect(place, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise PublicationError(
            f"Nothing can be written to {place.parent}: {error}.", hint="see who owns it."
        ) from None
    try:
        try:
            hold(connection, patience_s=patience_s)
        except sqlite3.Error:
            raise PublicationError(
                "Another process is publishing here, and does not end.",
                hint="try again once it has; or end it.",
            ) from None
        yield
    finally:
        connection.close()


def write_all(files: Mapping[Path, bytes | Path]) -> None:
    """Write `files`, each whole or not at all, in their order; a `Path` is a file to move there.

    Whatever fails before the last of them is staged leaves all as it was. A process that dies
    between two moves leaves the first ones: their order must allow for it.

    Raises
    ------
    PublicationError
        The disk is full, or a place cannot be written.
    """
    staged: dict[Path, Path] = {}
    folders: list[Path] = []
    try:
        for place, content in files.items():
            folders += [one for one in (place.parent, *place.parent.parents) if not one.exists()]
            place.parent.mkdir(parents=True, exist_ok=True)
            _sweep(place)
            part = place.with_name(f".{place.name}-{secrets.token_hex(4)}{_PART}")
            staged[place] = part
            _fill(part, content)
        for place, part in staged.items():
            part.replace(place)
    except OSError as error:
        for part in staged.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
        for folder in sorted(folders, reverse=True):  # inner ones first
            with suppress(OSError):  # it holds something by now
                folder.rmdir()
        reason = (error.strerror or str(error)).lower()
        raise PublicationError(
            f"The view cannot be written: {reason}.",
            hint="free some space, or see who owns the folder; then try again.",
        ) from None


def _fill(part: Path, content: bytes | Path) -> None:
    if isinstance(content, Path):
        try:
            os.link(content, part)
        except OSError:  # on another disk, or one without links
            shutil.copyfile(content, part)
        return
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sweep(place: Path) -> None:
    """Take away what a process that died left beside `place`; whoever is here is alone."""
    for part in place.parent.glob(f".{place.name}-*{_PART}"):
        part.unlink(missing_ok=True)
