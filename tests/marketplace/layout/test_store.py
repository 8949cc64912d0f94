"""The files of a layout: what is written is read, what is damaged is noticed."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proml_lab.marketplace.layout.store import HEAD, Store
from tests.marketplace.conftest import at

COLUMNS = [
    pl.Series("a", [1.5, None, float("nan")]),
    pl.Series("a", ["x", None, "longer than twelve bytes"]),
    pl.Series("a", ["x", None, "y"], dtype=pl.Categorical),
    pl.Series("a", ["x", None, "y"], dtype=pl.Enum(["y", "x"])),
    pl.Series("a", [[1.0], [], None]),
    pl.Series("a", [[1.0, 2.0], None, [3.0, 4.0]], dtype=pl.Array(pl.Float64, 2)),
    pl.Series("a", [{"b": 1}, None]),
    pl.Series("a", [Decimal("1.20"), None]),
    pl.Series("a", [at(1), None]).dt.convert_time_zone("Europe/Berlin"),
    pl.Series("a", [True, None, False]),
    pl.Series("a", [None, None]),
    pl.Series("a", [b"x", None]),
    pl.Series("a", [], dtype=pl.Int8),
]


def made(folder: Path) -> Store:
    store = Store(folder, {"rows": 3}, {})
    store.add("x.npy", np.arange(4))
    store.add("a.arrow", pl.Series("a", [1, 2, None]))
    store.tell()
    return store


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.dtype))
def test_columns_come_back_as_they_were(tmp_path: Path, column: pl.Series) -> None:
    store = Store(tmp_path, {}, {})
    store.add("a.arrow", column)
    found = store.column("a.arrow")
    assert found.dtype == column.dtype
    assert found.equals(column, null_equal=True)
    assert found.n_chunks() == 1


def test_arrays_are_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    made(tmp_path)
    store = Store.open(tmp_path)
    assert store is not None
    assert store.facts == {"rows": 3}
    found = store.array("x.npy")
    assert found.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1
    assert store.column("a.arrow").to_list() == [1, 2, None]
    assert store.bytes_of("x.npy") == (tmp_path / "x.npy").stat().st_size
    assert "x.npy" in store
    assert "y.npy" not in store


def test_a_file_counts_once_it_is_told(tmp_path: Path) -> None:
    store = made(tmp_path)
    store.add("y.npy", np.arange(2))
    before = Store.open(tmp_path)
    store.tell()
    after = Store.open(tmp_path)
    assert before is not None
    assert after is not None
    assert ("y.npy" in before, "y.npy" in after) == (False, True)


@pytest.mark.parametrize("name", ["x.npy", "a.arrow", HEAD])
def test_damage_is_noticed(tmp_path: Path, name: str) -> None:
    made(tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    for part in (0.1, 0.5, 0.9):
        place = int(part * len(whole))
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert Store.open(tmp_path) is None
        file.write_bytes(whole[:place])
        assert Store.open(tmp_path) is None
    file.write_bytes(whole)
    assert Store.open(tmp_path) is not None, "as it was, at another time"
    file.unlink()
    assert Store.open(tmp_path) is None


def test_a_copy_is_as_good(tmp_path: Path) -> None:
    made(tmp_path)
    os.utime(tmp_path / "x.npy", (1, 1))
    assert Store.open(tmp_path) is not None


def test_no_layout_at_all(tmp_path: Path) -> None:
    assert Store.open(tmp_path / "none") is None
    (tmp_path / HEAD).write_text("[]")
    assert Store.open(tmp_path) is None
