from __future__ import annotations

import datetime as dt
import math

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError, SpecError
from proml_lab.expression import columns, evaluate, scalar

FRAME = pl.DataFrame(
    {
        "x": [1.0, -2.0, None],
        "n": [1, 2, 3],
        "s": ["a b", "", None],
        "t": [dt.datetime(2013, 3, 10, 7, 30, tzinfo=dt.UTC)] * 3,
    }
)


@pytest.mark.parametrize(
    ("sql", "want"),
    [
        ("ln(1 + n)", [math.log(2), math.log(3), math.log(4)]),
        ("extract(hour from t)", [7, 7, 7]),
        ("coalesce(x, 0) * n", [1.0, -4.0, 0.0]),
        ("case when x > 0 then 'up' else s end", ["up", "", None]),
        ("x is null and n in (1, 3)", [False, False, True]),
        ("upper(s) || '!'", ["A B!", "!", None]),
        ("cast(n as double) / 2", [0.5, 1.0, 1.5]),
        ("abs(x) between 1 and 2", [True, True, None]),
        ("greatest(n, 2)", [2, 2, 3]),
        ("'now'", ["now"] * 3),
    ],
)
def test_scalars_are_computed_row_by_row(sql: str, want: list[object]) -> None:
    whole = evaluate(FRAME, {"out": sql}, role="transform")["out"].to_list()
    rows = [evaluate(FRAME[i], {"out": sql}, role="transform")["out"].item() for i in range(3)]
    assert whole == rows
    assert whole == pytest.approx(want) if isinstance(want[0], float) else whole == want


@pytest.mark.parametrize(
    "sql",
    [
        "avg(x)", "x - avg(x)", "count(*)", "sum(x) over (partition by s)",
        "row_number() over (order by x)",
        "lag(x) over (order by t)", "rank() over (order by x)", "first_value(x)", "max(x)",
        "unnest(x)",
        "coalesce(x, median(x))", "case when x > avg(x) then 1 else 0 end", "string_agg(s, ',')",
    ],
)  # fmt: skip
def test_what_sees_other_rows_is_refused(sql: str) -> None:
    with pytest.raises(SpecError, match="looks at more than one row"):
        scalar(sql)


@pytest.mark.parametrize("sql", ["now()", "current_timestamp", "extract(hour from NOW())"])
def test_the_clock_is_refused(sql: str) -> None:
    with pytest.raises(SpecError, match="reads the clock"):
        scalar(sql)


@pytest.mark.parametrize(
    "sql", ["", "select", "x; drop table y", "ln(", "nosuch(x)", "read_csv('a')"]
)
def test_what_is_not_an_expression_is_refused(sql: str) -> None:
    with pytest.raises(SpecError, match="SQL "):
        scalar(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("ln(1 +", "it is empty or breaks off before its end"),
        ("x'", "Unterminated string literal at Line: 1, Column: 2"),
        ("nosuch(x)", "there is no function 'nosuch'"),
        ("struct(x)", "a part of it is not known here"),
        ("date_trunc('hour', x)", "a part of it is not known here"),
    ],
)
def test_what_is_wrong_is_said_without_inner_names(sql: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        scalar(sql)
    assert caught.value.message == f"SQL {sql!r}: {said}."


@pytest.mark.parametrize("sql", ["+".join(["x"] * 3000), "(" * 6000 + "x" + ")" * 6000])
def test_what_is_too_long_or_too_deep_is_refused(sql: str) -> None:
    with pytest.raises(SpecError, match=r"characters is too long or too deep"):
        scalar(sql)


@pytest.mark.parametrize(
    ("sql", "want"),
    [
        ("t[1]", ["a", None]),
        ("array_length(t)", [2, 0]),
        ("array_contains(t, 'b')", [True, False]),
        ("array_to_string(t, '-')", ["a-b", ""]),
        ("split_part('x y', ' ', 2)", ["y", "y"]),
    ],
)
def test_lists_are_read_row_by_row(sql: str, want: list[object]) -> None:
    frame = pl.DataFrame({"t": [["a", "b"], []]})
    assert evaluate(frame, {"f": sql}, role="transform")["f"].to_list() == want


def test_columns_are_named_once_in_order() -> None:
    assert columns("x + n * x") == ("x", "n")


def test_later_expressions_read_earlier_ones() -> None:
    got = evaluate(FRAME, {"a": "n + 1", "b": "a * 2"}, role="transform")
    assert got["b"].to_list() == [4, 6, 8]


def test_a_missing_column_gives_the_nearest() -> None:
    with pytest.raises(ColumnMissingError, match=r"transform 'a' reads column 'xx'(.|\n)*'x'"):
        evaluate(FRAME, {"a": "xx + 1"}, role="transform")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("s + 1", "Hint: s is String; cast\\(x as type\\) changes a type"),
        ("cast(s as int)", "Hint: s is String; .*try_cast makes null what does not fit"),
        ("s ~ '('", r"regex parse error: unclosed group\.\nHint: "),
        ("extract(epoch from d)", r"Hint: .*\(a - b\) / interval '1 hour'"),
    ],
)
def test_what_cannot_be_computed_says_why_and_what_to_do(sql: str, said: str) -> None:
    frame = pl.DataFrame({"s": ["x"], "d": [dt.timedelta(hours=1)]})
    with pytest.raises(DataError, match=said):
        evaluate(frame, {"f": sql}, role="feature")


