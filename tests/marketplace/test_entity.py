"""Kinds of entities: their files, and the types of their keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import DataError, SpecError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.entity import Entity, is_key
from proml_lab.marketplace.join import training_set
from tests.marketplace.conftest import MakeView, at


def test_an_entity_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "route.yaml"
    file.write_text("entity: route\nowner: network\nkeys: {origin: string, day: date}\n")
    route = Entity.read(file)
    assert route.path == file
    assert route.keys == {"origin": "string", "day": "date"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("entity: Route\nkeys: {a: string}\n", ":1: entity: The entity name 'Route' is not"),
        ("entity: route\nkeys: {}\n", ":2: keys: at least 1 entry is needed"),
        ("entity: route\nkeys: {a: float}\n", ":2: keys.a: found 'float', allowed are 'string', "),
        ("entity: route\nkey: {a: string}\n", ":2: key: unknown field; did you mean 'keys'"),
    ],
)
def test_mistakes_in_an_entity(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "route.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        Catalog.read([file], root=tmp_path)
    assert f"{file}{told}" in caught.value.message


def test_types_of_keys() -> None:
    kinds = {
        "string": [pl.String(), pl.Categorical(), pl.Enum(["a"])],
        "integer": [pl.Int64(), pl.UInt8()],
        "date": [pl.Date()],
        "time": [pl.Datetime("us", "UTC")],
    }
    for wanted in kinds:
        for name, found in kinds.items():
            assert [is_key(kind, wanted) for kind in found] == [name == wanted] * len(found)  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["day", "id"])
def test_a_key_of_another_type_is_refused(make_view: MakeView, column: str) -> None:
    view = make_view(
        {"id": [1], "day": [date(2024, 3, 1)], "time": [at(0)], "x": [1.0]},
        entities={"visit": [column]},
        features={"x": "float"},
    )
    visit = Entity.model_validate({"entity": "visit", "keys": {"n": "integer"}})
    catalog = Catalog((view,), (visit,))
    spine = pl.DataFrame({"n": [1], "t": [at(1)]})
    if column == "id":
        assert training_set(spine, catalog.views, cutoff="t").frame["x"].to_list() == [1.0]
        return
    with pytest.raises(DataError, match=r"the key 'n' is integer, as its .* 'day' of .* is Date"):
        training_set(spine, catalog.views, cutoff="t")
