"""The layouts of a workspace: found, made at first use, made anew when a source changes, let go."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import stat
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.contracts import Progress
from proml_lab.errors import ProMLError
from proml_lab.exclusive import hold
from proml_lab.marketplace.layout.layout import Layout, column_file, sums_file
from proml_lab.marketplace.layout.store import FORMAT, HEAD, Store
from proml_lab.marketplace.source import Files
from proml_lab.marketplace.view import FeatureView
from proml_lab.statefolder import make_folder

SMALLEST = 1 << 25
"""Files that take fewer bytes are read each time: that is done before a layout would be."""
_ROW = 96
"""Bytes that a row takes while it is put in order."""
_ROWS = 1 << 32
_PART = ".part"


class LayoutWarning(UserWarning):
    """A layout could not be kept; joins are slower, and right."""


@dataclass(frozen=True)
class Layouts:
    """Where layouts are kept.

    Attributes
    ----------
    folder
        Made when it is needed.
    limit
        Bytes that all of them may take: those that were not used for longest go, save the newest.
    memory
        Bytes that the making of one may take.
    smallest
        Bytes that a source's files must have.
    tell
        Is told how far the making of a layout is.
    """

    folder: Path
    limit: int
    memory: int
    smallest: int = SMALLEST
    tell: Progress | None = None

    def open(self, view: FeatureView, columns: list[str]) -> Layout | None:
        """The layout of the source of `view` as it is now, with some of its columns.

        None where the source is to be read itself: it is small or no file, there is no room for a
        layout, or another process is making it.

        Raises
        ------
        SourceError, DataError
            The source cannot be read, or its keys or clocks not be used.
        """
        table = view.table
        if not isinstance(table, Files) or table.state is None:
            return None
        state = table.state
        folder = self.folder / f"{_key(view)}-{state[:16]}"
        store = Store.open(folder)
        if store is None or not _has(store, columns):
            store = self._make(view, columns, folder, state)
        if store is None or not _has(store, columns):
            return None
        with suppress(OSError):  # that of somebody else may be read only
            os.utime(folder / HEAD)
        try:
            return Layout.of(store, columns)
        except OSError:  # another process has made it anew meanwhile
            return None

    @property
    def found(self) -> Layouts:
        """The same ones, of which no more are made."""
        return replace(self, limit=0)

    @property
    def quiet(self) -> Layouts:
        """The same ones, without anybody to tell: these can be sent to another process."""
        return replace(self, tell=None)

    def _make(
        self, view: FeatureView, columns: list[str], folder: Path, state: str
    ) -> Store | None:
        """The layout in `folder`, made or extended by this process; None if it is not."""
        if not self._pays(view, columns):
            return None
        try:
            make_folder(self.folder)
            with _alone(self.folder / f"{_key(view)}.lock") as free:
                if not free:
                    return None
                self._sweep(_key(view))
                store = Store.open(folder)
                if store is None:
                    store = self._build(view, columns, folder, state)
                elif not _has(store, columns):
                    self._extend(view, columns, store, state)
                self._trim(folder)
                return Store.open(folder) if store else None
        except ProMLError:  # of the source: it cannot be read either
            raise
        except (OSError, sqlite3.Error, PolarsError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
            warnings.warn(
                f"No layout of {view.source} is kept in {self.folder}: {reason}. "
                "Joins are right, and take longer.",
                LayoutWarning,
                stacklevel=2,
            )
            return None

    def _build(
        self, view: FeatureView, columns: list[str], folder: Path, state: str
    ) -> Store | None:
        from proml_lab.marketplace.layout.build import build

        part = self.folder / f"{folder.name}-{secrets.token_hex(4)}{_PART}"
        for_all = all(file.stat().st_mode & stat.S_IROTH for file in view.table.files)
        part.mkdir(0o755 if for_all else 0o700)  # whoever may not read the source, not this either
        try:
            try:
                store = build(view, columns, part, tell=self._told)
            except (PolarsError, ProMLError):
                if view.table.state == state:
                    raise
            if view.table.state != state:  # the source has changed meanwhile
                return None
            store.tell()
            shutil.rmtree(folder, ignore_errors=True)  # a damaged one
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        for other in self.folder.glob(f"{_key(view)}-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        return store

    def _extend(self, view: FeatureView, columns: list[str], store: Store, state: str) -> None:
        from proml_lab.marketplace.layout.build import extend

        try:
            extend(view, columns, store, tell=self._told)
        except (PolarsError, ProMLError):
            if view.table.state == state:
                raise
        if view.table.state == state:
            store.tell()

    def _told(self, part: float, words: str) -> None:
        if self.tell is not None:
            self.tell(part, words)

    def _pays(self, view: FeatureView, columns: list[str]) -> bool:
        """Whether a layout of the source is worth its time and has room."""
        table = view.table
        size = sum(file.stat().st_size for file in table.files)
        if size < self.smallest:
            return False
        schema = table.schema()
        if any("Int128" in str(schema[name]) for name in columns):  # Arrow's files have none
            return False
        n_rows = table.n_rows()
        widths = [_width(schema[name], size // max(n_rows, 1)) for name in columns]
        fits = 0 < n_rows < _ROWS and n_rows * (_ROW + 2 * max(widths)) <= self.memory
        return fits and n_rows * (sum(widths) + 32) <= self.limit

    def _sweep(self, key: str) -> None:
        """Take away what one left behind that was killed; who holds the lock is alone."""
        for part in self.folder.glob(f"{key}-*{_PART}"):
            shutil.rmtree(part, ignore_errors=True)

    def _trim(self, kept: Path) -> None:
        """Remove the layouts that were not used for longest, until all fit; `kept` stays."""
        found = []
        for head in self.folder.glob(f"*/{HEAD}"):
            with suppress(OSError):
                size = sum(file.stat().st_size for file in head.parent.iterdir())
                found.append((head.stat().st_mtime_ns, size, head.parent))
        total = sum(size for _, size, _ in found)
        for _, size, folder in sorted(found):
            if total > self.limit and folder != kept:
                shutil.rmtree(folder, ignore_errors=True)
                total -= size


def _has(store: Store, columns: Iterable[str]) -> bool:
    names = [*columns]
    return sums_file(names) in store and all(column_file(name) in store for name in names)


def _width(kind: pl.DataType, size: int) -> int:
    """About how many bytes a value takes, in files of so many bytes a row."""
    if isinstance(kind, pl.Array):
        return 8 * kind.size
    loose = kind.is_nested() or kind in (pl.String, pl.Binary)
    return max(16, 4 * size) if loose else 8


def _key(view: FeatureView) -> str:
    """16 hex digits of what decides the order of a view's rows, beside these themselves."""
    source = view.source.model_dump(mode="json") if view.source else None
    known = view.known_at if isinstance(view.known_at, str) else str(view.known_at)
    said = [FORMAT, source, [*view.keys.values()], view.event_time, known, view.ties]
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


@contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """Whether this process holds the lock `place`; one who dies lets go of it."""
    with closing(sqlite3.connect(place, timeout=0, isolation_level=None)) as connection:
        try:
            hold(connection, patience_s=0)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            yield False
        else:
            yield True
