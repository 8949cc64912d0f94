"""Keys byte by byte, as docs/formats.md says; written by the million as one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import polars as pl
import pytest

from proml_lab.errors import DataError, UsageError
from proml_lab.marketplace.online.key import Keys, key_bytes, key_kind, key_texts, read_key
from tests.marketplace.conftest import MakeView

PREFIX = b"\0\0\0\7"
COLUMNS: dict[str, tuple[pl.Series, list[bytes]]] = {
    "string": (pl.Series(["", "é:1"]), [b"", "é:1".encode()]),
    "integer": (pl.Series([-7, 2**62]), [b"-7", b"4611686018427387904"]),
    "boolean": (pl.Series([True, False]), [b"1", b"0"]),
    "date": (pl.Series([date(1969, 12, 31), date(1970, 1, 3)]), [b"-1", b"2"]),
    "time": (
        pl.Series([datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (-1, 2)]),
        [b"-1000", b"2000"],
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_one_part_is_itself(kind: str) -> None:
    column, want = COLUMNS[kind]
    want = [PREFIX + text for text in want]
    assert key_bytes(key_texts(pl.DataFrame([column.alias("a")])), PREFIX) == want
    keys = Keys("g.v", {"a": kind}, PREFIX)
    assert keys.encode([[*column.to_list(), None]]) == [*want, None]


def test_parts_have_their_lengths_before_them() -> None:
    frame = pl.DataFrame({"a": ["1:2", "é"], "b": [1, -2]})
    want = [PREFIX + b"3:1:21:1", PREFIX + "2:é2:-2".encode()]
    assert key_bytes(key_texts(frame), PREFIX) == want
    keys = Keys("g.v", {"a": "string", "b": "integer"}, PREFIX)
    assert keys.encode([["1:2", "é", None], [1, -2, 3]]) == [*want, None]


def test_long_keys_are_digests() -> None:
    text = "x" * 401
    want = [PREFIX + b"\xff" + sha256(text.encode()).digest()]
    assert key_bytes([text], PREFIX) == want
    assert Keys("g.v", {"a": "string"}, PREFIX).encode([[text]]) == want


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("string", 1, "text, found 1"),
        ("integer", "1", "whole numbers, found '1'"),
        ("integer", 1.0, "whole numbers, found 1.0"),
        ("integer", True, "whole numbers, found True"),
        ("boolean", 1, "true or false, found 1"),
        ("date", datetime(2024, 1, 1, tzinfo=UTC), "dates, found datetime"),
        ("date", "2024-01-01", "dates, found '2024-01-01'"),
        ("time", datetime(2024, 1, 1), "times with a time zone, found"),
        ("local", datetime(2024, 1, 1, tzinfo=UTC), "times without a time zone, found"),
    ],
)
def test_values_that_are_no_keys(kind: str, value: object, words: str) -> None:
    with pytest.raises(DataError, match=f"The key 'a' of view 'g.v' is {words}"):
        Keys("g.v", {"a": kind}, PREFIX).encode([[None, value]])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("integer", "1.5"), ("boolean", "yes"), ("date", "1.1.2024"), ("time", "2024-01-01T00:00"),
     ("local", "2024-01-01T00:00Z")],
)  # fmt: skip
def test_texts_that_are_no_keys(kind: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"The key 'a' is .*, found '{text}'"):
        read_key("a", text, kind)


def test_types_that_no_key_has(make_view: MakeView) -> None:
    view = make_view({"id": ["a"], "x": [1.0]}, event_time=None, features={"x": "float"})
    with pytest.raises(DataError, match="the key 'id' is Float32"):
        key_kind(view, "id", pl.Float32())
