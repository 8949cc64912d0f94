"""What a database answers through SQLAlchemy: in a transaction that only reads, in batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import MissingExtraError, SourceError, choose
from proml_lab.marketplace.source import types
from proml_lab.marketplace.source.address import masked

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine

_BATCH = 1 << 14  # rows
_WAIT_S = 10
_QUERY = "correct the query: it is one SELECT, as this database writes it."


class Server:
    """One table, its name in parts, or one query, of a database; see `database.Asked`.

    `file` is that of an SQLite database.
    """

    def __init__(
        self,
        address: str,
        file: Path | None,
        table: tuple[str, ...],
        query: str | None,
        *,
        role: str,
        what: str,
    ) -> None:
        self.address, self.file, self.table, self.query = address, file, table, query
        self.role, self.what = role, what

    @cached_property
    def schema(self) -> pl.Schema:
        with self._open() as connection:
            if connection.dialect.name == "postgresql":
                return pl.Schema({name: kind for name, (kind, _) in self._described(connection)})
            if self.query is None:
                known = self._declared(connection, self.table)
            elif connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"CREATE TEMP VIEW asked AS {self._inner()}")
                known = self._declared(connection, ("temp", "asked"))
            else:
                known = {}
            return self._told(connection, known)

    def batches(self, columns: list[str], n_rows: int | None) -> Iterator[pl.DataFrame]:
        schema, left = self.schema, n_rows
        with self._open() as connection:
            names = [_quoted(connection, name) for name in columns]
            if connection.dialect.name == "postgresql":
                texts = {name for name, (_, cast) in self._described(connection) if cast}
                names = [
                    f"CAST({quoted} AS text) AS {quoted}" if name in texts else quoted
                    for name, quoted in zip(columns, names, strict=True)
                ]
            answer = self._run(connection, self._select(connection, ", ".join(names)))
            with closing(answer):
                for rows in answer.partitions(_BATCH):
                    taken = rows[:left]
                    if taken:
                        fields = zip(columns, zip(*taken, strict=True), strict=True)
                        yield pl.DataFrame([self._column(n, v, schema[n]) for n, v in fields])
                    if left is not None:
                        left -= len(taken)
                        if not left:
                            return

    def count(self) -> int:
        with self._open() as connection:
            return int(self._run(connection, self._select(connection, "count(*)")).scalar_one())

    def _column(self, name: str, values: tuple[object, ...], kind: pl.DataType) -> pl.Series:
        try:
            return types.column(name, values, kind)
        except (TypeError, ValueError, OverflowError, ArithmeticError, PolarsError) as error:
            raise SourceError(
                f"{self.role}: column {name!r} of {self.what} is declared to hold {kind}, but has "
                f"another value: {str(error).splitlines()[0]}.",
                hint="correct the row, or cast the column in a query.",
            ) from None

    def _inner(self) -> str:
        return (self.query or "").strip().rstrip(";")

    def _select(self, connection: Connection, columns: str) -> str:
        if self.query is not None:
            return f"SELECT {columns} FROM (\n{self._inner()}\n) AS asked"  # noqa: S608
        place = ".".join(_quoted(connection, word) for word in self.table)
        return f"SELECT {columns} FROM {place}"  # noqa: S608

    @staticmethod
    def _run(connection: Connection, statement: str) -> CursorResult[Any]:
        """Signs such as % and : in it mean nothing to the driver."""
        return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def _described(self, connection: Connection) -> list[tuple[str, tuple[pl.DataType, bool]]]:
        """Of PostgreSQL: the columns with their types, and whether they are read as text.

        The statement is prepared, which the server does with one statement only.
        """
        statement = f"{self._select(connection, '*')} LIMIT 0"
        driver = connection.connection.cursor()
        with closing(driver):
            driver.execute(statement, prepare=True)  # type: ignore[call-arg]
            found = []
            for one in driver.description:
                number, precision, scale = one[1], one[4], one[5]
                kind = types.POSTGRES.get(number)  # type: ignore[call-overload]
                if number == types.NUMERIC:
                    kind = types.decimal(precision, scale)
                cast = kind is None and number not in types.TEXTS
                found.append((str(one[0]), (kind or pl.String(), cast)))
            return found

    def _declared(
        self, connection: Connection, table: tuple[str, ...]
    ) -> dict[str, pl.DataType | None]:
        from sqlalchemy import inspect

        schema = table[-2] if len(table) > 1 else None
        columns = inspect(connection).get_columns(table[-1], schema=schema)
        return {str(one["name"]): types.declared(one["type"]) for one in columns}

    def _told(self, connection: Connection, known: dict[str, pl.DataType | None]) -> pl.Schema:
        """All types: of columns that none is declared for, by their values."""
        if not known or None in known.values():
            answer = self._run(connection, self._select(connection, "*"))
            names = list(answer.keys())
            open_ = [place for place, name in enumerate(names) if known.get(name) is None]
            for rows in answer.partitions(_BATCH):
                columns = list(zip(*rows, strict=True))
                for place in open_:
                    before = known.get(names[place])
                    known[names[place]] = types.of_values(columns[place], before)
            known = {name: known.get(name) for name in names}
        return pl.Schema({name: kind or pl.Null() for name, kind in known.items()})

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """A connection that reads; nothing is ever committed."""
        try:
            from sqlalchemy import exc
        except ImportError:
            raise MissingExtraError("SQLAlchemy", extra="sources") from None
        engine = self._engine()
        try:
            try:
                connection = engine.connect()
            except (exc.DBAPIError, sqlite3.Error) as error:
                raise self._unreached(error) from None
            options: dict[str, Any] = {"stream_results": True, "max_row_buffer": _BATCH}
            if engine.dialect.name == "postgresql":
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            with connection.execution_options(**options):
                try:
                    self._require_table(connection)
                    yield connection
                except exc.SQLAlchemyError as error:
                    raise self._refused(error) from None
                except Exception as error:
                    if not isinstance(error, connection.dialect.loaded_dbapi.Error):
                        raise
                    raise self._refused(error) from None
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        from sqlalchemy import create_engine, exc, make_url
        from sqlalchemy.pool import NullPool

        if self.file is not None:
            place = f"file:{quote(str(self.file))}?mode=ro"
            return create_engine(
                "sqlite://",
                poolclass=NullPool,
                creator=lambda: sqlite3.connect(place, uri=True, check_same_thread=False),
            )
        try:
            url = make_url(self.address)
            more: dict[str, Any] = {}
            if url.drivername in ("postgres", "postgresql"):
                url = url.set(drivername="postgresql+psycopg")
            if url.drivername == "postgresql+psycopg" and "connect_timeout" not in url.query:
                more = {"connect_args": {"connect_timeout": _WAIT_S}}
            return create_engine(url, poolclass=NullPool, **more)
        except ModuleNotFoundError as error:
            driver = {"psycopg": "psycopg[binary]"}.get(str(error.name), str(error.name))
            raise MissingExtraError(f"The driver of {self.what}", package=f"'{driver}'") from None
        except (exc.ArgumentError, ValueError) as error:
            reason = masked(str(error).splitlines()[0], self.address)
            raise SourceError(
                f"{self.role}: {self.what} has an address that means nothing: {reason}.",
                hint="write it as postgresql://user@host:5432/name, sqlite:///path or "
                "duckdb:///path.",
            ) from None

    def _require_table(self, connection: Connection) -> None:
        """Raises SourceError if the table is not there."""
        from sqlalchemy import inspect

        if self.query is not None:
            return
        inspector = inspect(connection)
        schema = self.table[-2] if len(self.table) > 1 else None
        if inspector.has_table(self.table[-1], schema=schema):
            return
        found = [f"{schema}.{one}" if schema else one for one in inspector.get_table_names(schema)]
        raise SourceError(
            f"{self.role}: there is no {self.what}.",
            hint=choose(".".join(self.table), found)
            if found
            else "check its name and its schema: table: schema.name.",
        )

    def _unreached(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self.role}: {self.what} cannot be reached: {self._reason(error)}.",
            hint="check the address, that the server runs, and who may log in.",
        )

    def _refused(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self.role}: {self.what} gives no rows: {self._reason(error)}.",
            hint=_QUERY
            if self.query is not None
            else "check what this user may read; a query may leave out or replace values, "
            "such as nullif(at, 'infinity').",
        )

    def _reason(self, error: Exception) -> str:
        """What the database says, without passwords, in one line."""
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        return masked((said or [type(error).__name__])[0].rstrip("."), self.address)


def _quoted(connection: Connection, name: str) -> str:
    """A name as it is, in the quotes of this database; no driver is to read signs in it."""
    signs = connection.dialect.identifier_preparer
    inner = name.replace(signs.escape_quote, signs.escape_to_quote)
    return f"{signs.initial_quote}{inner}{signs.final_quote}"
