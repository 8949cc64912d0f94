"""The check finds what differs between online and offline, and says what it could not compare."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import StoreError, UsageError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.online import Online, open_store
from proml_lab.marketplace.online.consistency import alike
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import MakeView, at

ROWS = {"id": ["a", "b", "c"], "time": [at(0), at(1), at(2)], "x": [1.0, 2.0, 3.0]}


def test_corrections_in_the_source_are_found(make_view: MakeView, tmp_path: Path) -> None:
    n = {"type": "integer", "aggregate": "count", "window": "1d"}
    view = make_view(ROWS, features={"x": "float", "n": n})
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=at(3))
    found = online.check()
    assert (found.verdict, found.n_values, found.differences.height) == ("pass", 6, 0)
    assert "pass: no differences" in found._repr_mimebundle_()["text/plain"]
    later = {"id": ["a", "b", "d"], "time": ROWS["time"], "x": [1.0, 2.5, 3.0]}
    pl.DataFrame(later).write_parquet(tmp_path / "shop.sales.parquet")
    found = online.check(["shop.sales"])
    assert not found
    told = {tuple(row) for row in found.frame().rows()}
    assert told == {
        ("shop.sales", "x", "id b", "2.0", "2.5"),
        ("shop.sales", "x", "id c", "3.0", "None"),
        ("shop.sales", "n", "id c", "1", "0"),
        ("shop.sales", "x", "id d", "None", "3.0"),
        ("shop.sales", "n", "id d", "0", "1"),
    }
    assert found.title.startswith("fail: 5 differences")
    assert "id c" in found._repr_mimebundle_()["text/html"]
    online.materialize(until=at(3))
    assert online.check().verdict == "pass"


def test_inputs_of_two_moments_are_left_out(make_view: MakeView, tmp_path: Path) -> None:
    one = make_view(ROWS, view="g.p", features={"x": "float"})
    two = make_view(ROWS, view="g.q", features={"x": "float"})
    both = FeatureView.model_validate(
        {"view": "g.b", "inputs": {"p": "g.p.x", "q": "g.q.x"},
         "features": {"sum": {"type": "float", "sql": "p + q"}}}
    )  # fmt: skip
    online = Online(Catalog((one, two, both)), open_store(tmp_path / "online"))
    online.materialize(["g.p"], until=at(3))
    assert online.check().views == ("g.p",)
    online.materialize(["g.q"], until=at(4))
    found = online.check()
    assert found.verdict == "warn"
    assert found.left_out == {"g.b": "its inputs are online as of different moments"}
    online.materialize(["g.p"], until=at(4))
    assert online.check().verdict == "pass"


def test_a_view_without_entities_is_left_out(make_view: MakeView, tmp_path: Path) -> None:
    full = make_view(ROWS, view="g.p", features={"x": "float"})
    empty = make_view(pl.DataFrame(ROWS).clear(), view="g.q", features={"x": "float"})
    online = Online(Catalog((full, empty)), open_store(tmp_path / "online"))
    online.materialize(until=at(3))
    found = online.check()
    assert found.left_out == {"g.q": "it has no entities yet"}
    assert (found.verdict, found.n_values) == ("warn", 3)
    told = found._repr_mimebundle_()["text/plain"]
    assert told.startswith("warn: no differences between online and offline in 3 values")
    assert "g.q was left out: it has no entities yet." in told


def test_what_cannot_be_checked(make_view: MakeView, tmp_path: Path) -> None:
    view = make_view(ROWS, features={"x": "float"})
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    with pytest.raises(StoreError, match="holds no view of this catalogue"):
        online.check()
    with pytest.raises(StoreError, match="is not online"):
        online.check(["shop.sales"])
    with pytest.raises(UsageError, match="A sample of 0 says nothing"):
        online.check(sample=0)


def test_values_that_are_alike() -> None:
    nan = float("nan")
    assert alike([nan, 1.0, None], [nan, 1.0 + 1e-12, None])
    assert not alike([1.0], [1.0, 2.0])
    assert not alike(1.0, 1.0001)
    assert not alike(None, 0)
