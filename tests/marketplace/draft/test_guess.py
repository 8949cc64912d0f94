from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from proml_lab.marketplace.draft.guess import Guesses, Sample, guess

START = datetime(2024, 3, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=i) for i in range(6)]


def guessed(columns: dict[str, list[object]], *others: Sample, name: str = "orders") -> Guesses:
    return guess(Sample(name, "x.parquet", pl.DataFrame(columns)), others)


def other(name: str, **columns: list[object]) -> Sample:
    return Sample(name, f"{name}.parquet", pl.DataFrame(columns))


def test_the_only_time_and_the_key_that_tells_rows_apart() -> None:
    found = guessed({"shop": ["a", "b"] * 3, "hour": sorted(HOURS[:3] * 2), "rain": [1.0] * 6})
    assert (found.event_time.columns, found.keys.columns) == (("hour",), ("shop",))
    assert found.keys.why == "shop with hour tells the rows apart"
    assert not found.known_at.columns
    assert found.notes == ("no known_at: rows count as known at hour; say it if they come later",)


def test_an_id_of_two_words_is_an_id() -> None:
    found = guessed({"E-Mail": ["a@b", "c@d", "e@f"], "User ID": [1, 2, 3], "x": [1.0, 2.0, 3.0]})
    assert found.keys.columns == ("User ID",)


def test_a_static_table() -> None:
    found = guessed({"plane_id": [1, 2, 3], "seats": [4, 4, 2], "built": [1, 2, 3]})
    assert (found.event_time.columns, found.keys.columns) == ((), ("plane_id",))


def test_a_shared_column_is_a_key_before_one_that_is_unique_by_chance() -> None:
    columns: dict[str, list[object]] = {"code": ["p", "q", "r"], "user_id": [1, 2, 3]}
    assert guessed(columns).keys.columns == ("code",)
    found = guessed(columns, other("users", user_id=[1, 2]))
    assert found.keys.columns == ("user_id",)
    assert "user_id is in users too" in found.keys.why


def test_two_columns_where_one_is_not_enough() -> None:
    both: dict[str, list[object]] = {"user": [*"aabb"], "movie": [*"xyxy"], "at": HOURS[:1] * 4}
    found = guessed(both)
    assert found.keys.columns == ("user", "movie")
    assert found.keys.why.startswith("user and movie with at tell the rows apart")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"temp": [1, 2, 3]}, "no likely key tells its rows apart"),
        ({"id": ["a", "a"], "day": [date(2024, 3, 1)] * 2}, "day is a date, and a view needs a mo"),
        ({"id": ["a", "a"], "at": HOURS[:1] * 2}, "no likely key with at tells its rows apart"),
        ({"note": ["long " * 20, "text " * 20]}, "no likely key"),
        ({"id": [None, None], "x": [1.0, 2.0]}, "no likely key"),
    ],
)
def test_tables_that_can_be_no_view(columns: dict[str, list[object]], why: str) -> None:
    assert why in guessed(columns).problem


def test_a_row_is_not_known_before_the_last_of_its_times() -> None:
    later = [hour + timedelta(minutes=50) for hour in HOURS]
    last = [hour + timedelta(hours=3) for hour in HOURS]
    found = guessed({"id": [1] * 6, "departed_at": HOURS, "landed_at": later, "checked": last})
    assert found.event_time.columns == ("departed_at",)
    assert found.known_at.columns == ("checked",)
    assert found.known_at.why == "no row is known before checked, the last of its times"


def test_a_time_that_is_sometimes_empty_or_earlier_is_no_known_at() -> None:
    back = [None, *[hour + timedelta(hours=1) for hour in HOURS[1:]]]
    early = [hour - timedelta(hours=1) for hour in HOURS]
    found = guessed({"id": [1] * 6, "event_time": HOURS, "returned_at": back, "created": early})
    assert not found.known_at.columns
    assert found.notes[0].startswith("returned_at is no known_at: some are empty")
    assert found.notes[1] == "created is no known_at: some are earlier than event_time"


def test_when_the_table_was_written_is_no_known_at() -> None:
    written = [HOURS[-1] + timedelta(days=2)] * 6
    found = guessed({"id": [1] * 6, "event_time": HOURS, "created": written})
    assert not found.known_at.columns
    assert "says when the rows were written, not when they were known" in found.notes[0]


def test_times_without_a_zone() -> None:
    found = guessed({"id": [1] * 6, "at": [hour.replace(tzinfo=None) for hour in HOURS]})
    assert found.time_zone.columns == ("UTC",)
    assert found.time_zone.why == "at has none"
