"""From the types and values of databases to those of Polars."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa

from proml_lab.marketplace.source.types import MOMENT, TIME, column, decimal, declared, of_values

NOON = datetime(2024, 3, 1, 12)


@pytest.mark.parametrize(
    ("precision", "scale", "kind"),
    [
        (10, 2, pl.Decimal(10, 2)),
        (38, 0, pl.Decimal(38, 0)),
        (5, 5, pl.Decimal(5, 5)),
        *((p, s, pl.Float64()) for p, s in ((None, None), (39, 2), (10, None), (2, 3), (2, -1))),
    ],
)
def test_decimals_as_far_as_they_are_exact(
    precision: int | None, scale: int | None, kind: pl.DataType
) -> None:
    assert decimal(precision, scale) == kind


@pytest.mark.parametrize(
    ("kind", "want"),
    [
        (sa.Boolean(), pl.Boolean()),
        *((one, pl.Int64()) for one in (sa.Integer(), sa.SmallInteger(), sa.BigInteger())),
        *((one, pl.Float64()) for one in (sa.Float(), sa.Double(), sa.REAL(), sa.Numeric())),
        (sa.Numeric(8, 3), pl.Decimal(8, 3)),
        (sa.DateTime(), TIME),
        (sa.DateTime(timezone=True), MOMENT),
        (sa.Date(), pl.Date()),
        (sa.Time(), pl.Time()),
        (sa.LargeBinary(), pl.Binary()),
        *((one, pl.String()) for one in (sa.String(9), sa.Text(), sa.Unicode())),
        *((one, None) for one in (sa.types.NullType(), sa.JSON(), sa.Interval())),
    ],
)
def test_types_that_are_declared(kind: sa.types.TypeEngine[object], want: pl.DataType) -> None:
    assert declared(kind) == want


@pytest.mark.parametrize(
    ("values", "known", "want"),
    [
        ([], None, None),
        ([None, None], None, None),
        ([None], pl.Int64(), pl.Int64()),
        ([True, None], None, pl.Boolean()),
        ([1, 2], None, pl.Int64()),
        ([1, True], None, pl.Int64()),
        ([1, 2.5], None, pl.Float64()),
        ([1], pl.Float64(), pl.Float64()),
        ([Decimal("1.5")], None, pl.Float64()),
        (["a", 1], None, pl.String()),
        ([1], pl.String(), pl.String()),
        ([b"x"], None, pl.Binary()),
        ([b"x", 1], None, pl.String()),
        ([date(2024, 3, 1)], None, pl.Date()),
        ([NOON], None, TIME),
        ([NOON.replace(tzinfo=UTC)], None, MOMENT),
        ([NOON, NOON.replace(tzinfo=UTC)], None, MOMENT),
        ([NOON], MOMENT, pl.String()),
        ([NOON, date(2024, 3, 1)], None, TIME),
    ],
)
def test_types_that_values_tell(
    values: list[object], known: pl.DataType | None, want: pl.DataType | None
) -> None:
    assert of_values(values, known) == want


@pytest.mark.parametrize(
    ("values", "kind", "want"),
    [
        ([1, None, "x"], pl.String(), ["1", None, "x"]),
        (["2024-03-01T12:00:00", None], TIME, [NOON, None]),
        ([NOON], TIME, [NOON]),
        (
            ["2024-03-01 14:00:00+02:00"],
            MOMENT,
            [NOON.replace(tzinfo=UTC)],
        ),
        (
            ["2024-03-01 00:00:00", date(2024, 3, 2)],
            pl.Date(),
            [date(2024, 3, 1), date(2024, 3, 2)],
        ),
        (["12:30:00.5"], pl.Time(), [time(12, 30, 0, 500_000)]),
        ([1, "2.50", None], pl.Decimal(5, 2), [Decimal("1.00"), Decimal("2.50"), None]),
        ([1, Decimal("0.5"), None], pl.Float64(), [1.0, 0.5, None]),
        ([0, 1, True, None], pl.Boolean(), [False, True, True, None]),
        ([1, None], pl.Int64(), [1, None]),
        ([b"\x00"], pl.Binary(), [b"\x00"]),
    ],
)
def test_values_as_a_column(values: list[object], kind: pl.DataType, want: list[object]) -> None:
    found = column("x", values, kind)
    assert (found.name, found.dtype) == ("x", kind)
    assert found.to_list() == want


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("much", pl.Float64(), "'much' is no number"),
        (2, pl.Boolean(), "2 is neither true nor false"),
        ("NaN", pl.Decimal(5, 2), "NaN is no decimal number"),
        ("2024-03-01T12:00:00", MOMENT, "'2024-03-01T12:00:00' has no zone"),
        ("2024-03-01T12:00:00Z", TIME, "'2024-03-01T12:00:00Z' has a zone"),
        ("soon", TIME, "Invalid isoformat string: 'soon'"),
        ("x", pl.Int64(), "unexpected value"),
        (1 << 70, pl.Int64(), "unexpected value|too large|too big|overflow"),
    ],
)
def test_values_of_another_kind(value: object, kind: pl.DataType, said: str) -> None:
    errors = (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError)
    with pytest.raises(errors, match=said):
        column("x", [None, value], kind)
