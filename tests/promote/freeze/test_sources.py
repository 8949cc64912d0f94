"""Sources of every kind: kept in an artifact, told in it, and read from it again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlalchemy

from proml_lab import open_workspace
from proml_lab.fingerprint import fingerprint
from proml_lab.promote import inputs, promote, reproduce
from proml_lab.promote.restore import unheld
from tests.objects import Store, running
from tests.postgres import fill
from tests.promote.conftest import make_workspace, write_notebook

START = datetime(2024, 3, 1, tzinfo=UTC)
RAIN = pl.DataFrame(
    {
        "id": ["a", "b"] * 20,
        "time": [START + timedelta(hours=i) for i in range(40)],
        "rain": [float(i % 7) for i in range(40)],
        "unused": range(40),
    }
)
SPINE = RAIN.select("id", cutoff="time", late=pl.col("unused") % 2 == 0)
VIEW = """
view: shop.{name}
source: {source}
entities: [id]
event_time: time
features:
  {name}: {{type: float, column: rain}}
"""
SOURCES = {
    "csv": "sources/rain.csv",
    "parts": "sources/parts",
    "duck": "{database: 'duckdb:///sources/rain.duckdb', table: rain}",
    "lite": "{database: 'sqlite:///lake/rain.db', table: rain, time_zone: UTC}",
    "delta": "{delta: lake/delta}",
}
CELL = """
from dataclasses import replace
from proml_lab import open_workspace
from proml_lab.learners import fit
from proml_lab.promote import record
from proml_lab.spec import ModelSpec
here = open_workspace()
data = here.training_set("asked", {views}, label="late", cutoff="cutoff")
text = "{{name: tiny, label: late, spine: {{source: x}}, split: {{by: random}}, learner: baseline}}"
model = replace(fit(ModelSpec.parse(text), data), test=None)
print(data.frame.select(data.features).sum().rows())
record({{"model": model, "accuracy": 0.5}})
"""


def workspace(folder: Path, sources: dict[str, str], settings: str = "") -> Path:
    """A workspace with a spine and a view of each source."""
    root = make_workspace(folder)
    (root / "proml.toml").write_text(settings)
    (root / "sources").mkdir()
    SPINE.write_parquet(root / "sources" / "asked.parquet")
    for name, source in sources.items():
        text = VIEW.format(name=name, source=source)
        (root / "features" / f"{name}.yaml").write_text(text)
    cell = CELL.format(views=[f"shop.{name}" for name in sources])
    write_notebook(root / "some.ipynb", cell)
    return root


def in_wal(place: Path) -> sqlite3.Connection:
    """An SQLite database with most rows still in its ``-wal``, which lasts while it is open."""
    file = sqlite3.connect(place)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA wal_autocheckpoint = 0")
    file.execute("CREATE TABLE rain (id TEXT, time TIMESTAMP, rain REAL, unused INTEGER)")
    rows = RAIN.with_columns(pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S")).rows()
    file.executemany("INSERT INTO rain VALUES (?, ?, ?, ?)", rows[:10])
    file.commit()
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.executemany("INSERT INTO rain VALUES (?, ?, ?, ?)", rows[10:])
    file.commit()
    return file


def write(place: Path) -> None:
    """The same rows as CSV, a folder of partitions, DuckDB and Delta."""
    RAIN.write_csv(place / "rain.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    for (day,), part in RAIN.group_by(pl.col("time").dt.date(), maintain_order=True):
        (place / "parts" / f"day={day}").mkdir(parents=True)
        part.write_parquet(place / "parts" / f"day={day}" / "0.parquet")
    frame = RAIN.to_arrow()
    with duckdb.connect(str(place / "rain.duckdb")) as file:
        file.register("frame", frame)
        file.execute("CREATE TABLE rain AS SELECT * FROM frame")
    RAIN[:25].write_delta(place.parent / "lake" / "delta")
    RAIN[25:].write_delta(place.parent / "lake" / "delta", mode="append")


def iceberg(place: Path) -> None:
    """An Iceberg table with the rows; its metadata names its files by their full paths."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("c", uri=f"sqlite:///{place.parent}/ice.db", warehouse=f"file://{place}")
    catalog.create_namespace("n")
    plain = RAIN.to_arrow()
    table = catalog.create_table("n.rain", schema=plain.schema, location=f"file://{place}/rain")
    table.append(plain)
    catalog.engine.dispose()


