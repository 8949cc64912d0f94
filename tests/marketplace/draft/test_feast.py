"""Single parts of Feast repositories; a whole one is in `test_golden`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import SourceError, SpecError
from proml_lab.marketplace.draft import Drafted, draft_views
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import open_workspace

HEAD = (
    "from datetime import timedelta\n"
    "from feast import Entity, FeatureView, Field, FileSource, KafkaSource, PushSource\n"
    "from feast import BigQuerySource, ValueType\nfrom feast.data_format import DeltaFormat\n"
    "from feast.types import Array, Bytes, Float32, Int64, String\n"
    "user = Entity(name='user', join_keys=['user_id'])\n"
    "rows = FileSource(path='data/rows.parquet', timestamp_field='at'{})\n"
)
VIEW = "v = FeatureView(name='Daily', entities=[user], schema=[Field(name='x', dtype=Float32)]{})\n"
START = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "data").mkdir(parents=True)
    (folder / "feature_store.yaml").write_text("project: My-Shop\nprovider: local\n")
    hours = [START + timedelta(hours=i) for i in range(5)]
    frame = pl.DataFrame({"user_id": ["a"] * 5, "at": hours, "x": [1.0] * 5, "tags": [["p"]] * 5})
    made = pl.Series([hour + timedelta(minutes=5) for hour in hours])
    frame.with_columns(made=made).write_parquet(folder / "data" / "rows.parquet")
    return folder


def drafted(repo: Path, source: str = "", view: str = ", source=rows", text: str = VIEW) -> Drafted:
    (repo / "defs.py").write_text(HEAD.format(source) + text.format(view))
    return draft_views(repo)


def view_of(found: Drafted) -> FeatureView:
    (name,) = found.views
    return open_workspace(found.root).catalog.view(name)


def test_names_types_and_keys(repo: Path) -> None:
    found = drafted(repo)
    view = view_of(found)
    assert view.view == "my_shop.daily"
    assert view.keys == {"user_id": "user_id"}
    assert open_workspace(repo).catalog.entities[0].keys == {"user_id": "string"}
    spine = pl.DataFrame({"user_id": ["a"], "t": [START]})
    joined = open_workspace(repo).training_set(spine, [view.view], cutoff="t")
    assert joined.frame["x"].to_list() == [1.0]


def test_when_rows_were_created_is_when_they_were_known(repo: Path) -> None:
    assert view_of(drafted(repo, ", created_timestamp_column='made'")).known_at == "made"


def test_a_time_to_live(repo: Path) -> None:
    view = view_of(drafted(repo, view=", source=rows, ttl=timedelta(days=2)"))
    assert view.time_to_live == timedelta(days=2)
    (repo / "proml.toml").unlink()
    for file in (repo / "features").rglob("*.yaml"):
        file.unlink()
    assert view_of(drafted(repo, view=", source=rows, ttl=timedelta(0)")).time_to_live is None


def test_the_batch_source_behind_a_stream_and_a_mapping(repo: Path) -> None:
    text = (
        "s = KafkaSource(name='s', batch_source=PushSource(name='p', batch_source=rows))\n"
        "v = FeatureView(name='v', entities=[user], source=s, schema=[\n"
        "    Field(name='score', dtype=Float32), Field(name='tags', dtype=Array(String)),\n"
        "    Field(name='raw', dtype=Bytes)], description='Of  a user.', owner='ann@example.org')\n"
    )
    found = drafted(repo, ", field_mapping={'x': 'score'}", text=text)
    view = view_of(found)
    assert view.features["score"].column == "x"
    assert view.features["tags"].type == "list[string]"
    assert (view.description, view.owner) == ("Of a user.", "ann@example.org")
    assert "raw is Bytes, which no feature can be" in found.frame()["why"].to_list()


def test_without_a_schema_the_columns_are_the_features(repo: Path) -> None:
    text = "v = FeatureView(name='v', entities=[user], source=rows)\n"
    assert list(view_of(drafted(repo, text=text)).features) == ["x", "tags", "made"]


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (", source=BigQuerySource(table='t')", "its source is BigQuerySource, and only FileSource"),
        (", source=get_source()", "its source cannot be told without running the file"),
        ("", "its source cannot be told without running the file"),
    ],
)
def test_a_source_that_cannot_be_taken(repo: Path, view: str, why: str) -> None:
    other = "w = FeatureView(name='w', entities=[user], source=rows)\n"
    found = drafted(repo, view=view, text=VIEW + other)
    assert found.views == ("my_shop.w",)
    (row,) = found.frame().filter(pl.col("name") == "FeatureView Daily (defs.py:8)").to_dicts()
    assert row["why"].startswith(why)


def test_views_that_cannot_be_taken_at_all(repo: Path) -> None:
    text = (
        "a = FeatureView(name=NAME, entities=[user], source=rows)\n"
        "b = FeatureView(name='b', entities=[], source=rows)\n"
        "c = FeatureView(name='c', entities=[user], source=rows, schema=[\n"
        "    Field(name='raw', dtype=Bytes)])\n"
        "e = Entity(name=NAME)\n"
    )
    with pytest.raises(SourceError, match=r"Nothing in .* can be made a view: ") as caught:
        drafted(repo, text=text)
    for said in ("its name is worked out", "no entity that can be told"):
        assert said in str(caught.value)
    assert not (repo / "proml.toml").exists()


def test_an_entity_whose_type_nobody_knows(repo: Path) -> None:
    text = (
        "shop = Entity(name='shop', join_keys=['shop_id'])\n"
        "till = Entity(name='till', join_keys=['till_id'], value_type=ValueType.INT64)\n"
        "v = FeatureView(name='v', entities=[user], source=rows)\n"
    )
    found = drafted(repo, text=text)
    catalog = open_workspace(found.root).catalog
    assert {kind.entity for kind in catalog.entities} == {"user", "till"}
    assert "the type of its key is not known" in found.frame()["why"][0]


def test_a_store_file_that_is_broken(repo: Path) -> None:
    (repo / "feature_store.yaml").write_text("project: [")
    with pytest.raises(SpecError, match=r"feature_store.yaml:1: this is not valid YAML"):
        drafted(repo)
