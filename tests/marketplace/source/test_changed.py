"""Sources that are not what they were: columns, types and tables gone, rows written meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlalchemy

from proml_lab.errors import ColumnMissingError, DataError, ProMLError, SourceError
from proml_lab.marketplace.source import Source, Table, open_table
from proml_lab.marketplace.workspace import Workspace, open_workspace

VIEW = """view: shop.rain
source: {{database: '{address}', table: rained}}
entities: [id]
features:
  rain: float
"""
SPINE = pl.DataFrame({"id": ["a"]})
Run = Callable[..., None]


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Workspace, Run]]:
    """A workspace with a view of a table of one row, and what runs statements there."""
    kind = request.param
    address = f"{kind}:///shop.db"
    if kind == "postgresql":
        address = request.getfixturevalue("postgres")

    def run(*statements: str) -> None:
        if kind == "postgresql":
            engine = sqlalchemy.create_engine(address.replace("sql:", "sql+psycopg:"))
            with engine.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
            engine.dispose()
            return
        connect = sqlite3.connect if kind == "sqlite" else duckdb.connect
        file = connect(str(tmp_path / "shop.db"))
        for statement in statements:
            file.execute(statement)
        file.commit()
        file.close()

    (tmp_path / "features").mkdir()
    (tmp_path / "proml.toml").write_text("")
    (tmp_path / "features" / "rain.yaml").write_text(VIEW.format(address=address))
    run("DROP TABLE IF EXISTS rained", "CREATE TABLE rained (id VARCHAR(9), rain FLOAT)")
    run("INSERT INTO rained VALUES ('a', 1.5)")
    yield open_workspace(tmp_path), run
    run("DROP TABLE IF EXISTS rained")


@pytest.mark.parametrize(
    ("statement", "kind", "said", "line"),
    [
        (
            "ALTER TABLE rained RENAME COLUMN rain TO rian",
            ColumnMissingError,
            "View 'shop.rain': feature 'rain' reads column 'rain', which rained of ",
            5,
        ),
        ("DROP TABLE rained", SourceError, "View 'shop.rain': there is no ", 2),
        (
            "CREATE TABLE rained (id VARCHAR(9), rain VARCHAR(9))",
            DataError,
            "View 'shop.rain' declares feature 'rain' as float, but rained of ",
            5,
        ),
    ],
)
def test_a_table_that_has_changed(
    shop: tuple[Workspace, Run], statement: str, kind: type[ProMLError], said: str, line: int
) -> None:
    there, run = shop
    assert there.training_set(SPINE, ["shop.rain"]).frame["rain"].to_list() == [1.5]
    if statement.startswith("CREATE"):
        run("DROP TABLE rained", statement, "INSERT INTO rained VALUES ('a', 'much')")
    else:
        run(statement)
    with pytest.raises(kind) as caught:
        there.training_set(SPINE, ["shop.rain"])
    place = f"{there.root}/features/rain.yaml:{line}: "
    assert str(caught.value).startswith(place)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    (found,) = there.catalog.check().found.rows(named=True)
    assert found["line"] == line


@pytest.mark.parametrize("kind", ["csv", "arrow", "parts", "sqlite"])
def test_rows_that_are_written_while_others_are_read(tmp_path: Path, kind: str) -> None:
    """Whatever asks for them: the rows would be of two moments."""
    numbers = iter(range(1, 99))
    file = sqlite3.connect(tmp_path / "t.db", check_same_thread=False)  # its log lasts
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("CREATE TABLE t (x INTEGER)")

    def write() -> None:
        x = next(numbers)
        if kind == "csv":
            (tmp_path / "t.csv").write_text(f"x\n{10**x}\n")
        elif kind == "arrow":
            pl.DataFrame({"x": [x]}).write_ipc(tmp_path / "t.new")
            (tmp_path / "t.new").rename(tmp_path / "t.arrow")
            os.utime(tmp_path / "t.arrow", ns=(x, x))
        elif kind == "parts":
            (tmp_path / "t").mkdir(exist_ok=True)
            pl.DataFrame({"x": [x]}).write_parquet(tmp_path / "t" / f"{x}.parquet")
        else:
            file.execute("INSERT INTO t VALUES (?)", (x,))
            file.commit()

    write()
    names = {"csv": "t.csv", "arrow": "t.arrow", "parts": "t"}
    source = (
        Source(path=names[kind]) if kind in names else Source(database="sqlite:///t.db", table="t")
    )
    table = open_table(source, tmp_path, role="View 'a.b'")
    scan = table._scan

    def meanwhile() -> pl.LazyFrame:
        rows = scan()
        return rows.map_batches(lambda some: (write(), some)[1], schema=rows.collect_schema())

    for ask in (Table.read, lambda it: [*it.pieces()], Table.content):
        table._scan = meanwhile  # type: ignore[method-assign]
        with pytest.raises(SourceError, match=r"^View 'a.b': .* changed while it was read\.\n"):
            ask(table)
        table._scan = scan  # type: ignore[method-assign]
        ask(table)
    file.close()