def test_a_wrong_type_says_which_expression() -> None:
    with pytest.raises(DataError, match=r"feature 'h' \(extract\(hour from s\)\) cannot be"):
        evaluate(FRAME, {"h": "extract(hour from s)"}, role="feature")


ODD = pl.DataFrame(
    {
        "n": pl.Series([7, -7, None], dtype=pl.Int8),
        "z": [2.5, math.nan, None],
        "s": ["a", "B", None],
        "yes": [False, True, None],
        "utc": [dt.datetime(2013, 12, 30, 4, 30, 15, 500_000, dt.UTC)] * 3,
    }
).with_columns(here=pl.col("utc").dt.convert_time_zone("America/New_York"))


@pytest.mark.parametrize(
    ("sql", "want"),
    [
        ("n / 2", [3.5, -3.5, None]),
        ("n / 0", [math.inf, -math.inf, None]),
        ("n // 2", [3, -3, None]),
        ("n % 2", [1, -1, None]),
        ("n // 0", [None] * 3),
        ("mod(n, 0)", [None] * 3),
        ("n * 100", [-68, 68, None]),
        ("cast(n as bigint) * 100", [700, -700, None]),
        ("round(z)", [2.0, math.nan, None]),
        ("yes and null", [False, None, None]),
        ("yes or null", [None, True, None]),
        ("coalesce(n, 1)", [7, -7, 1]),
        ("concat(s, 'x')", ["ax", "Bx", "x"]),
        ("greatest(n, 1)", [7, 1, 1]),
        ("greatest(z, 1)", [2.5, 1.0, 1.0]),
        ("case when yes then 1 else 2 end", [2, 1, 2]),
        ("z = z", [True, True, None]),
        ("z > 1e300", [False, True, None]),
        ("z is null", [False, False, True]),
        ("cast(2.9 as int)", [2]),
        ("try_cast(s as int)", [None] * 3),
        ("extract(hour from utc)", [4] * 3),
        ("extract(hour from here)", [23] * 3),
        ("extract(second from utc)", [15] * 3),
        ("extract(millisecond from utc)", [15_500.0] * 3),
        ("extract(epoch from utc)", [1388377815.5] * 3),
        ("extract(dow from here)", [0] * 3),
        ("extract(week from utc)", [1] * 3),
        ("extract(isoyear from utc)", [2014] * 3),
        ("s < 'a'", [False, True, None]),
        ("s ilike 'b'", [False, True, None]),
        ("length('ä')", [1]),
    ],
)
def test_formulas_give_what_the_language_page_says(sql: str, want: list[object]) -> None:
    found = ODD.select(scalar(sql).alias("found"))["found"].to_list()
    assert str(found) == str(want)
