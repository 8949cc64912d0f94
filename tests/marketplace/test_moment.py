"""Moments: microseconds, rounded to the safe side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from proml_lab.marketplace.moment import NEVER, moment_text, moments


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments_are_microseconds(unit: str) -> None:
    times = pl.Series("t", [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None])
    times = times.cast(pl.Datetime(unit, "Asia/Tokyo"))  # type: ignore[arg-type]
    assert moments(times, role="", up=True).tolist() == [-1_000_000, NEVER]


def test_nanoseconds_are_rounded_to_the_safe_side() -> None:
    times = pl.Series("t", [1500, -1500, 2000]).cast(pl.Datetime("ns", "UTC"))
    assert moments(times, role="", up=True).tolist() == [2, -1, 2]
    assert moments(times, role="", up=False).tolist() == [1, -2, 2]


def test_milliseconds_past_the_last_microsecond_stay_far_away() -> None:
    far = 2**62  # times 1000 it would be 0 in 64 bits: 1970
    times = pl.Series("t", [far, -far, 5, None]).cast(pl.Datetime("ms", "UTC"))
    last, first, near, none = moments(times, role="", up=True).tolist()
    assert (near, none) == (5000, NEVER)
    assert -NEVER <= first < -NEVER + 1000
    assert NEVER - 1000 < last < NEVER


@pytest.mark.parametrize("part", [0, 1, 500_000, 999_999])
@pytest.mark.parametrize("year", [1, 1969, 1970, 2024, 9999])
def test_a_moment_is_written_as_python_writes_it(year: int, part: int) -> None:
    moment = datetime(year, 2, 28, 23, 59, 59, part, tzinfo=UTC)
    since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert moment_text(since) == moment.isoformat()
