"""Records byte by byte, as docs/formats.md says."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime

import polars as pl
import pytest

from proml_lab.marketplace.kind import polars_type
from proml_lab.marketplace.online.record import Column, Layout

KINDS: dict[str, list[object]] = {
    "float": [1.5, -0.0, float("inf"), None],
    "integer": [0, -(2**63), 2**63 - 1, None],
    "string": ["", "aé", None],
    "boolean": [True, False, None],
    "date": [date(1970, 1, 1), date(1, 1, 1), date(9999, 12, 31), None],
    "time": [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), datetime.max.replace(tzinfo=UTC)],
    "list[float]": [[], [1.0, None, 2.0], None],
    "list[string]": [[], ["", None, "é", "b"], None],
    "list[boolean]": [[True, None, False], None],
    "list[date]": [[date(2024, 3, 1), None], None],
    "list[time]": [[datetime(2024, 3, 1, tzinfo=UTC), None], None],
    "vector[3]": [[1.0, None, 3.0], None],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_values_come_back(kind: str) -> None:
    layout = Layout([Column("a", kind), Column("b", "integer")])
    values = KINDS[kind]
    frame = pl.DataFrame({"a": pl.Series(values, dtype=polars_type(kind)), "b": range(len(values))})
    back = [layout.unpack(record) for record in layout.pack(frame)]
    assert [row[0] for row in back] == frame["a"].to_list()
    assert [row[1] for row in back] == list(range(len(values)))


def test_many_columns_and_no_rows() -> None:
    columns = [Column(f"c{i}", "string" if i % 3 else "float") for i in range(19)]
    layout = Layout(columns)
    rows = [{c.name: None if (i + j) % 4 == 0 else "x" * j if j % 3 else j / 2
             for j, c in enumerate(columns)} for i in range(5)]  # fmt: skip
    schema = {c.name: polars_type(c.kind) for c in columns}
    frame = pl.DataFrame(rows, schema=schema)
    assert [layout.unpack(r) for r in layout.pack(frame)] == [list(r) for r in frame.rows()]
    assert list(layout.pack(frame.clear())) == []


def test_the_bytes_are_those_of_the_document() -> None:
    layout = Layout([Column("s", "string"), Column("x", "float"), Column("l", "list[string]")])
    frame = pl.DataFrame(
        {"s": ["é"], "x": [None], "l": [["a", None, "bc"]]},
        schema={"s": pl.String, "x": pl.Float64, "l": pl.List(pl.String)},
    )
    (record,) = layout.pack(frame)
    inner = struct.pack("<I", 3) + bytes([0b010]) + struct.pack("<3I", 1, 1, 3) + b"abc"
    head = bytes([0b010]) + struct.pack("<IdI", 2, 0.0, 2 + len(inner))
    assert record == head + "é".encode() + inner
