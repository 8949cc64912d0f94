"""Sources: their fingerprints and moments."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from proml_lab.marketplace.source import NEVER, file_fingerprint, moments


def test_the_fingerprint_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    for content in (b"one", b"other"):
        file.write_bytes(content)
        assert file_fingerprint(file) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments_are_microseconds(unit: str) -> None:
    times = pl.Series("t", [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None])
    times = times.cast(pl.Datetime(unit, "Asia/Tokyo"))  # type: ignore[arg-type]
    assert moments(times, role="", up=True).tolist() == [-1_000_000, NEVER]


def test_nanoseconds_are_rounded_to_the_safe_side() -> None:
    times = pl.Series("t", [1500, -1500, 2000]).cast(pl.Datetime("ns", "UTC"))
    assert moments(times, role="", up=True).tolist() == [2, -1, 2]
    assert moments(times, role="", up=False).tolist() == [1, -2, 2]
