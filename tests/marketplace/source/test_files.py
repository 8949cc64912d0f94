"""Sources in files: one, a folder, a pattern; Parquet, CSV and Arrow."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Table, open_table


def opened(path: Path) -> Table:
    return open_table(path, Path(), role="The spine")


def test_the_content_is_that_of_the_table_whatever_the_file(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(1000), "b": ["x", None] * 500})
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    frame.write_parquet(one)
    frame.reverse().select("b", "a").write_parquet(
        other, row_group_size=77, compression="uncompressed"
    )
    assert opened(one).content() == opened(other).content() == fingerprint(frame)
    frame.with_columns(a=pl.col("a") + 1).write_parquet(one)
    assert opened(one).content() != fingerprint(frame)


def test_content_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match=r"The spine: .*a.parquet is not a Parquet file"):
        opened(file).content()
