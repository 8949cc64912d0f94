"""Training sets from sources that are no Parquet files: views and spines, by the workspace."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlalchemy

from proml_lab.errors import SpecError
from proml_lab.fingerprint import fingerprint
from proml_lab.marketplace.workspace import Workspace, open_workspace
from proml_lab.spec import ModelSpec
from tests.postgres import fill

START = datetime(2024, 3, 1, tzinfo=UTC)
RAIN = pl.DataFrame(
    {
        "id": ["a", "b"] * 20,
        "time": [START + timedelta(hours=i) for i in range(40)],
        "rain": [float(i % 7) for i in range(40)],
        "unused": range(40),
    }
)
SPINE = pl.DataFrame(
    {"id": ["a", "b"] * 5, "cutoff": [START + timedelta(hours=3 * i) for i in range(10)]}
)
VIEW = """
view: shop.rain
source: {source}
entities: [id]
event_time: time
features:
  rain: float
  rain_6h: {{type: float, aggregate: sum, of: rain, window: 6h}}
"""


def workspace(root: Path, source: str, settings: str = "") -> Workspace:
    (root / "features").mkdir()
    (root / "sources").mkdir()
    (root / "proml.toml").write_text(settings)
    (root / "features" / "rain.yaml").write_text(VIEW.format(source=source))
    return open_workspace(root)


def expected(tmp_path: Path) -> pl.DataFrame:
    """What the same rows give from a Parquet file."""
    root = tmp_path / "plain"
    root.mkdir()
    there = workspace(root, "sources/rain.parquet")
    RAIN.write_parquet(root / "sources" / "rain.parquet")
    return there.training_set(SPINE, ["shop.rain"], cutoff="cutoff").frame


def write(root: Path, kind: str) -> None:
    place = root / "sources"
    if kind == "csv":
        RAIN.write_csv(place / "rain.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    elif kind == "folder":
        for number, part in enumerate((RAIN[:15], RAIN[15:])):
            (place / "rain").mkdir(exist_ok=True)
            part.write_ipc(place / "rain" / f"{number}.arrow")
    elif kind == "duckdb":
        frame = RAIN.to_arrow()
        with duckdb.connect(str(place / "rain.duckdb")) as file:
            file.register("frame", frame)
            file.execute("CREATE TABLE rain AS SELECT * FROM frame")
    elif kind == "sqlite":
        file = sqlite3.connect(place / "rain.db")
        file.execute("CREATE TABLE rain (id TEXT, time TIMESTAMP, rain REAL, unused INTEGER)")
        rows = RAIN.with_columns(pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S")).rows()
        file.executemany("INSERT INTO rain VALUES (?, ?, ?, ?)", rows)
        file.commit()
        file.close()
    else:
        RAIN.write_delta(place / "rain")


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("csv", "sources/rain.csv"),
        ("folder", "sources/rain"),
        ("duckdb", "{database: 'duckdb:///sources/rain.duckdb', table: rain}"),
        ("sqlite", "{database: 'sqlite:///sources/rain.db', table: rain, time_zone: UTC}"),
        ("delta", "{delta: sources/rain}"),
    ],
)
def test_a_join_is_the_same_from_any_source(tmp_path: Path, kind: str, source: str) -> None:
    here = workspace(tmp_path, source)
    write(tmp_path, kind)
    dataset = here.training_set(SPINE, ["shop.rain"], cutoff="cutoff")
    assert dataset.frame.equals(expected(tmp_path))
    assert dataset.origins[1].fingerprint == fingerprint(RAIN)
    assert dataset.origins[1].n_rows == RAIN.height


def test_a_join_with_a_server_that_the_workspace_names(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = sqlalchemy.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA wet")
    engine.dispose()
    fill(postgres, "wet.rain", RAIN.rows())
    address = postgres.replace("ann@", "${RAIN_USER}@")
    monkeypatch.setenv("RAIN_USER", "ann")
    here = workspace(
        tmp_path, "{database: wet, table: wet.rain}", f'databases = {{wet = "{address}"}}'
    )
    dataset = here.training_set(SPINE, ["shop.rain"], cutoff="cutoff")
    assert dataset.frame.equals(expected(tmp_path))
    origin = dataset.origins[1]
    assert origin.source == "wet.rain of wet"
    assert sorted(origin.types) == ["id", "rain", "time"]
    assert origin.fingerprint == fingerprint(RAIN.drop("unused"))
    assert origin.n_rows == RAIN.height


def test_settings_with_a_password_are_refused_without_showing_it(tmp_path: Path) -> None:
    here = 'databases = {wet = "postgresql://ann:hush@host/shop"}'
    with pytest.raises(
        SpecError,
        match=r"databases: the address of postgresql://host/shop has a "
        "password in it; put that into the environment",
    ) as caught:
        workspace(tmp_path, "x.parquet", here)
    assert "hush" not in str(caught.value)


def test_a_spine_that_is_no_parquet_file(tmp_path: Path) -> None:
    here = workspace(tmp_path, "sources/rain.csv")
    write(tmp_path, "csv")
    SPINE.write_csv(tmp_path / "sources" / "asked.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    wanted = expected(tmp_path)
    for name in ("asked", "sources/asked.csv"):
        assert here.training_set(name, ["shop.rain"], cutoff="cutoff").frame.equals(wanted)


def test_a_spec_whose_spine_is_a_csv_file(tmp_path: Path) -> None:
    here = workspace(tmp_path, "sources/rain.csv")
    write(tmp_path, "csv")
    spine = SPINE.with_columns(late=pl.Series([0, 1] * 5))
    spine.write_csv(tmp_path / "sources" / "asked.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    wanted = expected(tmp_path)
    for name in ("asked", "sources/asked.csv"):
        spec = ModelSpec.parse(
            "{name: wet, label: late, learner: baseline, split: {by: random}, "
            "features: [shop.rain], "
            f"spine: {{source: {name}, entities: [id], cutoff: cutoff}}}}"
        )
        dataset = here.dataset(spec)
        assert dataset.frame.drop("late").equals(wanted)
        assert dataset.origins[0].source == "sources/asked.csv"
        assert dataset.origins[0].fingerprint == fingerprint(spine)
