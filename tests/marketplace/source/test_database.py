"""Databases as sources: a real PostgreSQL, SQLite and DuckDB files, all by the same rules."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlalchemy

from proml_lab.errors import SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Source, Table, open_table

NOON = datetime(2024, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def opened(
    database: str,
    table: str | None = None,
    *,
    query: str | None = None,
    root: Path = Path(),
    named: dict[str, str] | None = None,
    time_zone: str | None = None,
) -> Table:
    source = Source(database=database, table=table, query=query, time_zone=time_zone)
    return open_table(source, root, role="View 'a.b'", databases=named)


@pytest.fixture
def shop(postgres: str) -> str:
    """An empty PostgreSQL database."""
    run(postgres, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return postgres


def run(address: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    engine.dispose()


def test_every_type_of_postgresql_that_matters(shop: str) -> None:
    run(
        shop,
        """CREATE TYPE size AS ENUM ('s', 'l');
        CREATE TABLE every (
            i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision,
            n numeric(12, 2), m numeric, b boolean, t text, v varchar(9), c char(3), raw bytea,
            tz timestamptz, ts timestamp, d date, h time, j json, jb jsonb, u uuid, e size,
            span interval, ai integer[], at text[], az timestamptz[], an numeric(5, 1)[])""",
        "INSERT INTO every (i2) VALUES (NULL)",
        """INSERT INTO every VALUES (1, 2, 3, 0.5, 1.25, 12345.67, 0.1, true, 'x''y%:z', 'v', 'ab',
            'hi', '2024-03-01 12:00:00.123456+00', '2024-03-01 12:00', '2024-02-29', '09:30',
            '{"a": 1.10}', '[1]', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'l', '1 day 02:00',
            '{1,NULL}', '{a}', '{2024-03-01 12:00:00.123456+00}', '{1.5}')""",
    )
    table = opened(shop, "every")
    read = table.read()
    assert read.schema == table.schema()
    assert dict(read.schema) == {
        "i2": pl.Int16(), "i4": pl.Int32(), "i8": pl.Int64(), "f4": pl.Float32(),
        "f8": pl.Float64(), "n": pl.Decimal(12, 2), "m": pl.Float64(), "b": pl.Boolean(),
        "t": pl.String(), "v": pl.String(), "c": pl.String(), "raw": pl.Binary(),
        "tz": pl.Datetime("us", "UTC"), "ts": pl.Datetime("us"), "d": pl.Date(), "h": pl.Time(),
        "j": pl.String(), "jb": pl.String(), "u": pl.String(), "e": pl.String(),
        "span": pl.String(), "ai": pl.List(pl.Int32()), "at": pl.List(pl.String()),
        "az": pl.List(pl.Datetime("us", "UTC")), "an": pl.String(),
    }  # fmt: skip
    assert read.row(0) == (None,) * 25
    assert read.row(1) == (
        1, 2, 3, 0.5, 1.25, Decimal("12345.67"), 0.1, True, "x'y%:z", "v", "ab ", b"hi", NOON,
        datetime(2024, 3, 1, 12), date(2024, 2, 29), time(9, 30), '{"a": 1.10}', "[1]",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "l", "1 day 02:00:00", [1, None], ["a"], [NOON],
        "{1.5}",
    )  # fmt: skip


def test_many_rows_come_in_pieces_and_only_the_columns_asked(shop: str) -> None:
    run(
        shop,
        "CREATE TABLE big AS SELECT g AS id, g * 0.5::float8 AS x, 1 / 1 AS y "
        "FROM generate_series(1, 70000) AS g",
        "CREATE VIEW sore AS SELECT id, x, 1 / (id - id) AS y FROM big",
    )
    whole = pl.DataFrame({"id": range(1, 70_001)}, schema={"id": pl.Int32})
    whole = whole.with_columns(x=pl.col("id") * 0.5, y=pl.lit(1, pl.Int32))
    table = opened(shop, "big")
    assert table.read().sort("id").equals(whole)
    assert table.n_rows() == 70_000
    assert table.content() == fingerprint(whole)
    assert sum(piece.height for piece in table.pieces(["x"])) == 70_000
    assert opened(shop, "sore").read(["x"]).height == 70_000
    with pytest.raises(SourceError, match=r"gives no rows: division by zero"):
        opened(shop, "sore").read(["y"])
    scan = table.scan()
    assert scan.filter(pl.col("id") > 69_990).select("x").head(3).collect().height == 3
    assert scan.head(20_000).collect().height == 20_000
    assert scan.select(pl.len()).collect().item() == 70_000


def test_a_table_of_a_schema_with_a_name_that_must_be_quoted(shop: str) -> None:
    run(
        shop,
        'CREATE SCHEMA IF NOT EXISTS "Sa les"',
        'DROP TABLE IF EXISTS "Sa les"."or.d""er"',
        'CREATE TABLE "Sa les"."or.d""er" ("A b" integer, "50%" text)',
        """INSERT INTO "Sa les"."or.d""er" VALUES (1, 'a')""",
    )
    read = opened(shop, 'Sa les."or.d""er"').read()
    assert read.to_dict(as_series=False) == {"A b": [1], "50%": ["a"]}


def test_a_query_is_one_select_and_changes_nothing(shop: str) -> None:
    run(shop, "CREATE TABLE t AS SELECT 1 AS a, 'x%y:z'::text AS b")
    query = "SELECT a + 1 AS a, b FROM t WHERE b LIKE 'x%' AND b <> ':no' -- all;\n;"
    assert opened(shop, query=query).read().rows() == [(2, "x%y:z")]
    for bad in (
        "SELECT 1) AS q; DROP TABLE t; SELECT * FROM (SELECT 1",
        "SELECT 1) AS q; COMMIT; DROP TABLE t; SELECT * FROM (SELECT 1",
        "DELETE FROM t RETURNING a",
        "WITH gone AS (DELETE FROM t RETURNING a) SELECT * FROM gone",
    ):
        for ask in (Table.read, Table.schema, Table.n_rows):
            with pytest.raises(SourceError, match=r"a query of the database .* gives no rows"):
                ask(opened(shop, query=bad))
    with pytest.raises(SourceError, match=r"read-only transaction"):
        opened(shop, query="SELECT nextval('s')", root=sequence(shop)).read()
    assert opened(shop, "t").n_rows() == 1


def sequence(shop: str) -> Path:
    run(shop, "CREATE SEQUENCE s")
    return Path()


def test_a_time_zone_for_times_without_one(shop: str) -> None:
    run(shop, "CREATE TABLE t AS SELECT timestamp '2024-07-01 12:00' AS t")
    read = opened(shop, "t", time_zone="Europe/Berlin").read()
    assert read["t"].to_list() == [datetime(2024, 7, 1, 10, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("table", "query", "said"),
    [
        ("ordres", None, "there is no ordres of the database .*\nHint: did you mean 'orders'"),
        ("nowhere.orders", None, r"there is no nowhere.orders of .*\nHint: check its name"),
        ("a..b", None, r"'a\.\.b' is no name of a table"),
        (None, "SELECT nope FROM orders", 'gives no rows: column "nope" does not exist'),
        (None, "SELECT FROM WHERE", "gives no rows: syntax error"),
    ],
)
def test_what_is_not_there(shop: str, table: str | None, query: str | None, said: str) -> None:
    run(shop, "CREATE TABLE orders AS SELECT 1 AS a")
    with pytest.raises(SourceError, match=f"View 'a.b': .*{said}"):
        opened(shop, table, query=query).schema()


def test_a_value_that_no_type_holds(shop: str) -> None:
    run(shop, "CREATE TABLE t AS SELECT 'NaN'::numeric(5, 1) AS n, 'infinity'::timestamp AS t")
    with pytest.raises(SourceError, match=r"column 'n' of .* Decimal.*, but has another value"):
        opened(shop, "t").read(["n"])
    with pytest.raises(SourceError, match=r"timestamp too large[^\n]*\nHint: .* nullif"):
        opened(shop, "t").read(["t"])


def test_no_rows(shop: str) -> None:
    run(shop, "CREATE TABLE t (a integer)")
    table = opened(shop, "t")
    assert table.read().schema == table.schema()
    assert [piece.height for piece in table.pieces(["a"])] == [0]


def test_a_password_comes_from_the_environment_and_is_never_shown(
    shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(shop, "CREATE TABLE t AS SELECT 1 AS a", "GRANT USAGE ON SCHEMA public TO bob")
    run(shop, "GRANT SELECT ON t TO bob")
    address = shop.replace("ann@", "bob:${SHOP_WORD}@")
    named = {"shop": address}
    monkeypatch.delenv("SHOP_WORD", raising=False)
    with pytest.raises(
        SourceError, match=r"no variable 'SHOP_WORD', which the address of the data"
    ):
        opened("shop", "t", named=named).read()
    monkeypatch.setenv("SHOP_WORD", "hush")
    assert opened("shop", "t", named=named).read().rows() == [(1,)]
    monkeypatch.setenv("SHOP_WORD", "wrong-word")
    for database in ("shop", address):
        table = opened(database, "t", named=named)
        with pytest.raises(SourceError, match=r"cannot be reached: .*password auth") as caught:
            table.read()
        shown = f"{caught.value} {table!r} {table.name} {table.what} {table.source!r}"
        assert "wrong-word" not in shown
        assert "\n" not in caught.value.message


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be reached: .*\nHint: check the address, that"):
        opened(f"postgresql://ann@/shop?host={tmp_path}", "t").read()


def test_addresses_that_mean_nothing() -> None:
    with pytest.raises(SourceError, match=r"has an address that means nothing: .*nope"):
        opened("nope://x/y", "t").read()
    with pytest.raises(SourceError, match=r"names no database 'shpo'.\nHint: did you mean 'shop'"):
        opened("shpo", "t", named={"shop": "sqlite:///a"}).read()
    with pytest.raises(SourceError, match=r"names no database 'x'.\nHint: name it in its settings"):
        opened("x", "t").read()
    with pytest.raises(SourceError, match=r"the database sqlite:// is in no file"):
        opened("sqlite://", "t").read()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_not_there_or_no_database(tmp_path: Path, kind: str) -> None:
    table = opened(f"{kind}:///shop.db", "t", root=tmp_path)
    with pytest.raises(SourceError, match=f"there is no database {tmp_path}/shop.db"):
        table.read()
    assert not (tmp_path / "shop.db").exists()
    (tmp_path / "shop.db").write_bytes(b"none of the kind" * 300)
    with pytest.raises(SourceError, match=r"\nHint: "):
        table.read()


def test_sqlite_by_what_is_declared_and_by_what_is_there(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as file:
        file.execute(
            "CREATE TABLE t (i INTEGER, x REAL, b BOOLEAN, n NUMERIC(8, 2), at TIMESTAMP, d DATE, "
            "s TEXT, raw BLOB, plain)"
        )
        file.execute("INSERT INTO t (i) VALUES (NULL)")
        file.execute(
            "INSERT INTO t VALUES (1, 2, 1, 3.25, '2024-03-01 12:00:00.123456', '2024-02-29', "
            "'x', x'00ff', 2.5)"
        )
    file.close()
    table = opened("sqlite:///a.db", "t", root=tmp_path)
    kinds = {
        "i": pl.Int64(), "x": pl.Float64(), "b": pl.Boolean(), "n": pl.Decimal(8, 2),
        "at": pl.Datetime("us"), "d": pl.Date(), "s": pl.String(), "raw": pl.Binary(),
        "plain": pl.Float64(),
    }  # fmt: skip
    row = (
        1, 2.0, True, Decimal("3.25"), NOON.replace(tzinfo=None), date(2024, 2, 29), "x",
        b"\0\xff", 2.5,
    )  # fmt: skip
    assert dict(table.schema()) == kinds
    assert table.read().rows() == [(None,) * 9, row]
    asked = opened("sqlite:///a.db", query="SELECT at, i + 1 AS j FROM t;", root=tmp_path)
    assert asked.read().rows() == [(None, None), (row[4], 2)]
    assert asked.schema() == {"at": pl.Datetime("us"), "j": pl.Int64()}
    zoned = opened("sqlite:///a.db", "t", root=tmp_path, time_zone="Europe/Berlin")
    assert zoned.read(["at"])["at"][1] == datetime(2024, 3, 1, 11, 0, 0, 123_456, tzinfo=UTC)
    with pytest.raises(SourceError, match=r"there is no tt of the database .*\nHint: .*'?t"):
        opened("sqlite:///a.db", "tt", root=tmp_path).read()
    with pytest.raises(SourceError, match=r"gives no rows: "):
        opened("sqlite:///a.db", query="SELECT 1; DROP TABLE t", root=tmp_path).read()


def test_sqlite_holds_another_value_than_is_declared(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as file:
        file.execute("CREATE TABLE t (i INTEGER, at TIMESTAMP, b BOOLEAN, x REAL)")
        file.execute("INSERT INTO t VALUES ('many', 'noon', 7, 'much')")
    file.close()
    for name in ("i", "at", "b", "x"):
        with pytest.raises(SourceError, match=f"column '{name}' of t of .* but has another value"):
            opened("sqlite:///a.db", "t", root=tmp_path).read([name])


def test_duckdb_is_read_by_itself_and_nothing_else_is(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as file:
        file.execute(
            "CREATE TABLE t AS SELECT i::integer AS id, i / 2 AS x, "
            "timestamptz '2024-03-01 12:00:00.123456+00' AS at, [i, NULL] AS l, "
            "(i / 4)::decimal(9, 2) AS n FROM range(100000) AS r(i)"
        )
        file.execute('CREATE SCHEMA s; CREATE TABLE s."o\'r" AS SELECT NULL::date AS d')
    table = opened("duckdb:///a.duckdb", "t", root=tmp_path)
    read = table.read().sort("id")
    assert dict(read.schema) == {
        "id": pl.Int32(), "x": pl.Float64(), "at": pl.Datetime("us", "UTC"),
        "l": pl.List(pl.Int64()), "n": pl.Decimal(9, 2),
    }  # fmt: skip
    assert read.row(3) == (3, 1.5, NOON, [3, None], Decimal("0.75"))
    assert table.n_rows() == read.height == 100_000
    assert table.content() == fingerprint(read)
    assert table.scan().head(7).select("x").collect().height == 7
    assert opened("duckdb:///a.duckdb", "s.o'r", root=tmp_path).schema() == {"d": pl.Date()}
    query = "SELECT sum(x) AS x FROM t WHERE id < 4;"
    assert opened("duckdb:///a.duckdb", query=query, root=tmp_path).read().item() == 3.0
    spans = opened("duckdb:///a.duckdb", query="SELECT INTERVAL 1 MONTH AS i", root=tmp_path)
    assert spans.read().rows() == [("1 month",)]
    for bad, said in (
        ("SELECT 1) AS q; DROP TABLE t; SELECT * FROM (SELECT 1", "is several statements"),
        (f"FROM read_csv('{tmp_path}/x.csv')", "gives no rows: Permission Error"),
        ("SELECT nope FROM t", "gives no rows: Binder Error: .*nope"),
        ("SELECT * FROM tt", "gives no rows: Catalog Error"),
    ):
        with pytest.raises(SourceError, match=said):
            opened("duckdb:///a.duckdb", query=bad, root=tmp_path).read()
    with pytest.raises(SourceError, match=r"no table tt in .*a.duckdb.\nHint: did you mean 't'"):
        opened("duckdb:///a.duckdb", "tt", root=tmp_path).read()


def test_duckdb_that_somebody_writes_to(tmp_path: Path) -> None:
    place = tmp_path / "a.duckdb"
    with duckdb.connect(str(place)) as file:
        file.execute("CREATE TABLE t AS SELECT 1 AS a")
        with pytest.raises(SourceError, match=r"cannot be opened: .*\nHint: close the connection"):
            opened("duckdb:///a.duckdb", "t", root=tmp_path).read()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_the_state_of_a_file_changes_with_its_rows(tmp_path: Path, kind: str) -> None:
    def write(statement: str) -> None:
        connect = sqlite3.connect if kind == "sqlite" else duckdb.connect
        file = connect(str(tmp_path / "a.db"))
        file.execute(statement)
        file.commit()
        file.close()

    write("CREATE TABLE t AS SELECT 1 AS a")
    first = opened(f"{kind}:///a.db", "t", root=tmp_path)
    other = opened(f"{kind}:///a.db", query="SELECT 2 AS a", root=tmp_path)
    assert first.files == (tmp_path / "a.db",)
    assert first.state == opened(f"{kind}:///a.db", "t", root=tmp_path).state != other.state
    before = first.state, first.content()
    write("INSERT INTO t VALUES (5)")
    again = opened(f"{kind}:///a.db", "t", root=tmp_path)
    assert before[0] != again.state
    assert before[1] != again.content()


def test_a_server_tells_no_state(shop: str) -> None:
    assert opened(shop, "t").state is None
    assert opened(shop, "t").files == ()
