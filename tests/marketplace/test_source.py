"""Sources: their fingerprints and moments."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import NEVER, content, digest, moment_text, moments


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    for text in (b"one", b"other"):
        file.write_bytes(text)
        assert digest(file) == hashlib.sha256(text).hexdigest()


def test_the_content_is_that_of_the_table_whatever_the_file(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(1000), "b": ["x", None] * 500})
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    frame.write_parquet(one)
    frame.reverse().select("b", "a").write_parquet(
        other, row_group_size=77, compression="uncompressed"
    )
    assert digest(one) != digest(other)
    assert content(one, role="") == content(other, role="") == fingerprint(frame)
    frame.with_columns(a=pl.col("a") + 1).write_parquet(one)
    assert content(one, role="") != fingerprint(frame)


def test_content_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match=r"The spine: .*a.parquet is not a Parquet file"):
        content(file, role="The spine")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments_are_microseconds(unit: str) -> None:
    times = pl.Series("t", [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None])
    times = times.cast(pl.Datetime(unit, "Asia/Tokyo"))  # type: ignore[arg-type]
    assert moments(times, role="", up=True).tolist() == [-1_000_000, NEVER]


def test_nanoseconds_are_rounded_to_the_safe_side() -> None:
    times = pl.Series("t", [1500, -1500, 2000]).cast(pl.Datetime("ns", "UTC"))
    assert moments(times, role="", up=True).tolist() == [2, -1, 2]
    assert moments(times, role="", up=False).tolist() == [1, -2, 2]


@pytest.mark.parametrize("part", [0, 1, 500_000, 999_999])
@pytest.mark.parametrize("year", [1, 1969, 1970, 2024, 9999])
def test_a_moment_is_written_as_python_writes_it(year: int, part: int) -> None:
    moment = datetime(year, 2, 28, 23, 59, 59, part, tzinfo=UTC)
    since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert moment_text(since) == moment.isoformat()
