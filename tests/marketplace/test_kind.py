"""Kinds of values: what becomes what, and what would be lost."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from proml_lab.marketplace.kind import cast, polars_type

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("float", pl.Float64()), ("integer", pl.Int64()), ("string", pl.String()),
        ("boolean", pl.Boolean()), ("time", pl.Datetime("us", "UTC")), ("date", pl.Date()),
        ("list[date]", pl.List(pl.Date())), ("vector[3]", pl.Array(pl.Float64(), 3)),
    ],
)  # fmt: skip
def test_kinds_and_their_types(kind: str, found: pl.DataType) -> None:
    assert polars_type(kind) == found


@pytest.mark.parametrize(
    ("kind", "meant"),
    [("int", "integer"), ("datetime", "time"), ("TEXT", "string"), ("bool", "boolean"),
     ("number", "float"), ("flota", "float")],
)  # fmt: skip
def test_what_other_languages_call_a_kind(kind: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"found '{kind}', did you mean '{meant}'"):
        polars_type(kind)


@pytest.mark.parametrize("kind", ["", "Float", "list[]", "list[money]", "vector[]", "vector[-1]"])
def test_what_is_no_kind(kind: str) -> None:
    with pytest.raises(ValueError, match=r"found .*, (allowed are|did you mean)"):
        polars_type(kind)


@pytest.mark.parametrize(
    ("values", "kind", "want"),
    [
        (pl.Series([1, None]), "float", [1.0, None]),
        (pl.Series([1.0, None]), "integer", [1, None]),
        (pl.Series([1.5]), "integer", None),
        (pl.Series([float("nan")]), "integer", None),
        (pl.Series([True]), "integer", [1]),
        (pl.Series([1]), "boolean", None),
        (pl.Series(["1"]), "integer", None),
        (pl.Series([1]), "string", None),
        (pl.Series(["a"], dtype=pl.Categorical), "string", ["a"]),
        (pl.Series([None, None]), "date", [None, None]),
        (pl.Series([NOON]), "time", [NOON]),
        (pl.Series([NOON.replace(tzinfo=None)]), "time", None),
        (pl.Series([date(2024, 3, 1)]), "time", None),
        (pl.Series([[1, 2], None, []]), "list[float]", [[1.0, 2.0], None, []]),
        (pl.Series([[1.0, 2.5]]), "list[integer]", None),
        (pl.Series([["a"]]), "list[float]", None),
        (pl.Series([1.0]), "list[float]", None),
        (pl.Series([[1, 2], None]), "vector[2]", [[1.0, 2.0], None]),
        (pl.Series([[1.0, 2.0], [3.0]]), "vector[2]", None),
        (pl.Series([[1.0, 2.0]], dtype=pl.Array(pl.Float32, 2)), "vector[2]", [[1.0, 2.0]]),
        (pl.Series([[1.0, 2.0]], dtype=pl.Array(pl.Float32, 2)), "list[float]", [[1.0, 2.0]]),
    ],
)
def test_casts_lose_nothing(values: pl.Series, kind: str, want: list[object] | None) -> None:
    found = cast(values, kind)
    if want is None:
        assert found is None
        return
    assert found is not None
    assert found.dtype == polars_type(kind)
    assert found.to_list() == want
