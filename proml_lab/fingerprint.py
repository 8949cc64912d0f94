"""Content fingerprints: the same rows give the same digest, whatever their order or layout."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

_U64 = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_NULL = np.uint64(0xD1B54A32D192ED03)


def fingerprint(frame: pl.DataFrame) -> str:
    """128-bit hex digest of the names, types and rows of `frame` (n, p).

    Rows in another order give the same digest, columns in another order too; a repeated row
    counts as often as it stands. It detects change, it is no protection against forgery:
    for that, files carry sha256. Method: docs/method.md#fingerprint.
    """
    total = np.zeros(2, np.uint64)
    rows = [np.full(frame.height, seed, np.uint64) for seed in (1, 2)]
    head = hashlib.sha256(str(frame.height).encode())
    for name in sorted(frame.columns):
        column = frame[name]
        label = f"{name}\0{_type_name(column.dtype)}"
        head.update(label.encode() + b"\1")
        salt = _digest(label)
        values = _hash(column)
        for i in (0, 1):
            rows[i] = _mix((rows[i] * _GOLDEN) ^ (values + salt + np.uint64(i)))
    for i in (0, 1):
        total[i] = np.add.reduce(_mix(rows[i]), dtype=np.uint64)
    head.update(total.astype("<u8").tobytes())
    return head.hexdigest()[:32]


def _type_name(kind: pl.DataType) -> str:
    return "String" if isinstance(kind, pl.Categorical | pl.Enum) else str(kind)


def _hash(column: pl.Series) -> _U64:
    """(n,) one number a value; nulls have their own, -0.0 is 0.0, every NaN is the same."""
    kind = column.dtype
    if kind.is_float():
        floats = column.fill_null(0.0).cast(pl.Float64).to_numpy() + 0.0
        bits = np.where(np.isnan(floats), np.nan, floats).view(np.uint64)
    elif kind.is_integer() or kind == pl.Boolean:
        whole = pl.UInt64 if kind.is_unsigned_integer() else pl.Int64
        bits = column.cast(whole).fill_null(0).to_numpy().view(np.uint64)
    elif kind.is_temporal():
        bits = column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)
    else:
        text = column if kind == pl.String else _as_text(column)
        text = text.fill_null("")
        unique = text.unique()
        codes = text.cast(pl.Enum(unique)).to_physical().to_numpy()
        bits = np.array([_digest(value) for value in unique], np.uint64)[codes]
    bits = _mix(np.ascontiguousarray(bits))
    if column.null_count():
        bits = np.where(column.is_null().to_numpy(), _NULL, bits)
    return bits


def _as_text(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column.to_frame("v").select(pl.struct("v").struct.json_encode()).to_series()


def _digest(text: str) -> np.uint64:
    return np.uint64(
        int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    )


def _mix(x: _U64) -> _U64:
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014): each bit in moves each bit out."""
    x = x + _GOLDEN
    for shift, factor in ((30, _MIX1), (27, _MIX2)):
        x ^= x >> np.uint64(shift)
        x *= factor
    x ^= x >> np.uint64(31)
    return x
