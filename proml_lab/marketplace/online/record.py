"""What is kept of one entity, as bytes: typed, fixed fields first, texts and lists behind them.

The layout of a record is in docs/formats.md#online-store.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.marketplace.kind import polars_type

_START = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = {"float": "d", "integer": "q", "boolean": "?", "date": "i", "time": "q"}
"""How `struct` writes a value of each kind of one size."""
_NUMPY = {"d": "<f8", "q": "<i8", "?": "?", "i": "<i4", "I": "<u4"}
_INNER = {"float": 8, "integer": 8, "boolean": 1, "date": 4, "time": 8}

Read = Callable[[object], object]


@dataclass(frozen=True)
class Column:
    """One field of a record: its name and its kind, one of those of features."""

    name: str
    kind: str


class Layout:
    """How records with these columns are packed and read."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.places = {column.name: i for i, column in enumerate(self.columns)}
        codes = [_FIXED.get(column.kind, "I") for column in self.columns]
        self._n_flags = (len(codes) + 7) // 8
        self._struct = struct.Struct(f"<{self._n_flags}s{''.join(codes)}")
        self._full = bytes(self._n_flags)
        fields = [(f"f{i}", _NUMPY[code]) for i, code in enumerate(codes)]
        self._dtype = np.dtype([("flags", f"V{self._n_flags}"), *fields])
        self._turned = [
            (i, _MADE[column.kind]) for i, column in enumerate(self.columns) if column.kind in _MADE
        ]
        self._loose = [
            (i, _reader(column.kind)) for i, column in enumerate(self.columns) if codes[i] == "I"
        ]

    def unpack(self, data: bytes) -> list[object]:
        """The values of a record, in the order of the columns; None for a null."""
        flags, *values = self._struct.unpack_from(data)
        begin = self._struct.size
        for i, read in self._loose:
            end = self._struct.size + values[i]
            values[i] = read(data[begin:end])
            begin = end
        for i, make in self._turned:
            values[i] = make(values[i])
        if flags != self._full:
            for i in range(len(values)):
                if flags[i >> 3] >> (i & 7) & 1:
                    values[i] = None
        return values

    def pack(self, frame: pl.DataFrame) -> Iterator[bytes]:
        """A record for each row of `frame`, which has the columns in their order and types."""
        n = frame.height
        fixed = np.zeros(n, self._dtype)
        nulls = np.zeros((n, self._n_flags * 8), np.bool_)
        loose = {i: _loose(frame.to_series(i)) for i, _ in self._loose}
        end = np.zeros(n, np.int64)
        for i, column in enumerate(self.columns):
            series = frame.to_series(i)
            nulls[:, i] = series.is_null().to_numpy()
            if i in loose:
                end = end + np.fromiter(map(len, loose[i]), np.int64, n)
                fixed[f"f{i}"] = end
            else:
                fixed[f"f{i}"] = _numbers(series, column.kind)
        flags = np.packbits(nulls, axis=1, bitorder="little")
        fixed["flags"] = np.ascontiguousarray(flags).view(f"V{self._n_flags}").ravel()
        data, size = fixed.tobytes(), self._dtype.itemsize
        for row in range(n):
            head = data[row * size : (row + 1) * size]
            yield head + b"".join([loose[i][row] for i in loose]) if loose else head


def _numbers(series: pl.Series, kind: str) -> npt.NDArray[np.generic]:
    """(n,) the values of a kind of one size, 0 for a null."""
    plain = series.to_physical() if kind in ("time", "date") else series
    zero = False if kind == "boolean" else 0
    return plain.fill_null(zero).to_numpy()


def _loose(series: pl.Series) -> list[bytes]:
    """The bytes of texts, lists or vectors; none for a null."""
    if series.dtype == pl.String:
        return [b"" if text is None else text.encode() for text in series.to_list()]
    inner = series.dtype.inner  # type: ignore[attr-defined]
    plain = series.to_list()
    kind = next(kind for kind in (*_INNER, "string") if polars_type(kind) == inner)
    return [b"" if values is None else _pack_list(values, kind) for values in plain]


def _pack_list(values: Sequence[object], kind: str) -> bytes:
    n = len(values)
    flags = bytearray((n + 7) // 8)
    for i, value in enumerate(values):
        if value is None:
            flags[i >> 3] |= 1 << (i & 7)
    head = struct.pack("<I", n) + bytes(flags)
    if kind == "string":
        texts = [b"" if value is None else str(value).encode() for value in values]
        ends = np.cumsum([len(text) for text in texts], dtype=np.uint32)
        return head + ends.astype("<u4").tobytes() + b"".join(texts)
    plain = [_plain(value) for value in values]
    return head + struct.pack(f"<{n}{_FIXED[kind]}", *plain)


def _plain(value: object) -> object:
    match value:
        case None:
            return 0
        case datetime():
            return (value - _START) // timedelta(microseconds=1)
        case date():
            return value.toordinal() - _DAYS
    return value


def _unpack_list(data: bytes, kind: str) -> list[object]:
    """What `_pack_list` wrote; nothing for a null."""
    if not data:
        return []
    (n,) = struct.unpack_from("<I", data)
    begin = 4 + (n + 7) // 8
    flags = data[4:begin]
    values: list[object]
    if kind == "string":
        ends = struct.unpack_from(f"<{n}I", data, begin)
        texts = data[begin + 4 * n :]
        starts = (0, *ends)[:n]
        values = [texts[a:b].decode() for a, b in zip(starts, ends, strict=True)]
    else:
        values = list(struct.unpack_from(f"<{n}{_FIXED[kind]}", data, begin))
        if kind in _MADE:
            values = [_MADE[kind](value) for value in values]
    if any(flags):
        values = [None if flags[i >> 3] >> (i & 7) & 1 else v for i, v in enumerate(values)]
    return values


def _reader(kind: str) -> Callable[[bytes], object]:
    """What reads the bytes of a text, list or vector."""
    if kind == "string":
        return bytes.decode
    inner = "float" if kind.startswith("vector") else kind.removeprefix("list[").removesuffix("]")
    return partial(_unpack_list, kind=inner)


def _time(microseconds: Any) -> datetime:
    return _START + timedelta(microseconds=microseconds)


def _day(days: Any) -> date:
    return date.fromordinal(_DAYS + days)


_DAYS = date(1970, 1, 1).toordinal()
_MADE: dict[str, Read] = {"time": _time, "date": _day}
"""What makes a value of a number, for kinds that are no numbers."""
