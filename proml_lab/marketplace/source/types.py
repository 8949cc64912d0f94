"""Which Polars type the columns of SQL databases have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

MOMENT, TIME = pl.Datetime("us", "UTC"), pl.Datetime("us")
_DIGITS = 38
POSTGRES: dict[int, pl.DataType] = {
    16: pl.Boolean(), 17: pl.Binary(), 20: pl.Int64(), 21: pl.Int16(), 23: pl.Int32(),
    26: pl.Int64(), 700: pl.Float32(), 701: pl.Float64(), 1082: pl.Date(), 1083: pl.Time(),
    1114: TIME, 1184: MOMENT,
    1000: pl.List(pl.Boolean()), 1005: pl.List(pl.Int16()), 1007: pl.List(pl.Int32()),
    1016: pl.List(pl.Int64()), 1021: pl.List(pl.Float32()), 1022: pl.List(pl.Float64()),
    1009: pl.List(pl.String()), 1015: pl.List(pl.String()), 1182: pl.List(pl.Date()),
    1115: pl.List(TIME), 1185: pl.List(MOMENT),
}  # fmt: skip
"""By the number of the type in PostgreSQL's catalogue; every other is read as text."""
NUMERIC, TEXTS = 1700, (25, 1042, 1043, 19)


def decimal(precision: int | None, scale: int | None) -> pl.DataType:
    """A number with so many digits, of which `scale` are a fraction; Float64 if none are stated."""
    if precision is None or precision > _DIGITS or scale is None or not 0 <= scale <= precision:
        return pl.Float64()
    return pl.Decimal(precision, scale)


def declared(kind: TypeEngine[object]) -> pl.DataType | None:
    """The type of a column that SQLAlchemy knows; None where its values must tell."""
    from sqlalchemy import types

    match kind:
        case types.Boolean():
            return pl.Boolean()
        case types.Integer():
            return pl.Int64()
        case types.Float():
            return pl.Float64()
        case types.Numeric():
            return decimal(kind.precision, kind.scale)
        case types.DateTime():
            return MOMENT if kind.timezone else TIME
        case types.Date():
            return pl.Date()
        case types.Time():
            return pl.Time()
        case types.LargeBinary():
            return pl.Binary()
        case types.String():
            return pl.String()
    return None


def of_values(values: Sequence[object], known: pl.DataType | None) -> pl.DataType | None:
    """The type that holds values and all that a column of the type `known` held before."""
    found = {type(value) for value in values if value is not None}
    here = {_plain(kind) for kind in found}
    if datetime in found:
        zones = {value.tzinfo is None for value in values if isinstance(value, datetime)}
        here = {TIME if zones == {True} else MOMENT}
    kinds = here | ({known} if known is not None else set())
    if len(kinds) <= 1:
        return next(iter(kinds), None)
    if kinds <= {pl.Int64(), pl.Float64(), pl.Boolean()}:
        return pl.Float64() if pl.Float64() in kinds else pl.Int64()
    return pl.String()


def _plain(kind: type) -> pl.DataType:
    for one, found in (
        (bool, pl.Boolean()), (int, pl.Int64()), (float, pl.Float64()), (Decimal, pl.Float64()),
        (date, pl.Date()), (bytes, pl.Binary()),
    ):  # fmt: skip
        if issubclass(kind, one):
            return found
    return pl.String()


def column(name: str, values: Sequence[object], kind: pl.DataType) -> pl.Series:
    """Values as a database gave them, as a column of that type.

    Texts become times, dates and numbers where the type asks for it, as in SQLite.

    Raises
    ------
    TypeError, ValueError, OverflowError, polars.exceptions.PolarsError
        A value is of another kind.
    """
    if kind == pl.String:
        return pl.Series(name, [None if one is None else str(one) for one in values], kind)
    if isinstance(kind, pl.Datetime | pl.Date | pl.Time) and any(
        isinstance(one, str) for one in values
    ):
        return pl.Series(name, [_moment(one, kind) for one in values], kind, strict=True)
    if isinstance(kind, pl.Decimal):
        exact = [None if one is None else _exact(one) for one in values]
        return pl.Series(name, exact, kind, strict=True)
    if kind == pl.Float64:
        return pl.Series(name, [None if one is None else _number(one) for one in values], kind)
    if kind == pl.Boolean:
        return pl.Series(name, [None if one is None else _flag(one) for one in values], kind)
    return pl.Series(name, values, kind, strict=True)


def _number(value: object) -> float:
    if isinstance(value, int | float | Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no number")


def _exact(value: object) -> Decimal:
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"{value} is no decimal number")
    return found


def _flag(value: object) -> bool:
    if value in (0, 1):
        return bool(value)
    raise TypeError(f"{value!r} is neither true nor false")


def _moment(value: object, kind: pl.DataType) -> object:
    """A time or date out of ISO 8601 text, with a zone just where the column has one."""
    if not isinstance(value, str):
        return value
    if kind == pl.Date:
        return date.fromisoformat(value[:10])
    if kind == pl.Time:
        return datetime.fromisoformat(f"2000-01-01T{value}").time()
    found = datetime.fromisoformat(value)
    if (found.tzinfo is None) != (kind == TIME):
        has = "has no zone" if found.tzinfo is None else "has a zone"
        raise ValueError(f"{value!r} {has}")
    return found
