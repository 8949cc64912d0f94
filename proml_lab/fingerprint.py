"""Content fingerprints: the same rows give the same digest, whatever their order or layout."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.errors import DataError

if TYPE_CHECKING:
    from proml_lab.contracts import Json

Words = npt.NDArray[np.uint64]
There = npt.NDArray[np.bool_]
VERSION = "proml-table/1"
BLOCK = 1 << 16
START, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Of SplitMix64, as in `proml_lab.kernels.rowhash`, which is not imported with this module."""
_ALL: There = np.empty(0, np.bool_)
_PLAIN = {
    pl.Boolean: "bool", pl.String: "string", pl.Binary: "binary", pl.Null: "null",
    pl.Date: "date", pl.Time: "time", pl.Float16: "float16", pl.Float32: "float32",
    pl.Float64: "float64", pl.Int8: "int8", pl.Int16: "int16", pl.Int32: "int32",
    pl.Int64: "int64", pl.Int128: "int128", pl.UInt8: "uint8", pl.UInt16: "uint16",
    pl.UInt32: "uint32", pl.UInt64: "uint64", pl.UInt128: "uint128",
    pl.Categorical: "string", pl.Enum: "string",
}  # fmt: skip
_WIDE = (pl.Int128, pl.UInt128, pl.Decimal)


def fingerprint(frame: pl.DataFrame, *, threads: int | None = None) -> str:
    """128-bit hex digest of the names, types and rows of `frame` (n, p).

    Rows in another order give the same digest, columns in another order too, and so does the same
    table in other chunks or out of another file. A repeated row counts as often as it stands.
    Categories are their text, -0.0 is 0.0, every NaN is the same; null, NaN and 0 differ, and so
    do types, units and time zones of one value. It detects change, it is no protection against
    forgery: for that, files carry sha256. The rule: docs/formats.md#fingerprint.

    Parameters
    ----------
    frame
        (n, p) table.
    threads
        How many cores to use; by default all, where the frame is large.

    Raises
    ------
    DataError
        A column holds Python objects, or a type that has no place in files.
    """
    content = Content(frame.schema)
    content.add(frame, threads=threads)
    return content.digest()


def row_words(frame: pl.DataFrame) -> Words:
    """(n,) 64 bits of what each row holds: mixed, so that sums of them tell tables apart.

    The order of columns does not matter, their names and types do.

    Raises
    ------
    DataError
        As `fingerprint`.
    """
    keys = {name: _key(name, type_of(kind, name)) for name, kind in frame.schema.items()}
    words = _rows(frame, keys)[0] + np.uint64(START)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(MIX_1)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(MIX_2)
    return words ^ (words >> np.uint64(31))


class Content:
    """The fingerprint of a table that comes in pieces, in any order: `add` each, then `digest`."""

    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self.types = {name: type_of(schema[name], name) for name in sorted(schema)}
        self.n_rows = 0
        self._keys = {name: _key(name, kind) for name, kind in self.types.items()}
        self._sums = np.zeros(2, np.uint64)

    def add(self, frame: pl.DataFrame, *, threads: int | None = None) -> None:
        """Count in the rows of `frame`, which has the columns and types of the schema."""
        starts = range(0, frame.height, BLOCK)
        n = min(threads or os.cpu_count() or 1, len(starts))
        if n > 1:
            with ThreadPoolExecutor(n, "proml-fingerprint") as pool:
                found = list(
                    pool.map(lambda start: self._block(frame[start : start + BLOCK]), starts)
                )
        else:
            found = [self._block(frame[start : start + BLOCK]) for start in starts]
        for sums in found:
            self._sums += sums
        self.n_rows += frame.height

    def sums_by(self, frame: pl.DataFrame, parts: npt.NDArray[np.int64], n_parts: int) -> Words:
        """(n_parts, 2) what the rows of each part would add; `parts` (n,) says which is whose."""
        from proml_lab.kernels.rowhash import add_rows_by

        sums = np.zeros((n_parts, 2), np.uint64)
        for start in range(0, frame.height, BLOCK):
            rows = _rows(frame[start : start + BLOCK], self._keys)
            add_rows_by(rows, parts[start : start + BLOCK], sums)
        return sums

    def count(self, n_rows: int, sums: Words) -> None:
        """Count in so many rows of which the (2,) `sums` are known; see `sums_by`."""
        self.n_rows += n_rows
        self._sums = self._sums + sums

    def together(self, other: Content) -> Content:
        """The content of the rows of both, which have the same columns and types."""
        both = Content({})
        both.types, both._keys = self.types, self._keys
        both.n_rows, both._sums = self.n_rows + other.n_rows, self._sums + other._sums
        return both

    def digest(self) -> str:
        """32 hex digits."""
        head: Json = {
            "format": VERSION,
            "rows": self.n_rows,
            "columns": [[name, kind] for name, kind in self.types.items()],
            "sums": [f"{int(word):016x}" for word in self._sums],
        }
        return hashlib.sha256(_text(head)).hexdigest()[:32]

    def _block(self, frame: pl.DataFrame) -> Words:
        """(2,) sums over the rows of a frame that is small enough for the processor's cache."""
        from proml_lab.kernels.rowhash import add_rows

        sums = np.zeros(2, np.uint64)
        add_rows(_rows(frame, self._keys), sums)
        return sums


