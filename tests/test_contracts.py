from __future__ import annotations

import polars as pl
import pytest

from proml_lab.contracts import Dataset, Origin
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


def test_a_role_needs_its_column() -> None:
    with pytest.raises(ColumnMissingError, match=r"no column 'nots'\.\nHint: did you mean 'note'"):
        Dataset(FRAME, features=("nots",))


def test_a_dataset_of_something_else_is_refused() -> None:
    with pytest.raises(DataError, match="A Dataset holds a Polars frame, found int"):
        Dataset(3)  # type: ignore[arg-type]
