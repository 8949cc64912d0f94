"""Tables and queries of databases: DuckDB by itself, every other by SQLAlchemy; only ever read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol

import polars as pl
from polars.io.plugins import register_io_source

from proml_lab.errors import SourceError
from proml_lab.marketplace.source.address import resolve, shown
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.table import Table, is_inside

BATCH = 1 << 16  # rows
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_FILES = ("duckdb", "sqlite")


class Asked(Protocol):
    """A SELECT that a database answers, in the types that it will give."""

    @property
    def schema(self) -> pl.Schema:
        """Column names and types; raises SourceError."""

    def batches(self, columns: list[str], n_rows: int | None) -> Iterator[pl.DataFrame]:
        """The first `n_rows` or all rows of these columns; raises SourceError."""

    def count(self) -> int:
        """How many rows it has; raises SourceError."""


class Database(Table):
    """A table, or a query, of a database. Each reading opens a connection and closes it again.

    Parameters
    ----------
    source
        What a view says of it.
    root
        What the paths of files with databases are relative to.
    databases
        Addresses by name.
    role
        What it is read for.
    """

    def __init__(
        self, source: Source, root: Path, *, databases: Mapping[str, str], role: str
    ) -> None:
        super().__init__(str(source), role=role, time_zone=source.time_zone)
        self.source, self.root, self.databases = source, root, databases

    def __repr__(self) -> str:
        return f"<Database: {self.name}>"

    @property
    def what(self) -> str:
        return f"{'a query' if self.source.query else self.source.table} of {self._place}"

    @property
    def is_movable(self) -> bool:
        return self._file is not None and is_inside(self._file, self.root)

    @property
    def files(self) -> tuple[Path, ...]:
        """The file of an SQLite or DuckDB database; of others none."""
        file = self._file
        return (file,) if file else ()

    @property
    def state(self) -> str | None:
        file = self._file
        if file is None:
            return None
        said = [self._address, str(self.source.table), str(self.source.query)]
        places = (Path(f"{file}{end}") for end in ("", "-wal", ".wal"))
        stats = [(place, place.stat()) for place in places if place.is_file()]
        # an empty log comes and goes with who reads
        said += [f"{place}:{one.st_size}:{one.st_mtime_ns}" for place, one in stats if one.st_size]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    def n_rows(self) -> int:
        return self._asked.count()

    def _scan(self) -> pl.LazyFrame:
        asked = self._asked

        def rows(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            names = columns if columns is not None else asked.schema.names()
            for piece in asked.batches(names, n_rows):
                yield piece.filter(predicate) if predicate is not None else piece

        return register_io_source(rows, schema=asked.schema)

    @cached_property
    def _asked(self) -> Asked:
        file, words = self._file, _words(self.source.table, self.role)
        if file and not file.is_file():
            raise SourceError(
                f"{self.role}: there is no database {file}.",
                hint="check its address; a path after :/// is relative to the workspace.",
            )
        if file and self._kind == "duckdb":
            from proml_lab.marketplace.source.duck import Duck

            return Duck(file, words, self.source.query, role=self.role, what=self.what)
        from proml_lab.marketplace.source.server import Server

        return Server(self._address, file, words, self.source.query, role=self.role, what=self.what)

    @cached_property
    def _address(self) -> str:
        return resolve(self.source.database or "", self.databases, role=self.role)

    @property
    def _kind(self) -> str:
        return self._address.partition("://")[0].partition("+")[0]

    @property
    def _file(self) -> Path | None:
        if self._kind not in _FILES:
            return None
        place = self._address.partition("://")[2].partition("?")[0].removeprefix("/")
        if not place or place == ":memory:":
            raise SourceError(
                f"{self.role}: the database {self._place} is in no file.",
                hint=f"give its path: {self._kind}:///sources/shop.db.",
            )
        return self.root / place

    @property
    def _place(self) -> str:
        return f"the database {shown(self.source.database or '')}"


def _words(table: str | None, role: str) -> tuple[str, ...]:
    """The parts of a table's name: ``public.orders``, or ``"with.dot"`` in quotes."""
    if table is None:
        return ()
    found = [quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(table)]
    whole = ".".join(match[0] for match in _PART.finditer(table))
    if whole != table or not found:
        raise SourceError(
            f"{role}: {table!r} is no name of a table.",
            hint="write table or schema.table; a part with a dot in it in double quotes.",
        )
    return tuple(found)
