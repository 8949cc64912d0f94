"""What a DuckDB file answers, read by DuckDB itself and handed over as Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from proml_lab.errors import MissingExtraError, SourceError, choose

if TYPE_CHECKING:
    import duckdb

_BATCH = 1 << 16  # rows
_HINT = "correct the query; it is one SELECT, over this database alone."


class Duck:
    """One table, its name in parts, or one query, of a DuckDB file; see `database.Asked`."""

    def __init__(
        self, file: Path, table: tuple[str, ...], query: str | None, *, role: str, what: str
    ) -> None:
        self.file, self.table, self.query, self.role, self.what = file, table, query, role, what
        self._columns: dict[str, str] = {}
        """What is selected for each column, once the schema is known."""

    @cached_property
    def schema(self) -> pl.Schema:
        with self._open() as connection:
            empty = connection.sql(f"{self._select()} LIMIT 0").to_arrow_table()
            for field in empty.schema:
                quoted = _quoted(field.name)
                cast = f"CAST({quoted} AS VARCHAR) AS {quoted}"  # no frame holds intervals
                self._columns[field.name] = cast if "interval" in str(field.type) else quoted
            chosen = self._select(", ".join(self._columns.values()))
            return pl.DataFrame(connection.sql(f"{chosen} LIMIT 0").to_arrow_table()).schema

    def batches(self, columns: list[str], n_rows: int | None) -> Iterator[pl.DataFrame]:
        chosen = ", ".join(self._columns[name] for name in columns)
        limit = "" if n_rows is None else f" LIMIT {n_rows}"
        with self._open() as connection:
            answer = connection.sql(f"{self._select(chosen)}{limit}")
            for piece in answer.to_arrow_reader(_BATCH):
                yield pl.DataFrame(piece)

    def count(self) -> int:
        with self._open() as connection:
            row = connection.execute(self._select("count(*)")).fetchone()
            return int(row[0]) if row else 0

    def _select(self, columns: str = "*") -> str:
        if self.query is None:
            place = ".".join(_quoted(word) for word in self.table)
            return f"SELECT {columns} FROM {place}"  # noqa: S608
        inner = self.query.strip().rstrip(";")
        return f"SELECT {columns} FROM (\n{inner}\n) AS asked"  # noqa: S608

    @contextmanager
    def _open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that reads this file and nothing else."""
        try:
            import duckdb
        except ImportError:
            raise MissingExtraError("DuckDB", extra="sources") from None
        try:
            connection = duckdb.connect(str(self.file), read_only=True)
        except duckdb.Error as error:
            raise self._unopened(str(error).splitlines()[0]) from None
        try:
            connection.execute("SET TimeZone = 'UTC'; SET enable_external_access = false")
            self._require_one(connection)
            yield connection
        except duckdb.CatalogException as error:
            raise self._unknown(connection, str(error).splitlines()[0]) from None
        except (duckdb.Error, pl.exceptions.PolarsError) as error:
            raise SourceError(
                f"{self.role}: {self.what} gives no rows: {str(error).splitlines()[0]}.",
                hint=_HINT if self.query else "check the columns of the table.",
            ) from None
        finally:
            connection.close()

    def _require_one(self, connection: duckdb.DuckDBPyConnection) -> None:
        if len(connection.extract_statements(self._select())) != 1:
            raise SourceError(f"{self.role}: {self.what} is several statements.", hint=_HINT)

    def _unopened(self, reason: str) -> SourceError:
        locked = "lock" in reason or "different configuration" in reason
        return SourceError(
            f"{self.role}: the database {self.file} cannot be opened: {reason}.",
            hint="close the connection that writes to it."
            if locked
            else "check that it is a DuckDB file, which this user may read.",
        )

    def _unknown(self, connection: duckdb.DuckDBPyConnection, reason: str) -> SourceError:
        if self.query is not None:
            return SourceError(f"{self.role}: {self.what} gives no rows: {reason}.", hint=_HINT)
        rows = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
        ).fetchall()
        names = [name if schema == "main" else f"{schema}.{name}" for schema, name in rows]
        return SourceError(
            f"{self.role}: there is no table {'.'.join(self.table)} in {self.file}.",
            hint=choose(".".join(self.table), names),
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
