"""Delta and Iceberg tables as sources: versions, snapshots, and what is not there."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as Iceberg

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Source, Table, open_table

FRAME = pl.DataFrame({"id": [1, 2], "at": ["2024-03-01T12:00", "2024-03-02T12:00"]}).with_columns(
    pl.col("at").str.to_datetime(time_zone="UTC", time_unit="us")
)
MORE = FRAME.with_columns(pl.col("id") + 10)


def opened(root: Path, **said: object) -> Table:
    return open_table(Source.model_validate(said), root, role="View 'a.b'")


def test_a_delta_table_by_version(tmp_path: Path) -> None:
    FRAME.write_delta(tmp_path / "t")
    first = opened(tmp_path, delta="t")
    assert first.state == f"{tmp_path}/t@0"
    MORE.write_delta(tmp_path / "t", mode="append")
    newest, pinned = opened(tmp_path, delta="t"), opened(tmp_path, delta="t", version=0)
    assert first.read().sort("id").equals(FRAME)
    assert pinned.read().sort("id").equals(FRAME)
    assert newest.read(["id"])["id"].sort().to_list() == [1, 2, 11, 12]
    assert newest.schema() == FRAME.schema
    assert newest.content() == fingerprint(pl.concat([FRAME, MORE]))
    assert pinned.content() == fingerprint(FRAME)
    assert newest.state == f"{tmp_path}/t@1"
    assert pinned.state == f"{tmp_path}/t@0"
    assert sum(piece.height for piece in newest.pieces()) == newest.n_rows() == 4


def test_delta_tables_and_versions_that_are_not_there(tmp_path: Path) -> None:
    FRAME.write_delta(tmp_path / "t")
    with pytest.raises(SourceError, match=r"there is no Delta table .*/x\.\nHint: check its path"):
        opened(tmp_path, delta="x").read()
    with pytest.raises(SourceError, match=r"has no version 7, or no longer.\nHint: its newest"):
        opened(tmp_path, delta="t", version=7).read()
    for file in (tmp_path / "t" / "_delta_log").glob("*.json"):
        file.write_text("{")
    with pytest.raises(SourceError, match=r"the Delta table .* cannot be read: "):
        opened(tmp_path, delta="t").read()


def test_a_file_of_a_delta_table_that_is_gone(tmp_path: Path) -> None:
    FRAME.write_delta(tmp_path / "t")
    for file in DeltaTable(tmp_path / "t").file_uris():
        Path(file).unlink()
    with pytest.raises(SourceError, match=r"the Delta table .* cannot be read: "):
        opened(tmp_path, delta="t").read()


@pytest.fixture
def iceberg(tmp_path: Path) -> Iceberg:
    """A table with two snapshots, in ``w/n/t``."""
    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=FRAME.to_arrow().schema)
    table.append(FRAME.to_arrow())
    table.append(MORE.to_arrow())
    catalog.engine.dispose()
    return table


def test_an_iceberg_table_by_snapshot(tmp_path: Path, iceberg: Iceberg) -> None:
    before, after = (one.snapshot_id for one in iceberg.snapshots())
    newest, pinned = (
        opened(tmp_path, iceberg="w/n/t"),
        opened(tmp_path, iceberg="w/n/t", snapshot=before),
    )
    assert newest.schema() == FRAME.schema
    assert pinned.read().sort("id").equals(FRAME)
    assert newest.read(["id"])["id"].sort().to_list() == [1, 2, 11, 12]
    assert newest.content() == fingerprint(pl.concat([FRAME, MORE]))
    assert newest.n_rows() == sum(piece.height for piece in newest.pieces()) == 4
    assert newest.state == f"{tmp_path}/w/n/t@{after}"
    assert pinned.state == f"{tmp_path}/w/n/t@{before}"
    file = iceberg.metadata_location
    assert opened(tmp_path, iceberg=file).n_rows() == 4
    assert opened(tmp_path, iceberg=file.removeprefix("file://")).n_rows() == 4


def test_iceberg_tables_and_snapshots_that_are_not_there(tmp_path: Path, iceberg: Iceberg) -> None:
    with pytest.raises(SourceError, match=r"there is no Iceberg table .*/x"):
        opened(tmp_path, iceberg="x").read()
    (tmp_path / "empty" / "metadata").mkdir(parents=True)
    with pytest.raises(SourceError, match=r"there is no Iceberg table .*/empty"):
        opened(tmp_path, iceberg="empty").read()
    with pytest.raises(SourceError, match=r"has no snapshot 7, or no longer.\nHint: its snapshots"):
        opened(tmp_path, iceberg="w/n/t", snapshot=7).read()
    Path(iceberg.metadata_location.removeprefix("file://")).write_text("{}")
    with pytest.raises(SourceError, match=r"the Iceberg table .* cannot be read: "):
        opened(tmp_path, iceberg="w/n/t").read()


@pytest.mark.parametrize(("kind", "package"), [("delta", "deltalake"), ("iceberg", "pyiceberg")])
def test_a_reader_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    found = builtins.__import__

    def absent(name: str, *rest: object) -> object:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return found(name, *rest)  # type: ignore[arg-type]

    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r"is not installed.\nHint: .*proml-lab\[sources\]"):
        _ = opened(tmp_path, **{kind: "t"}).state
