"""Tables that a promoted run keeps: read once, then from the run's own folder."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy

from proml_lab.errors import SourceError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.source import Source, Table, open_table
from proml_lab.marketplace.source.files import Files
from proml_lab.marketplace.source.kept import FOLDER, LIMIT, Kept, keeping, key, readings

AT = datetime(2024, 3, 31, 1, 30)
FRAME = pl.DataFrame(
    {
        "id": ["a", "b", None],
        "n": [1, None, 3],
        "x": [0.5, float("nan"), None],
        "at": [AT, None, AT],
        "moment": pl.Series([AT, AT, None]).dt.replace_time_zone("UTC"),
        "day": [date(2024, 3, 1), None, None],
        "clock": [time(1, 2, 3), None, None],
        "price": pl.Series([Decimal("1.20"), None, None], dtype=pl.Decimal(10, 2)),
        "raw": [b"\x00", None, b""],
        "many": [[1, 2], [], None],
        "vector": pl.Series([[1.0, 2.0]] * 3, dtype=pl.Array(pl.Float32, 2)),
        "nothing": [None, None, None],
    }
)


def kept(tmp_path: Path, frame: pl.DataFrame = FRAME, *, limit: int = 10**6) -> Kept:
    """A table in a file, read as one on a server would be; the file may go after that."""
    file = tmp_path / "there.arrow"
    frame.write_ipc(file)
    source = Source(path=str(file), time_zone="Europe/Berlin")
    place = tmp_path / "rows" / key(source)
    return Kept(Files(source, Path(), role="It"), source, place, limit=limit)


def test_what_was_read_once_is_read_again_without_its_source(tmp_path: Path) -> None:
    table, plain = (
        kept(tmp_path),
        Files(
            Source(path=str(tmp_path / "there.arrow"), time_zone="Europe/Berlin"), Path(), role="It"
        ),
    )
    want, schema = plain.read(), plain.schema()
    assert table.schema() == schema
    assert table.read().equals(want, null_equal=True)
    (tmp_path / "there.arrow").unlink()
    again = kept_again(table)
    assert again.schema() == schema
    assert again.read(["x", "at"]).equals(want.select("x", "at"))
    assert pl.concat(again.pieces(["id"])).equals(want.select("id"))
    assert again.n_rows() == 3
    assert again.content() == fingerprint(want)
    assert again.content(["n"]) == fingerprint(want.select("n"))
    assert again.scan().filter(pl.col("n") > 1).collect().equals(want.filter(pl.col("n") > 1))
    assert again.scan().head(2).collect().equals(want.head(2))
    assert again.scan().select(pl.len()).collect().item() == 3
    assert again.state is None
    assert again.files == ()
    assert len(readings(table.place)) == 1


def kept_again(table: Kept) -> Table:
    return Kept(table.table, table.source, table.place, limit=table.limit)


def test_only_the_columns_that_are_read_are_kept(tmp_path: Path) -> None:
    table = kept(tmp_path)
    table.read(["id", "n"])
    table.read(["n"])
    table.read(["n", "at"])
    assert sorted(map(sorted, readings(table.place).values())) == [["at", "n"], ["id", "n"]]


@pytest.mark.parametrize("limit", [0, 100])
def test_too_many_bytes_are_not_kept(tmp_path: Path, limit: int) -> None:
    table = kept(tmp_path, limit=limit)
    for _ in range(2):
        assert table.read(["n"]).equals(FRAME.select("n"))
    assert readings(table.place) == {}
    assert table.n_rows() == 3
    assert sorted(file.name for file in table.place.iterdir()) == [
        "over",
        "schema.parquet",
        "source.json",
    ]


def test_a_table_without_rows(tmp_path: Path) -> None:
    table = kept(tmp_path, FRAME.clear())
    for _ in range(2):
        assert table.scan().collect().equals(kept_again(table).scan().collect())
        assert table.read().is_empty()
    assert table.n_rows() == 0


def test_two_readers_at_once_keep_it_once(tmp_path: Path) -> None:
    """The second finds the folder of the first when its own is ready."""
    table, late = kept(tmp_path), kept(tmp_path)
    written = late._written

    def slow(draft: Path, columns: list[str]) -> bool:
        table.read(["n"])
        return written(draft, columns)

    late._written = slow  # type: ignore[method-assign]
    assert late.read(["n"]).equals(FRAME.select("n"))
    assert len(readings(table.place)) == 1
    assert not [file for file in table.place.iterdir() if file.name.startswith(".")]


def test_an_error_of_the_source_leaves_nothing(tmp_path: Path) -> None:
    table = kept(tmp_path)
    table.schema()
    (tmp_path / "there.arrow").write_bytes(b"not one")
    with pytest.raises(SourceError, match="cannot be read as Arrow"):
        table.read(["n"])
    assert readings(table.place) == {}
    new = Kept(table.table, table.source, tmp_path / "new", limit=1)
    with pytest.raises(SourceError, match="cannot be read as Arrow"):
        new.schema()
    assert not (tmp_path / "new").exists()


def test_only_what_no_copy_of_files_gives_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "sqlite:///x.db"
    sources = {
        "file": (Source(path="x.parquet"), False),
        "outside": (Source(path="/else/where/x.parquet"), True),
        "beside": (Source(path="../x.parquet"), True),
        "other": (Source(database="duckdb:////else/x.duckdb", table="t"), True),
        "lake": (Source(delta="/else/x"), True),
        "address": (Source(path="s3://x/y.parquet"), True),
        "delta": (Source(delta="x"), False),
        "far": (Source(delta="s3://x/y"), True),
        "iceberg": (Source(iceberg="x"), True),
        "sqlite": (Source(database=place, table="t"), False),
        "server": (Source(database="postgresql://host/x", table="t"), True),
    }
    monkeypatch.delenv(FOLDER, raising=False)
    for source, _ in sources.values():
        assert not isinstance(open_table(source, tmp_path, role="It"), Kept)
    monkeypatch.setenv(FOLDER, str(tmp_path / "rows"))
    monkeypatch.setenv(LIMIT, "100")
    for source, held in sources.values():
        assert isinstance(open_table(source, tmp_path, role="It"), Kept) == held


def test_rows_of_a_server_that_has_changed_since(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All readings of a run are of one moment, and need neither the server nor its address."""
    engine = sqlalchemy.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE moving (id int8, at timestamptz, secret text)")
        connection.exec_driver_sql("INSERT INTO moving VALUES (1, now(), 'x')")
    monkeypatch.setenv(FOLDER, str(tmp_path / "rows"))
    monkeypatch.setenv(LIMIT, "100000")
    monkeypatch.setenv("SHOP", postgres)
    source = Source(database="${SHOP}", table="moving")
    table = open_table(source, tmp_path, role="It")
    first = table.read(["id", "at"])
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE moving")
    engine.dispose()
    monkeypatch.delenv("SHOP")
    again = open_table(source, tmp_path, role="It")
    assert again.read(["at", "id"]).equals(first.select("at", "id"))
    assert again.schema().names() == ["id", "at", "secret"]
    assert again.schema()["at"] == pl.Datetime("us", "UTC")
    assert first["at"].dt.date().item() == datetime.now(UTC).date()
    with pytest.raises(SourceError, match="the environment has no variable 'SHOP'"):
        again.read(["secret"])
    assert keeping(table, source).what == "moving of the database ${SHOP}"
