"""What is read of which source."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.join.plan import inputs_of, place_of, plan
from proml_lab.marketplace.view import FeatureView


def view(name: str, folder: Path, file: str = "s.parquet", **features: object) -> FeatureView:
    said = {"view": f"g.{name}", "source": file, "entities": ["k"], "features": features}
    return FeatureView.model_validate(said).at(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = pl.DataFrame({"k": ["a"], "x": [1.0], "y": [2.0], "unused": [3.0]})
    rows.write_parquet(tmp_path / "s.parquet")
    rows.write_parquet(tmp_path / "t.parquet")
    return tmp_path


def test_views_with_one_source_share_what_is_read_of_it(folder: Path) -> None:
    one = view("one", folder, x="float", z={"type": "float", "column": "unused"})
    two = view("two", folder, y="float")
    three = view("three", folder, "t.parquet", y="float")
    found = plan([(one, ["x"]), (two, iter(["y"])), (three, ["y"])])
    assert list(found.sources) == ["g.one", "g.two", "g.three"]
    assert place_of(one) == place_of(two) != place_of(three)
    assert found.columns(one) == found.columns(two) == ["k", "x", "y"]
    assert found.columns(three) == ["k", "y"]
    assert [found.is_shared(each) for each in (one, two, three)] == [True, True, False]
    assert [found.features(each) for each in (one, two, three)] == [["x"], ["y"], ["y"]]


def derived(folder: Path) -> Catalog:
    said = {
        "view": "g.derived",
        "inputs": {
            "last": {"feature": "g.two.y", "keys": {"k": "first"}},
            "first": "g.one.x",
            "other": "g.one.z",
        },
        "features": {
            "late": {"type": "float", "sql": "last + 1"},
            "other": "float",
        },
    }
    one = view("one", folder, x="string", z={"type": "float", "column": "unused"})
    two = view("two", folder, "t.parquet", y="float")
    return Catalog((FeatureView.model_validate(said), one, two))


def test_inputs_are_read_of_their_own_views_as_far_as_they_are_needed(folder: Path) -> None:
    catalog = derived(folder)
    view = catalog.view("g.derived")
    assert inputs_of(view, ["late"]) == ["first", "last"]
    assert inputs_of(view, ["other"]) == ["other"]
    found = plan([(view, ["late"]), (catalog.view("g.one"), ["z"])])
    assert set(found.sources) == {"g.one", "g.two"}
    assert found.features(catalog.view("g.one")) == ["x", "z"]
    assert found.columns(catalog.view("g.one")) == ["k", "x", "unused"]


def test_a_derived_view_without_a_catalogue(folder: Path) -> None:
    said = derived(folder).view("g.derived").model_dump(mode="json", exclude={"entities"})
    loose = FeatureView.model_validate(said)
    with pytest.raises(UsageError, match=r"'g.derived' is derived .*\nHint: ask for it by its"):
        plan([(loose, ["late"])])


def test_a_column_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ColumnMissingError, match=r"reads column .none., which s.parquet lacks"):
        plan([(view("one", folder, none="float"), ["none"])])
