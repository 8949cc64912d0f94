from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Contributions, Dataset, Origin
from proml_lab.errors import ColumnMissingError, DataError

FRAME = pl.DataFrame(
    {"id": ["a", "b", None], "x": [1, None, 3], "y": [0, 1, 0], "note": ["", "", ""]}
)
ORIGIN = Origin("v", "sources/v.parquet", "0" * 64, 3, ("x",))


def test_the_schema_tells_roles_nulls_and_sources() -> None:
    data = Dataset(FRAME, label="y", entities=("id",), features=("x",), origins=(ORIGIN,))
    rows = {row["column"]: row for row in data.schema.to_dicts()}
    assert rows["x"] == {
        "column": "x",
        "type": "Int64",
        "role": "feature",
        "nulls": 1,
        "source": "v",
    }
    assert [rows[c]["role"] for c in ("id", "y", "note")] == ["entity", "label", "kept"]


def test_take_keeps_roles() -> None:
    data = Dataset(FRAME, label="y", features=("x",))
    for rows in (pl.col("y") == 0, FRAME["y"] == 0, pl.Series([0, 2]).to_numpy()):
        part = data.take(rows)
        assert part.frame["x"].to_list() == [1, 3]
        assert part.features == ("x",)


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_the_period_is_that_of_the_cutoffs_in_utc(zone: str | None) -> None:
    moments = [datetime(2013, 5, 1, 6), None, datetime(2013, 1, 1, 5)]
    kept = pl.Series("at", moments, dtype=pl.Datetime("ms"))
    if zone is not None:
        kept = kept.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    data = Dataset(FRAME.with_columns(kept), cutoff="at")
    assert data.period == (
        datetime(2013, 1, 1, 5, tzinfo=UTC),
        datetime(2013, 5, 1, 6, tzinfo=UTC),
    )
    assert data.take(pl.Series([1])).period is None


def test_without_a_cutoff_in_time_there_is_no_period() -> None:
    days = FRAME.with_columns(day=pl.lit(date(2013, 5, 1)))
    assert Dataset(days, cutoff="day").period == (datetime(2013, 5, 1, tzinfo=UTC),) * 2
    assert Dataset(FRAME).period is None
    assert Dataset(FRAME, cutoff="x").period is None


def test_a_dataset_is_told_in_one_line() -> None:
    assert repr(Dataset(FRAME, label="y")) == "<Dataset: 3 rows, 4 columns, label 'y'>"
    assert repr(Dataset(FRAME[:1, :1])) == "<Dataset: 1 row, 1 column>"


def test_contributions_are_told_without_their_tables() -> None:
    found = Contributions(0.5, np.zeros((3, 1)), ("x",), FRAME)
    assert repr(found) == "Contributions(base=0.5, features=('x',))"


def test_a_role_needs_its_column() -> None:
    with pytest.raises(ColumnMissingError, match=r"no column 'nots'\.\nHint: did you mean 'note'"):
        Dataset(FRAME, features=("nots",))


def test_a_dataset_of_something_else_is_refused() -> None:
    with pytest.raises(DataError, match="A table is needed, found int"):
        Dataset(3)  # type: ignore[arg-type]
