"""Profiles over all rows, put together; what is said of them, and their pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from proml_lab.contracts import Report
from proml_lab.errors import DataError, SourceError, UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.describe import describe, described
from proml_lab.marketplace.view import FeatureView
from proml_lab.marketplace.workspace import Workspace
from proml_lab.plots.svg import to_svg
from proml_lab.spec import ModelSpec
from tests.marketplace.conftest import MakeView, at

N = 1200


@pytest.fixture
def sales(make_view: MakeView) -> FeatureView:
    """Fifty days of 24 rows; x grows by day, s is text, one feature is a window."""
    return make_view(
        {
            "id": [i % 5 for i in range(N)],
            "time": [at(i) for i in range(N)],
            "seen": [at(i + 2) for i in range(N)],
            "x": [float(i // 24) if i % 10 else None for i in range(N)],
            "s": ["often" if i % 3 else "rare" for i in range(N)],
        },
        known_at="seen",
        time_to_live="3d",
        features={
            "x": {"type": "integer"},
            "s": "string",
            "n_1d": {"type": "integer", "aggregate": "count", "window": "1d"},
        },
    )


def test_everything_of_a_view(sales: FeatureView) -> None:
    now = at(N + 1) + timedelta(days=4)
    found = describe(Catalog((sales,)), now=now)
    assert isinstance(found, Report)
    x, s, n_1d = found.frame().to_dicts()
    assert (x["basis"], s["basis"], n_1d["basis"]) == ("rows", "rows", "moments")
    assert (x["n"], x["nulls"], x["n_distinct"], x["exact"]) == (N, 0.1, 50, True)
    assert (x["low"], x["high"], x["quantiles"][3]) == (0.0, 49.0, 24.0)
    assert (x["first"], x["last"], x["age"]) == (at(0), at(N - 1), timedelta(days=4))
    assert (s["labels"], s["bins"], s["low"]) == (["often", "rare"], [800, 400], None)
    assert n_1d["high"] <= 24
    assert x["drift_size"] is None  # weeks have 168 rows
    assert sum(x["bins"]) == N * 0.9
    trend = found.trend("shop.sales.x")
    assert trend["n"].sum() == N
    assert trend["middle"].is_sorted()
    with pytest.raises(UnknownNameError, match=r"no profile of 'shop.sales.y'"):
        found.trend("shop.sales.y")


def test_words_and_pictures(sales: FeatureView) -> None:
    catalog = Catalog((sales,))
    every = describe(catalog, now=at(N))
    assert "1,200 rows at most" in every.title
    plain = every._repr_mimebundle_()["text/plain"]
    assert "shop.sales.x" in plain
    assert "10.0%" in plain
    assert "in the future" in plain
    assert "Rows without a value" in to_svg(every.figure())
    one = describe(catalog, "shop.sales.x", now=at(N + 3) + timedelta(minutes=5))
    assert [profile.key for profile in one.profiles] == ["shop.sales.x"]
    page = one._repr_mimebundle_()["text/html"]
    assert page.count("<svg") - page.count("<svg x=") == 2
    assert "2 hours ago" in page
    assert "Values of shop.sales.s" in to_svg(every.figure("shop.sales.s"))
    assert "by week" in to_svg(one.over_time("shop.sales.x"))


def test_drift_between_the_last_two_periods(make_view: MakeView) -> None:
    n = 24 * 20 * 12
    view = make_view(
        {
            "id": [i % 5 for i in range(n)],
            "time": [at(i / 12) for i in range(n)],
            "same": [i % 7 for i in range(n)],
            "x": [float(i > n - 500) for i in range(n)],
        },
        features={"same": "integer", "x": "float"},
    )
    same, x = describe(Catalog((view,))).frame().to_dicts()
    assert (same["drift_size"], x["drift_size"]) == ("none", "much")
    assert x["drift_now"] - x["drift_before"] == timedelta(days=1)
    assert x["drift_now"] == at(24 * 19)


def test_derived_features_are_seen_at_moments(make_view: MakeView, sales: FeatureView) -> None:
    users = make_view(
        {"shop": ["a", "b"], "size": [1.0, 2.0]}, view="shop.size", entities=["shop"],
        event_time=None, features={"size": "float"},
    )  # fmt: skip
    worth = FeatureView.model_validate(
        {
            "view": "shop.worth",
            "inputs": {"x": "shop.sales.x", "size": "shop.size.size"},
            "features": {"worth": {"type": "float", "sql": "x * size"}},
        }
    )
    found = describe(Catalog((sales, users, worth)), "shop.worth")
    (one,) = found.profiles
    assert (one.basis, one.total.n, one.nulls < 0.5) == ("moments", N, True)
    assert one.first is not None
    assert one.total.high <= 98


def test_an_input_that_is_found_by_another_is_seen_at_moments(make_view: MakeView) -> None:
    trips = make_view(
        {"id": [1, 2, 1], "time": [at(0), at(1), at(2)], "to": ["a", "b", "b"]},
        view="shop.trips", features={"to": "string"},
    )  # fmt: skip
    stays = make_view(
        {"place": ["a", "b"], "time": [at(0), at(1)], "x": [1.0, 2.0]},
        view="shop.stays", entities=["place"], features={"x": "float"},
    )  # fmt: skip
    there = FeatureView.model_validate(
        {
            "view": "shop.there",
            "inputs": {
                "to": "shop.trips.to",
                "x": {"feature": "shop.stays.x", "keys": {"place": "to"}},
            },
            "features": {"x": "float"},
        }
    )
    (one,) = describe(Catalog((trips, stays, there)), "shop.there").profiles
    assert (one.total.n, one.first, one.last) == (3, at(0), at(2))


def test_a_static_view_has_no_periods(make_view: MakeView) -> None:
    view = make_view({"id": [1, 2], "x": [1.0, None]}, event_time=None, features={"x": "float"})
    (one,) = describe(Catalog((view,))).profiles
    assert (one.first, one.age, one.periods, one.drift, one.nulls) == (None, None, (), None, 0.5)


def test_what_cannot_be_read_is_told_or_raised(make_view: MakeView, sales: FeatureView) -> None:
    gone = make_view({"id": [1]}, view="a.b", event_time=None, features={"x": "float"})
    gone.table.files[0].unlink()
    catalog = Catalog((gone, sales))
    found = describe(catalog)
    assert {profile.view for profile in found.profiles} == {"shop.sales"}
    assert "there is no file" in found.notes[0]
    assert "there is no file" in found._repr_mimebundle_()["text/plain"]
    with pytest.raises(SourceError, match="there is no file"):
        describe(catalog, "a.b")
    with pytest.raises(UnknownNameError, match=r"no view or feature 'a.c'"):
        describe(catalog, "a.c")
    never = make_view(
        {"id": [1], "time": pl.Series([None], dtype=pl.Datetime("us", "UTC")).to_list(), "x": [1.0]}
    , view="a.d", features={"x": "float"})  # fmt: skip
    with pytest.raises(SourceError, match=r"no row of a.d.parquet has a time"):
        describe(Catalog((never,)), "a.d")


def test_nothing_that_can_be_read_is_no_report(make_view: MakeView) -> None:
    lost = make_view({"id": [1], "time": [at(0)], "x": [1.0]}, features={"x": "float"})
    (lost.root / lost.source.path).unlink()
    with pytest.raises(SourceError, match="there is no file"):
        describe(Catalog((lost,)))
    assert "there is no file" in describe(Catalog((lost,)), lenient=True).notes[0]


def test_the_flights_against_their_label(flights: Workspace) -> None:
    spec = ModelSpec.read(flights.root / "flight-delay.proml.yaml")
    found = described(flights, "weather.at_origin", label_of=spec)
    by_name = {one.feature: one for one in found.profiles}
    assert by_name["precip"].label == pytest.approx(0.15, abs=0.05)
    assert "+0.1" in found._repr_mimebundle_()["text/plain"]
    assert by_name["temp"].first == datetime(2013, 1, 1, 6, tzinfo=UTC)
    text = spec.but(label="dest", evaluate=[], gates={})
    with pytest.raises(DataError, match="The label 'dest' is String; only numbers"):
        described(flights, "weather.at_origin", label_of=text)