@pytest.fixture
def shop(postgres: str) -> Iterator[str]:
    """Address of a server with the rows in the table ``kept_rain``."""
    engine = sqlalchemy.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    fill(postgres, "kept_rain", RAIN.rows())
    yield postgres
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS kept_rain")
    engine.dispose()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An S3 server, with its place and its keys in the environment."""
    with running() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        yield store


def test_an_artifact_is_made_again_from_itself_alone(
    tmp_path: Path, shop: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace is gone, and so are the table on the server, the bucket and the keys."""
    RAIN.write_parquet(tmp_path / "outside.parquet")
    store.put("rain.parquet", (tmp_path / "outside.parquet").read_bytes())
    away = {
        "outside": str(tmp_path / "outside.parquet"),
        "bucket": "s3://wet/rain.parquet",
        "server": "{database: wet, table: kept_rain}",
        "asked": f"{{database: '{shop}', query: 'SELECT * FROM kept_rain'}}",
        "ice": "{iceberg: sources/ice/rain}",
    }
    settings = f'databases = {{wet = "{shop}"}}\npass_environment = {[*store.environment]}'
    root = workspace(tmp_path / "workspace", {**SOURCES, **away}, settings)
    (root / "lake").mkdir()
    write(root / "sources")
    iceberg(root / "sources" / "ice")
    file = in_wal(root / "lake" / "rain.db")
    names = [f"shop.{name}" for name in SOURCES]
    open_workspace(root).training_set("asked", names, cutoff="cutoff")  # sources are laid out
    made = promote(root / "some.ipynb", "every", workspace=root)
    file.close()
    assert [found.code for found in made.manifest.lint if found.by == "run"] == []
    alone = tmp_path / "alone"
    shutil.copytree(made.path, alone)
    (tmp_path / "outside.parquet").unlink()
    store.client.delete_object(Bucket="wet", Key="rain.parquet")
    for name in store.environment:
        monkeypatch.delenv(name)
    kept = [file.read_bytes() for file in alone.rglob("*") if file.is_file()]
    for secret in (b"hush", store.address.encode()):
        assert not any(secret in content for content in kept)
    shutil.rmtree(root)
    engine = sqlalchemy.create_engine(shop.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE kept_rain")
    engine.dispose()
    found = inputs.read(alone)
    assert [one.missing for one in found.sources] == [""] * 11
    prints = {one.view: one.fingerprint for one in found.sources}
    assert {prints[f"shop.{name}"] for name in SOURCES if name != "parts"} == {fingerprint(RAIN)}
    read = fingerprint(RAIN.drop("unused"))
    assert {prints[f"shop.{name}"] for name in away} == {read}
    index = json.loads((alone / "data" / "index.json").read_text())
    assert "lake/rain.db-wal" in [row["path"] for row in index["files"] if row["kept"]]
    facts = [(row["kept"], row["columns"], row["n_rows"]) for row in index["rows"]]
    assert facts == [(True, ["id", "rain", "time"], RAIN.height)] * 5
    again = reproduce(alone, workspace=make_workspace(tmp_path / "another"))
    assert again.verdict == "identical", again.frame()
    assert again.warnings == ()


def test_rows_over_the_limit_are_told(tmp_path: Path, shop: str) -> None:
    settings = f'databases = {{wet = "{shop}"}}\nsnapshot_limit = "1kB"'
    sources = {"server": "{database: wet, table: kept_rain}"}
    root = workspace(tmp_path / "workspace", sources, settings)
    made = promote(root / "some.ipynb", "every", workspace=root)
    found = inputs.read(made.path)
    assert found.sources[1].missing == "over snapshot_limit"
    said = "rows of kept_rain of wet: over snapshot_limit"
    assert said in found.missing
    assert said in (made.path / "reports" / "card.md").read_text()
    assert unheld(made) == [
        "rows of kept_rain of wet are not in the artifact (over snapshot_limit): they are read "
        "where they are now"
    ]
    assert not (made.path / "data" / "rows").exists()
    again = reproduce("every@1", workspace=root)
    assert again.verdict == "identical", again.frame()
    assert again.warnings == tuple(unheld(made))
