"""Rows that no copy of files would give again: a promoted run keeps what it reads of them.

Databases on servers, addresses such as ``s3://``, files outside of the workspace, and Iceberg
tables, whose metadata names places.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import polars as pl
from polars.exceptions import PolarsError
from polars.io.plugins import register_io_source

from proml_lab.errors import SourceError
from proml_lab.marketplace.source.definition import Source
from proml_lab.marketplace.source.table import Table, piece_size

FOLDER, LIMIT = "PROML_ROWS", "PROML_ROWS_LIMIT"
"""Variables of the environment: where a run keeps rows, and how many bytes of one source."""
SCHEMA, SOURCE, OVER = "schema.parquet", "source.json", "over"


def keeping(table: Table, source: Source) -> Table:
    """`table`, which a promoted run reads once and keeps if no copy of files would do."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return table
    place = Path(folder) / key(source)
    if not (place / SCHEMA).is_file() and table.is_movable:
        return table
    return Kept(table, source, place, limit=int(os.environ.get(LIMIT, "0")))


def key(source: Source) -> str:
    """16 hex digits that stand for a source as it is written."""
    said = json.dumps(source.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def pieces(place: Path) -> list[Path]:
    """The files with the rows of one reading, in their order."""
    return sorted(place.glob("*.parquet"))


def readings(place: Path) -> dict[Path, set[str]]:
    """What was kept of one source: the folder of each reading with its columns."""
    found = sorted(folder for folder in place.glob("*/") if not folder.name.startswith("."))
    return {folder: set(pl.read_parquet_schema(pieces(folder)[0])) for folder in found}


class Kept(Table):
    """What a run keeps of `table` in the folder `place`: read from there once it is kept.

    Each set of columns that is read is kept by itself, unless one that was kept has them all. What
    takes more than `limit` bytes is not kept, and read from where it is every time.
    """

    def __init__(self, table: Table, source: Source, place: Path, *, limit: int) -> None:
        super().__init__(table.name, role=table.role, time_zone=table.time_zone)
        self.table, self.source, self.place, self.limit = table, source, place, limit

    @property
    def state(self) -> str | None:
        return None

    @property
    def what(self) -> str:
        return self.table.what

    def failed(self, error: Exception) -> SourceError:
        return self.table.failed(error)

    def n_rows(self) -> int:
        found = next(iter(readings(self.place)), None)
        if found is None:
            return self.table.n_rows()
        return int(pl.scan_parquet(pieces(found)).select(pl.len()).collect().item())

    def _scan(self) -> pl.LazyFrame:
        schema = self._schema()

        def rows(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            names = columns or (schema.names() if columns is None else schema.names()[:1])
            frame = self._rows(names)
            frame = frame if n_rows is None else frame.head(n_rows)
            for piece in frame.collect_batches(chunk_size=piece_size(schema), maintain_order=True):
                yield piece.filter(predicate) if predicate is not None else piece

        return register_io_source(rows, schema=schema)

    def _schema(self) -> pl.Schema:
        """That of the whole table, as it was at first."""
        file = self.place / SCHEMA
        if not file.is_file():
            try:
                schema = self.table._scan().collect_schema()
            except (PolarsError, OSError) as error:
                raise self.table._cause(error) from None
            self.place.mkdir(parents=True, exist_ok=True)
            (self.place / SOURCE).write_text(json.dumps({"source": str(self.source)}), "utf-8")
            draft = self.place / f".{uuid4().hex}"
            schema.to_frame().write_parquet(draft)
            draft.replace(file)
        return pl.Schema(pl.read_parquet_schema(file))

    def _rows(self, columns: list[str]) -> pl.LazyFrame:
        place = self._held(columns)
        if place is None:
            return self.table._scan().select(columns)
        return pl.scan_parquet(pieces(place)).select(columns)

    def _held(self, columns: Iterable[str]) -> Path | None:
        """The folder with these columns, read now if need be; None if they are too many bytes."""
        wanted = set(columns)
        for place, names in readings(self.place).items():
            if wanted <= names:
                return place
        if (self.place / OVER).exists():
            return None
        draft = self.place / f".{uuid4().hex}"
        draft.mkdir()
        try:
            if not self._written(draft, sorted(wanted)):
                (self.place / OVER).touch()
                return None
            place = self.place / hashlib.sha256("\n".join(sorted(wanted)).encode()).hexdigest()[:16]
            if not place.is_dir():
                draft.rename(place)
            return place
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _written(self, draft: Path, columns: list[str]) -> bool:
        """Whether all rows of these columns were written within the limit."""
        if not self.limit:
            return False
        rows, left = self.table._scan().select(columns), self.limit
        size = piece_size(rows.collect_schema())
        batches = rows.collect_batches(chunk_size=size, maintain_order=True)
        for number, piece in enumerate(batches):
            file = draft / f"{number:06}.parquet"
            piece.write_parquet(file)
            left -= file.stat().st_size
            if left < 0:
                return False
        if not pieces(draft):
            rows.clear().collect().write_parquet(draft / f"{0:06}.parquet")
        return True
