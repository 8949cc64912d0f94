"""What a feature reads decides how sensitive it is, unless it says so itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from proml_lab.contracts import Report
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.similar import similar
from proml_lab.marketplace.find.suggest import suggest
from proml_lab.marketplace.join import training_set
from proml_lab.marketplace.join.coverage import coverage
from proml_lab.marketplace.know.describe import describe
from proml_lab.marketplace.know.health import health
from proml_lab.marketplace.know.impact import impact
from proml_lab.marketplace.know.lineage import lineage
from proml_lab.marketplace.know.usage import usage
from proml_lab.marketplace.online import Online, open_store
from proml_lab.marketplace.sensitivity import beyond, lowered, lowest, personal
from tests.marketplace.conftest import MakeView, at

AGE = {"type": "float", "sensitivity": "personal"}
FEATURES = {
    "age": AGE,
    "same": {"type": "float", "column": "age"},
    "half": {"type": "float", "sql": "age / 2 + basket"},
    "mean": {"type": "float", "aggregate": "mean", "of": "basket", "where": "age > 1",
             "window": "7d"},
    "told": {"type": "float", "sql": "age // 10", "sensitivity": "public"},
    "basket": "float",
    "risk": {"type": "float", "sql": "basket * 2", "sensitivity": "personal"},
}  # fmt: skip


@pytest.fixture
def catalog(make_view: MakeView) -> Catalog:
    rows = {"id": [1, 2], "time": [at(0)] * 2, "age": [30.0, 40.0], "basket": [1.0, 2.0]}
    return Catalog((make_view(rows, features=FEATURES),))


def test_columns_that_another_feature_declares(catalog: Catalog) -> None:
    view = catalog.view("shop.sales")
    levels = {name: view.sensitivity_of(name) for name in view.features}
    assert levels == {
        "age": "personal", "same": "personal", "half": "personal", "mean": "personal",
        "told": "public", "basket": "internal", "risk": "personal",
    }  # fmt: skip
    assert [*lowered(view)] == [("told", "public", "personal")]


def test_a_column_that_two_features_are(make_view: MakeView) -> None:
    """What says itself counts; what does not has the higher."""
    features = {"age": AGE, "open": {**AGE, "column": "age", "sensitivity": "public"},
                "third": {"type": "float", "sql": "age / 3"}}  # fmt: skip
    rows = {"id": [1], "time": [at(0)], "age": [30.0]}
    view = make_view(rows, features=features, sensitivity="public")
    assert [view.sensitivity_of(name) for name in features] == ["personal", "public", "personal"]


def test_limits(catalog: Catalog) -> None:
    view = catalog.view("shop.sales")
    assert lowest([None, "personal", "internal"]) == "internal"
    assert lowest([None]) is None
    assert beyond(view, "age", "internal") == "is personal, and at most internal is allowed here"
    assert beyond(view, "basket", "internal") == beyond(view, "age", None) == ""


def test_the_line_that_says_so(catalog: Catalog) -> None:
    assert personal(catalog, ["shop.sales.basket", "shop.gone.x", "spec.yaml"]) == ()
    assert personal(catalog, ["shop.sales.age"] * 2) == ("shop.sales.age is personal.",)
    both = ["shop.sales.age", "shop.sales.basket", "shop.sales.half"]
    assert personal(catalog, both) == ("shop.sales.age and shop.sales.half are personal.",)


def test_reports_say_so_in_text_and_html(catalog: Catalog) -> None:
    spine = {"id": [1, 2] * 50, "at": [at(9)] * 100, "late": [0, 1] * 50}
    reports: list[Report] = [
        describe(catalog, "shop.sales.age"),
        health(catalog, of="shop.sales.age"),
        usage(catalog, [], of="shop.sales.age"),
        lineage(catalog, "shop.sales.age"),
        impact(catalog, "shop.sales.age"),
        similar(catalog, "shop.sales.age"),
        suggest(catalog, spine, label="late", cutoff="at"),
    ]
    for report in reports:
        shown = report._repr_mimebundle_()
        for form in ("text/plain", "text/html"):
            plain = shown[form].replace("<wbr>", "")
            assert "shop.sales.age" in plain
            assert "personal." in plain, type(report).__name__


def test_look_ups_and_coverage_say_so(catalog: Catalog, tmp_path: Path) -> None:
    online = Online(catalog, open_store(tmp_path / "online"))
    online.materialize(until=at(6))
    found = online.lookup({"id": 1}, "shop.sales", at=at(6))
    spine = {"id": [1, 2], "at": [at(9)] * 2}
    covered = coverage(lambda: training_set(spine, catalog.views, cutoff="at"), n_rows=2)
    for report in (found, covered):
        for shown in report._repr_mimebundle_().values():
            assert "age, " in shown.replace("<wbr>", "")
            assert "are personal." in shown
    told = online.lookup({"id": 1}, "shop.sales.told", at=at(6))._repr_mimebundle_()
    assert not any("personal" in shown for shown in told.values())


def test_what_may_not_be_joined_is_not_suggested(catalog: Catalog) -> None:
    spine = {"id": [1, 2] * 50, "at": [at(9)] * 100, "late": [0, 1] * 50}
    found = suggest(catalog, spine, label="late", cutoff="at", limits=[None, "internal"])
    assert set(found.frame()["feature"]) == {"shop.sales.told", "shop.sales.basket"}
    assert found.unread["shop.sales.age"] == "it is personal, and at most internal is allowed here"
    assert found.notes == ()
