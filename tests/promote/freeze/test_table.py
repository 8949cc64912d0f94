"""Tables in files: the same content in any form and order has one fingerprint."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.fingerprint import fingerprint
from proml_lab.promote.freeze import table

FRAME = pl.DataFrame({"id": [3, 1, 2], "name": ["c", None, "a b"], "x": [0.5, 1.25, -2.0]})


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "a.arrow", "a.jsonl"])
def test_a_form_does_not_matter(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for frame in (FRAME, FRAME.reverse().select("x", "name", "id")):
        match path.suffix:
            case ".csv":
                frame.write_csv(path, separator=";")
            case ".tsv":
                frame.write_csv(path, separator="\t")
            case ".parquet":
                frame.write_parquet(path)
            case ".arrow":
                frame.write_ipc(path)
            case _:
                frame.write_ndjson(path)
        found = table.read(path)
        assert found is not None
        assert found.fingerprint == fingerprint(FRAME)
        assert (found.n_rows, dict(found.schema)["x"]) == (3, "Float64")


def test_a_value_matters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    FRAME.with_columns(x=pl.col("x") + 1).write_csv(path)
    found = table.read(path)
    assert found is not None
    assert found.fingerprint != fingerprint(FRAME)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b"a,b\n1,2\n"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv", b""),
        ("a.parquet", b"PAR1"),
        ("a.arrow", b"x"),
        ("a.jsonl", b"{]"),
    ],
)
def test_what_is_no_table_has_none(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert table.read(tmp_path / name) is None
