"""What a file holds, where it is a table: rows, types, and a fingerprint of its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from proml_lab.errors import ProMLError
from proml_lab.fingerprint import Content
from proml_lab.marketplace.source import open_table

_PIECE = 1 << 18  # rows
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """What is in a file: its fingerprint, its rows, and column to type."""

    fingerprint: str
    n_rows: int
    schema: Mapping[str, str]


def read(path: Path) -> Table | None:
    """What is in a Parquet, CSV, Arrow or JSON-lines file; None for others and for broken ones.

    Of text the types are inferred from all of its rows. The order of rows and columns, and how the
    file is written, do not matter to the fingerprint: see `proml_lab.fingerprint`.
    """
    try:
        if path.suffix == ".parquet":
            rows = open_table(path, Path(), role="The file")
            schema, found, n_rows = rows.schema(), rows.content(), rows.n_rows()
        else:
            frame = _scanned(path)
            if frame is None:
                return None
            schema = frame.collect_schema()
            content = Content(schema)
            for piece in frame.collect_batches(chunk_size=_PIECE, maintain_order=False):
                content.add(piece)
            found, n_rows = content.digest(), content.n_rows
    except (ProMLError, PolarsError, OSError, UnicodeDecodeError):
        return None  # its bytes are kept or told by their digest all the same
    return Table(found, n_rows, {name: str(kind) for name, kind in schema.items()})


def _scanned(path: Path) -> pl.LazyFrame | None:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        separator = _separator(path)
        return pl.scan_csv(path, separator=separator, infer_schema_length=None)
    if suffix in (".arrow", ".feather", ".ipc"):
        return pl.scan_ipc(path)
    if suffix in (".jsonl", ".ndjson"):
        return pl.scan_ndjson(path, infer_schema_length=None)
    return None


def _separator(path: Path) -> str:
    """The sign of `_SEPARATORS` that its first line has most often."""
    with path.open(encoding="utf-8") as file:
        head = file.readline(1 << 16)
    return max(_SEPARATORS, key=head.count)