def type_of(kind: pl.DataType, name: str) -> Json:
    """A column's type in words that do not depend on Polars; `name` is for the error.

    Raises
    ------
    DataError
        The type is none of a table's: Python objects, for one.
    """
    plain = _PLAIN.get(type(kind))
    if plain is not None:
        return plain
    match kind:
        case pl.Datetime():
            return ["datetime", kind.time_unit, kind.time_zone]
        case pl.Duration():
            return ["duration", kind.time_unit]
        case pl.Decimal():
            return ["decimal", kind.precision, kind.scale]
        case pl.List():
            return ["list", type_of(kind.inner, name)]  # type: ignore[arg-type]
        case pl.Array():
            return ["array", kind.size, type_of(kind.inner, name)]  # type: ignore[arg-type]
        case pl.Struct():
            fields = sorted((field.name, field.dtype) for field in kind.fields)
            return ["struct", [[inner, type_of(of, name)] for inner, of in fields]]  # type: ignore[arg-type]
    if type(kind).__name__ == "Map":  # a list of structs of key and value
        return ["map", type_of(pl.Series([], dtype=kind).to_physical().dtype, name)]
    raise DataError(
        f"Column {name!r} is {kind}, whose content has no fingerprint.",
        hint="turn it into text, numbers, times, lists or structs, or leave it out.",
    )


def _rows(frame: pl.DataFrame, keys: Mapping[str, Words]) -> tuple[Words, Words]:
    """Two (n,) sums over the columns of each row."""
    from proml_lab.kernels.rowhash import add_column

    lanes = np.zeros(frame.height, np.uint64), np.zeros(frame.height, np.uint64)
    for name, key in keys.items():
        column = frame[name]
        if column.dtype != pl.Null:
            add_column(_words(column), key, _there(column), lanes)
    return lanes


def _there(column: pl.Series) -> There:
    return column.is_not_null().to_numpy() if column.null_count() else _ALL


def _words(column: pl.Series) -> tuple[Words, Words]:
    """Two (n,) words of the values, one for each lane; those of nulls mean nothing."""
    from proml_lab.kernels import rowhash

    if type(column.dtype).__name__ == "Map":
        column = column.to_physical()
    kind = column.dtype
    if kind.is_float():
        words = rowhash.floats(_values(column.cast(pl.Float64)).view(np.uint64))
    elif isinstance(kind, _WIDE):
        return _texts(column.to_physical().cast(pl.String))
    elif kind.is_integer() or kind.is_temporal() or kind == pl.Boolean:
        whole = pl.UInt64 if kind.is_unsigned_integer() else pl.Int64
        words = _values(column.to_physical().cast(whole)).view(np.uint64)
    elif isinstance(kind, pl.List | pl.Array):
        return _lists(column)
    elif isinstance(kind, pl.Struct):
        fields = column.struct.unnest()
        types = {name: type_of(of, name) for name, of in fields.schema.items()}
        return _rows(fields, {name: _key(name, of) for name, of in types.items()})
    elif isinstance(kind, pl.Categorical | pl.Enum):
        return _categories(column)
    else:
        return _texts(column)
    return words, words


def _values(column: pl.Series) -> npt.NDArray[np.generic]:
    """(n,) the numbers of a column; those of nulls may be any."""
    if not column.null_count():
        return column.to_numpy()
    array = column.to_arrow()
    kind = column.clear().to_numpy().dtype
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _texts(column: pl.Series) -> tuple[Words, Words]:
    """Words of text and bytes, from Arrow's offsets and bytes."""
    from proml_lab.kernels.rowhash import texts

    array = column.cast(pl.Binary if column.dtype == pl.Binary else pl.String).to_arrow()
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return texts(bounds, np.frombuffer(data, np.uint8))


def _categories(column: pl.Series) -> tuple[Words, Words]:
    """Words of the categories' texts, each worked out once."""
    from proml_lab.kernels.rowhash import firsts, gather

    codes = _values(column.to_physical().cast(pl.UInt32)).view(np.uint32)
    there = _there(column)
    rows = firsts(codes, there, BLOCK)
    if not rows.size:  # too many codes for a table of places, or nothing but nulls
        return _texts(column)
    places = np.flatnonzero(rows >= 0)
    table = np.zeros((2, rows.size), np.uint64)
    table[:, places] = _texts(column[rows[places]])
    return gather(codes, there, (table[0], table[1]))


def _lists(column: pl.Series) -> tuple[Words, Words]:
    """Words of lists, from those of their elements."""
    from proml_lab.kernels.rowhash import lists

    array = (column.arr.to_list() if isinstance(column.dtype, pl.Array) else column).to_arrow()
    bounds = array.offsets.to_numpy().astype(np.int64)
    inside = pl.Series(array.values)
    if inside.dtype == pl.Null:
        nothing = np.zeros(len(inside), np.uint64)
        return lists(bounds, (nothing, nothing), np.zeros(len(inside), np.bool_))
    return lists(bounds, _words(inside), _there(inside))


def _key(name: str, kind: Json) -> Words:
    """(2,) the first 16 bytes of the sha256 of a column's name and type."""
    found = hashlib.sha256(_text([name, kind])).digest()
    return np.frombuffer(found[:16], "<u8").astype(np.uint64)


def _text(data: Json) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
