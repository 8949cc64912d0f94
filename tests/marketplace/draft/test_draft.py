"""A plain folder becomes a workspace whose views join."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import PublicationError, SourceError
from proml_lab.marketplace.draft import draft_views
from proml_lab.marketplace.workspace import open_workspace

START = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rain by the hour in Parquet, shops in CSV, sales by day in a folder of partitions."""
    place = tmp_path / "Shop Data"
    place.mkdir()
    hours = [START + timedelta(hours=i) for i in range(48)]
    ids = ["n", "s"] * 24
    rain = pl.DataFrame({"shop_id": ids, "hour": hours, "Rain (mm)": [1.0] * 48})
    rain.write_parquet(place / "rain.parquet")
    (place / "shops.csv").write_text("shop_id,city,opened\nn,Bonn,2001-05-06\ns,Ulm,2011-02-03\n")
    for day in ("2024-03-01", "2024-03-02"):
        part = place / "sales" / f"day={day}"
        part.mkdir(parents=True)
        at = datetime.fromisoformat(day) + timedelta(hours=20)
        sold = pl.DataFrame({"shop_id": ["n", "s"], "closed": [at] * 2, "sold": [3, 4]})
        sold.write_parquet(part / "0.parquet")
    pl.DataFrame({"x": [1.0, 1.0]}).write_parquet(place / "odd.parquet")
    (place / "half.parquet").write_bytes(b"PAR1")
    (place / "read me.txt").write_text("no table")
    (place / "notes").mkdir()
    return place


def test_a_folder_becomes_a_workspace(folder: Path) -> None:
    drafted = draft_views(folder)
    assert drafted.views == ("shop_data.rain", "shop_data.sales", "shop_data.shops")
    catalog = open_workspace(folder).catalog
    assert catalog.check().passed
    assert catalog.entities[0].keys == {"shop_id": "string"}
    assert {view.status for view in catalog.views} == {"draft"}
    text = (folder / "features" / "shop_data.sales.yaml").read_text()
    assert text == (
        "# Drafted: lines marked 'guess' are guesses. Check them, then set status: active.\n"
        "view: shop_data.sales\nstatus: draft\n"
        "source: {path: sales, time_zone: UTC}  # guess: the time zone: closed has none\n"
        "entities: {shop: shop_id}  # guess: shop_id with closed tells the rows apart; "
        "shop_id is in rain, shops too\n"
        "event_time: closed  # guess: the only time\n"
        "features:\n  sold: integer\n  day: date\n"
        "# no known_at: rows count as known at closed; say it if they come later.\n"
    )
    rain = catalog.view("shop_data.rain").features["rain_mm"]
    assert (rain.type, rain.column) == ("float", "Rain (mm)")


def test_all_its_views_join(folder: Path) -> None:
    views = draft_views(folder).views
    spine = pl.DataFrame({"shop_id": ["n"], "at": [START + timedelta(hours=30)]})
    joined = open_workspace(folder).training_set(spine, views, cutoff="at")
    assert joined.frame.select("rain_mm", "sold", "city").row(0) == (1.0, 3, "Bonn")


def test_what_is_left_out_is_told(folder: Path) -> None:
    left = draft_views(folder).frame().filter(pl.col("what") == "left out")
    told = dict(left.select("name", "why").iter_rows())
    assert told["odd.parquet"] == "no likely key tells its rows apart"
    assert "is not a Parquet file, or only a part of one" in told["half.parquet"]
    assert len(told) == 2


def test_odd_files_do_no_harm(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("shop_id,x\nn,1\ns,2\n")
    (folder / "linked.csv").symlink_to(outside)
    (folder / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (folder / "round").symlink_to("round")
    (folder / "itself").symlink_to(folder)
    (folder / os.fsdecode(b"\xff.csv")).write_text("shop_id,x\nn,1\n")
    drafted = draft_views(folder)
    assert "shop_data.linked" in drafted.views
    left = dict(drafted.frame().filter(pl.col("what") == "left out").select("name", "why").rows())
    assert left["\ufffd.csv"] == "its name is no UTF-8 text; rename it"
    assert "there is no file" in left["gone.csv"]
    assert open_workspace(folder).catalog.check().passed


def test_a_second_time_nothing_is_changed(folder: Path) -> None:
    first = draft_views(folder)
    kept = {file: file.read_bytes() for file in first.files}
    pl.DataFrame({"city": ["Bonn"], "people": [3]}).write_parquet(folder / "cities.parquet")
    again = draft_views(folder)
    assert again.views == ("shop_data.cities",)
    assert [file.name for file in again.files] == ["shop_data.cities.yaml"]
    assert {file: file.read_bytes() for file in kept} == kept


def test_a_folder_of_a_workspace_is_drafted_there(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "work"
    (place / "features").mkdir(parents=True)
    (place / "proml.toml").write_text("")
    shutil.copytree(folder, place / "sources")
    drafted = draft_views(place / "sources")
    assert drafted.root == place
    view = open_workspace(place).catalog.view("sources.rain")
    assert str(view.source) == "sources/rain.parquet"
    assert not (place / "sources" / "proml.toml").exists()


@pytest.mark.parametrize("name", ["flights", "movies"])
def test_the_sources_of_the_examples(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    source: Path = request.getfixturevalue(f"{name}_folder")
    shutil.copytree(source / "sources", tmp_path / name)
    draft_views(tmp_path / name)
    catalog = open_workspace(tmp_path / name).catalog
    assert catalog.check().passed
    if name == "flights":
        landings = catalog.view("flights.landings")
        assert (landings.event_time, landings.known_at) == ("departed_at", "landed_at")
        assert catalog.view("flights.weather").keys == {"origin": "origin"}
        assert catalog.view("flights.planes").keys == {"tailnum": "tailnum"}


def test_a_folder_with_nothing_to_draft(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no folder"):
        draft_views(tmp_path / "none")
    with pytest.raises(SourceError, match=r"view: no Parquet, .* file is in it.\nHint: put"):
        draft_views(tmp_path)
    pl.DataFrame({"x": [1.0, 1.0]}).write_parquet(tmp_path / "odd.parquet")
    pl.DataFrame({"x": []}).write_parquet(tmp_path / "none.parquet")
    with pytest.raises(SourceError, match=r"none.parquet: it has no rows; odd.parquet: no likely"):
        draft_views(tmp_path)
    assert not (tmp_path / "proml.toml").exists()
    (tmp_path / "feature_store.yaml").write_text("project: p\nprovider: local\n")
    with pytest.raises(SourceError, match=r"defines a FeatureView.\nHint: define one"):
        draft_views(tmp_path)


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / "features").write_text("a file")
    with pytest.raises(PublicationError, match="cannot be written"):
        draft_views(folder)
    assert not (folder / "proml.toml").exists()


def test_it_is_shown(folder: Path) -> None:
    shown = draft_views(folder)._repr_mimebundle_()
    assert shown["text/plain"].startswith("3 views drafted in ")
    assert "guesses to check; 2 things left out." in shown["text/plain"]
    assert "  guess: shop_data.rain: event_time: hour: the only time" in shown["text/plain"]
    assert "<script" not in shown["text/html"]


def test_a_feast_repository_inside_is_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "feature_repo").mkdir()
    (tmp_path / "feature_repo" / "feature_store.yaml").write_text("project: p\n")
    with pytest.raises(SourceError) as caught:
        draft_views(tmp_path)
    assert caught.value.hint == (
        f"there is a Feast repository in it: proml features draft {tmp_path}/feature_repo."
    )
