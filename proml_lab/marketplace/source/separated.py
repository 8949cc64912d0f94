"""CSV files as one table, in types that hold all rows of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

_SIGNS = (";", "\t", "|")
_NUMBERS = {pl.Int64(), pl.Float64()}


def scan(
    places: str | Sequence[Path], *, separator: str | None, nulls: Sequence[str] | None
) -> pl.LazyFrame:
    """The rows of one or several files, read when they are collected.

    Types are inferred from all rows; ISO 8601 times and dates are read as such. A file without a
    value in a column has no say in the column's type. The separator is a comma, or a tab for
    ``.tsv``; an empty field and ``NA`` are null; unless other signs are given.
    """
    first = places if isinstance(places, str) else str(places[0])
    sign = separator or ("\t" if ".tsv" in first else ",")

    def read(files: str | Sequence[Path], kinds: dict[str, pl.DataType] | None) -> pl.LazyFrame:
        return pl.scan_csv(
            files if isinstance(files, str) else list(files),
            separator=sign,
            null_values=list(nulls or ("", "NA")),
            infer_schema_length=None,
            try_parse_dates=True,
            schema_overrides=kinds,
        )

    rows = read(places, None)
    if isinstance(places, str) or len(places) < 2:
        return rows
    texts = {name for name, kind in rows.collect_schema().items() if kind == pl.String}
    if not texts:
        return rows
    kinds = _kinds([read([file], None) for file in places], texts)
    return read(places, kinds) if kinds else rows


def sign_of(start: bytes) -> str | None:
    """What stands between the columns in the first line of a file, if it is no comma."""
    line = start.splitlines()[0].decode("utf-8", "replace") if start else ""
    most = max(_SIGNS, key=line.count)
    return most if line.count(most) > line.count(",") else None


def _kinds(files: Sequence[pl.LazyFrame], texts: set[str]) -> dict[str, pl.DataType]:
    """The types of those of `texts` that are text just in files without a value in them."""
    schemas = [file.collect_schema() for file in files]
    found: dict[str, set[pl.DataType]] = {name: set() for name in texts}
    for file, schema in zip(files, schemas, strict=True):
        here = [name for name in texts & set(schema) if schema[name] == pl.String]
        told = file.select(pl.col(here).is_not_null().any()).collect() if here else None
        for name in texts & set(schema):
            if told is None or name not in here or told[name].item():
                found[name].add(schema[name])
    kinds = {}
    for name, some in found.items():
        if len(some) == 1:
            kinds[name] = next(iter(some))
        elif some == _NUMBERS:
            kinds[name] = pl.Float64()
    return {name: kind for name, kind in kinds.items() if kind != pl.String}
