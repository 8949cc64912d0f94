"""What a view may say of its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.errors import SpecError
from proml_lab.marketplace.view import FeatureView

REST = "\nentities: [k]\nfeatures: {x: float}\n"


def read(folder: Path, source: str) -> FeatureView:
    (folder / "view.yaml").write_text(f"view: g.a\nsource: {source}{REST}", encoding="utf-8")
    return FeatureView.read(folder / "view.yaml")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a.parquet", "a.parquet"),
        ("{path: a.csv, separator: ;, nulls: [-], time_zone: Europe/Berlin}", "a.csv"),
        ("{delta: lake/orders, version: 3}", "lake/orders"),
        ("{iceberg: lake/orders, snapshot: 12}", "lake/orders"),
        ("{database: warehouse, table: public.orders}", "public.orders of warehouse"),
        ("{database: warehouse, query: select 1}", "a query of warehouse"),
        (
            "{database: 'postgresql://me:${WORD}@host/db?x=1', table: t}",
            "t of postgresql://host/db",
        ),
    ],
)
def test_a_source_says_where_rows_are(tmp_path: Path, source: str, name: str) -> None:
    view = read(tmp_path, source)
    assert str(view.source) == name
    said = view.model_dump(mode="json")["source"]
    assert FeatureView.model_validate(view.model_dump(mode="json")).source == view.source
    assert said == (source if name == source else {k: v for k, v in said.items() if v is not None})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{}", "source: says nowhere; give one of path, delta, iceberg or database"),
        ("' '", "source: is empty; name a file, a folder or an address"),
        ("{path: a, delta: b}", "source: has path and delta; give one of path, delta, iceberg or"),
        ("{delta: a, format: csv}", "source: has format, which belongs to path, not to delta"),
        ("{path: a, version: 1}", "source: has version, which belongs to delta, not to path"),
        (
            "{database: 'postgresql://me:hush@host/db', table: t}",
            "source.database: the address of postgresql://host/db has a password in it; put that",
        ),
        ("{database: a}", "source: give the table of the database, or a query over it"),
        ("{database: a, table: b, query: c}", "source: give the table of the database, or a query"),
        (
            "{path: a, time_zone: Mars/Base}",
            "source.time_zone: found 'Mars/Base'; a time zone such",
        ),
        ("{path: a, format: excel}", "source.format: found 'excel', allowed are 'parquet', 'csv'"),
        ("{path: a, separator: ab}", "source.separator: found 'ab'; "),
        ("{paht: a}", "source.paht: unknown field; did you mean 'path'"),
        ("[a]", "source: found ['a']; fields such as {name: value} are needed"),
    ],
)
def test_mistakes_in_a_source(tmp_path: Path, source: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, source)
    assert f"{tmp_path}/view.yaml:2: {told}" in caught.value.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a.csv", "path: a.csv"),
        ("{path: a, format: csv}", "path: a, …"),
        ("{database: shop, table: public.o}", "database: shop, table: public.o"),
        ("{database: shop, query: SELECT 1}", "database: shop, …"),
    ],
)
def test_a_place_is_said_as_a_view_writes_it(text: str, place: str, tmp_path: Path) -> None:
    source = read(tmp_path, text).source
    assert source is not None
    assert source.place == place
