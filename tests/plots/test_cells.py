from __future__ import annotations

import math
from datetime import UTC, datetime

import polars as pl
import pytest

from proml_lab.plots import cells


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.73512, 0.5, None], ["0.7351", "0.5000", "–"]),
        ([12.5, 0.25], ["12.50", "0.25"]),
        ([1.0, 2.0], ["1.0", "2.0"]),
        ([123456.789], ["123,457"]),
        ([0.0, math.nan], ["0.0", "–"]),
        ([1e-7, None], ["1e-07", "–"]),
        ([2.5e12], ["2.5e+12"]),
        ([math.inf, 1.5], ["inf", "1.5"]),
    ],
)
def test_floats_share_their_decimals(values: list[float | None], said: list[str]) -> None:
    assert cells.column_texts(pl.Series(values)) == said


def test_other_types() -> None:
    assert cells.column_texts(pl.Series([1234567, None])) == ["1,234,567", "–"]
    assert cells.column_texts(pl.Series([True, None])) == ["true", "–"]
    assert cells.column_texts(pl.Series(["x" * 300]))[0] == "x" * 199 + "…"
    assert cells.column_texts(pl.Series([0.25, None]), ".1%") == ["25.0%", "–"]


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2013, 1, 2), "2013-01-02"),
        (datetime(2013, 1, 2, 3, 4), "2013-01-02 03:04"),
        (datetime(2013, 1, 2, 3, 4, 5), "2013-01-02 03:04:05"),
        (datetime(2013, 1, 2, 3, tzinfo=UTC), "2013-01-02 03:00 UTC"),
    ],
)
def test_times_drop_what_is_zero(moment: datetime, said: str) -> None:
    assert cells.column_texts(pl.Series([moment, None])) == [said, "–"]


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "missing"), (math.nan, "missing"), (True, "true"), (3, "3"), (3.0, "3"),
     (8.860012, "8.86"), (1234.5, "1,234"), ("<b>", "<b>"),
     (datetime(2013, 1, 2), "2013-01-02"), (-0.5, "-0.5")],
)  # fmt: skip
def test_single_values(value: object, said: str) -> None:
    assert cells.value_text(value) == said


def test_pushes_have_their_sign() -> None:
    assert [cells.signed(v) for v in (0.314, -0.25, 0.0, 0.0123)] == [
        "+0.31",
        "−0.25",
        "+0.00",
        "+0.012",
    ]
    assert cells.number(math.nan) == "–"
