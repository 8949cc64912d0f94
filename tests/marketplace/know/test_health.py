"""Each check finds what it is for, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know.codes import CHECKS
from proml_lab.marketplace.know.health import health
from proml_lab.marketplace.know.healthreport import FeatureHealth, HealthReport
from proml_lab.marketplace.know.usage import Use
from proml_lab.marketplace.online import Online, open_store
from proml_lab.marketplace.view import FeatureView
from proml_lab.plots.svg import to_svg
from tests.marketplace.conftest import MakeView, at

N = 24 * 30
NOW = at(N + 5)
Values = Callable[[int], object]


def view_of(make_view: MakeView, values: Values, **fields: object) -> FeatureView:
    """Thirty days of hourly rows of one feature, x."""
    rows = {
        "id": [i % 3 for i in range(N)],
        "time": [at(i) for i in range(N)],
        "x": [values(i) for i in range(N)],
    }
    return make_view(rows, **{"features": {"x": "float"}, **fields})


def window(length: str, **more: object) -> dict[str, object]:
    return {"type": "float", "aggregate": "sum", "of": "x", "window": length, **more}


def codes(report: HealthReport, feature: str = "shop.sales.x") -> list[str]:
    (found,) = [one for one in report.features if one.key == feature]
    return [reason.code for reason in found.reasons]


def use(kind: str = "spec", aliases: tuple[str, ...] = (), feature: str = "x") -> Use:
    return Use("shop.sales", feature, kind, "churn@1", model="churn", aliases=aliases)  # type: ignore[arg-type]


def well(i: int) -> float:
    return float(i * 7 % 11)


def test_a_feature_that_is_well(make_view: MakeView) -> None:
    found = health(Catalog((view_of(make_view, well),)), now=NOW)
    assert isinstance(found, Report)
    assert found.passed
    assert found.title == "1 feature: 1 good"
    assert found.frame().row(0) == ("shop.sales", "x", "good", [], "")
    assert found.known().row(0, named=True) == {
        "view": "shop.sales", "feature": "x", "usage": 0.0, "health": 1.0, "freshness": "fresh",
        "used_by": [],
    }  # fmt: skip
    assert "✓ good" in str(found)


@pytest.mark.parametrize(
    ("values", "code", "seen"),
    [
        (lambda i: None, "FH003", "720 rows, none with a value"),
        (lambda i: None if i % 5 else well(i), "FH010", "80% of 720 rows have no value"),
        (lambda i: 2.0, "FH011", "720 rows have the same value"),
        (lambda i: float("inf") if i == 3 else well(i), "FH012", "1 of 720 rows"),
    ],
)
def test_values(make_view: MakeView, values: Values, code: str, seen: str) -> None:
    found = health(Catalog((view_of(make_view, values),)), now=NOW)
    reasons = {reason.code: reason.seen for reason in found.features[0].reasons}
    assert [*reasons] == [code]
    assert seen in reasons[code]
    assert found.features[0].mark == CHECKS[code].mark


@pytest.mark.parametrize(
    ("values", "want", "seen"),
    [
        (lambda i, n: None if i > n - 1000 and i % 3 else well(i), "FH013", "0% before, 39% since"),
        (lambda i, n: well(i) + 90 * (i > n - 1000), "FH030", "much ("),
    ],
)
def test_the_newest_week_differs(
    make_view: MakeView, values: Callable[[int, int], object], want: str, seen: str
) -> None:
    n = 24 * 12 * 30
    rows = {
        "id": [1] * n,
        "time": [at(i / 12) for i in range(n)],
        "x": [values(i, n) for i in range(n)],
    }
    found = health(Catalog((make_view(rows, features={"x": "float"}),)), now=NOW)
    reasons = {reason.code: reason.seen for reason in found.features[0].reasons}
    assert reasons[want].startswith(seen)


@pytest.mark.parametrize(
    ("later", "fields", "want"),
    [
        (timedelta(days=2), {"time_to_live": "1d"}, ["FH020"]),
        (timedelta(days=2), {"features": {"x": window("1d")}, "time_to_live": "1h"}, []),
        (timedelta(days=60), {"features": {"x": window("60d")}, "time_to_live": "1h"}, ["FH020"]),
        (timedelta(days=60), {"features": {"x": window("60d", slide="1d")}}, ["FH021"]),
        (timedelta(days=60), {"features": {"x": window("all")}, "time_to_live": "1h"}, ["FH021"]),
        (timedelta(days=2), {"time_to_live": "3d"}, []),
        (timedelta(days=60), {}, ["FH021"]),
        (timedelta(days=-1), {}, ["FH022"]),
    ],
)
def test_age(
    make_view: MakeView, later: timedelta, fields: dict[str, object], want: list[str]
) -> None:
    found = health(Catalog((view_of(make_view, well, **fields),)), now=at(N) + later)
    assert codes(found) == want
    stale = want in (["FH020"], ["FH021"])
    assert found.known()["freshness"].to_list() == ["stale" if stale else "fresh"]


def test_sources_and_types(make_view: MakeView) -> None:
    gone = view_of(make_view, well)
    wrong = make_view({"id": [1], "y": ["a"], "z": [1.0]}, view="shop.wrong", event_time=None,
                      features={"y": "float", "z": "float", "w": "float"})  # fmt: skip
    catalog = Catalog((gone, wrong))
    gone.table.files[0].unlink()
    found = health(catalog, now=NOW)
    assert codes(found) == ["FH001"]
    assert codes(found, "shop.wrong.y") == ["FH002"]
    assert codes(found, "shop.wrong.w") == ["FH002"]
    assert not found.passed
    assert "there is no file" in str(found)
    assert health(catalog, of="shop.sales", now=NOW).features[0].mark == "bad"


def test_status_and_use(make_view: MakeView) -> None:
    old = view_of(make_view, well, status="deprecated", successor="shop.new")
    new = make_view({"id": [1], "a": [1.0]}, view="shop.new", event_time=None,
                    status="draft", features={"a": "float"})  # fmt: skip
    catalog = Catalog((old, new))
    assert codes(health(catalog, now=NOW)) == []
    found = health(catalog, [use()], now=NOW)
    assert found.features[0].reasons[0].seen == "used by churn@1; its successor is shop.new"
    drafted = Use("shop.new", "a", "artifact", "c@1", aliases=("champion",))
    assert "FH041" in codes(health(catalog, [drafted], now=NOW), "shop.new.a")
    plain = Use("shop.new", "a", "artifact", "c@1")
    assert "FH041" not in codes(health(catalog, [plain], now=NOW), "shop.new.a")


def test_gone_but_used(make_view: MakeView) -> None:
    catalog = Catalog((view_of(make_view, well),))
    many = [Use("shop.sales", "lost", "spec", f"{i}.proml.yaml") for i in range(5)]
    found = health(catalog, [*many, use("artifact", ("champion",), "lost")], now=NOW)
    assert codes(found, "shop.sales.lost") == ["FH042"]
    lost = found.features[-1]
    assert lost.reasons[0].seen == "used by 0.proml.yaml, 1.proml.yaml, 2.proml.yaml and 3 more"
    assert len(health(catalog, many, of="shop.sales", now=NOW).features) == 1
    pinned = Use("shop.sales", "lost", "spec", "old.proml.yaml", pinned=True)
    assert health(catalog, [pinned], now=NOW).passed
    some = health(catalog, [pinned, many[0]], now=NOW).features[-1]
    assert some.reasons[0].seen == "used by 0.proml.yaml"


def test_bad_inputs_make_bad_features(make_view: MakeView) -> None:
    base = view_of(make_view, lambda i: None)

    def derived(name: str, source: str) -> FeatureView:
        said = {"view": name, "inputs": {"x": source}, "features": {"y": {"type": "float",
                "sql": "coalesce(x, 1) * extract(day from cutoff)"}}}  # fmt: skip
        return FeatureView.model_validate(said)

    catalog = Catalog((derived("b.of", "a.of.y"), derived("a.of", "shop.sales.x"), base))
    found = health(catalog, now=NOW)
    assert codes(found, "a.of.y") == ["FH050"]
    assert next(one for one in found.features if one.view == "b.of").reasons[-1].seen == "a.of.y"


def test_words_rows_and_pictures(make_view: MakeView) -> None:
    found = health(Catalog((view_of(make_view, lambda i: 2.0),)), [use()], now=NOW, notes=["Odd."])
    (row,) = found.rows().to_dicts()
    assert (row["code"], row["mark"], row["why"]) == ("FH011", "look", CHECKS["FH011"].why)
    said = str(found)
    assert "FH011: What never varies" in said
    assert said.endswith("Odd.")
    assert "one value only" in found._repr_mimebundle_()["text/html"]
    assert "FH011" in to_svg(found.figure())
    assert found.known().row(0, named=True)["used_by"] == ["churn"]
    assert FeatureHealth("a.b", "c").mark == "good"
    with pytest.raises(UnknownNameError, match=r"'shop\.sale'"):
        health(Catalog(()), of="shop.sale")


def test_the_search_takes_what_is_known(make_view: MakeView) -> None:
    from proml_lab.marketplace.find.known import align

    catalog = Catalog((view_of(make_view, well),))
    found = health(catalog, [use()], now=NOW)
    assert align(found.known(), catalog.index).rows["freshness"].to_list() == ["fresh"]


def test_a_muted_reason_is_told_and_does_not_count(make_view: MakeView) -> None:
    why = "no sales are infinitely few"
    half = lambda i: None if i % 5 else (float("inf") if i == 5 else well(i))  # noqa: E731
    x = {"type": "float", "mute": {"FH012": why}}
    view = view_of(make_view, half, features={"x": x, "y": {"type": "float", "column": "x"}})
    found = health(Catalog((view,)), now=NOW)
    assert codes(found) == ["FH010", "FH012"]
    assert found.frame()["codes"].to_list() == [["FH010"], ["FH010", "FH012"]]
    both = view.model_copy(update={"mute": {"FH010": "few shops"}})
    found = health(Catalog((both,)), now=NOW)
    assert [one.mark for one in found.features] == ["good", "look"]
    assert found.known()["health"].to_list() == [1.0, 0.7]
    said = found.frame()["reasons"][0]
    assert "FH012 infinite values: 1 of 720 rows (muted: no sales are infinitely few)" in said
    assert found.rows()["muted"].to_list() == ["few shops", why, "few shops", ""]
    shown = found._repr_mimebundle_()["text/html"]
    assert "muted: few shops" in shown
    assert CHECKS["FH010"].mend not in shown
    assert CHECKS["FH012"].mend in shown
    assert [*found.figure().data[0].x] == [1]


def test_a_muted_input_is_not_bad(make_view: MakeView) -> None:
    view = view_of(make_view, lambda i: None)
    derived = FeatureView.model_validate(
        {
            "view": "shop.more",
            "inputs": {"a": "shop.sales.x"},
            "features": {"y": {"type": "float", "sql": "a", "mute": {"FH003": "not yet"}}},
        }
    )
    found = health(Catalog((view, derived)), now=NOW)
    assert codes(found, "shop.more.y") == ["FH003", "FH050"]
    muted = view.model_copy(update={"mute": {"FH003": "not yet"}})
    found = health(Catalog((muted, derived)), now=NOW)
    assert codes(found, "shop.more.y") == ["FH003"]
    assert found.passed


def test_what_is_online_is_held_against_a_join(make_view: MakeView, tmp_path: Path) -> None:
    view = view_of(make_view, well)
    other = view.model_copy(update={"view": "shop.other"})
    online = Online(Catalog((view, other)), open_store(tmp_path / "online"))
    assert codes(health(online.catalog, online=online, now=NOW)) == []
    online.materialize(["shop.sales"], until=NOW)
    assert codes(health(online.catalog, online=online, now=NOW)) == []
    file = view.table.files[0]
    rows = pl.read_parquet(file)
    rows.with_columns(pl.when(id=2).then("x").otherwise(-1.0).alias("x")).write_parquet(file)
    found = health(online.catalog, online=online, now=NOW)
    assert codes(found) == ["FH060"]
    assert codes(found, "shop.other.x") == []
    assert found.features[0].mark == "bad"
    assert found.features[0].reasons[0].seen.startswith("2 of 3 entities differ, such as id ")
    assert " online, -1.0 by a join" in found.features[0].reasons[0].seen
    assert codes(health(online.catalog, now=NOW)) == []


def test_what_cannot_be_compared_is_told(make_view: MakeView, tmp_path: Path) -> None:
    view = view_of(make_view, well)
    online = Online(Catalog((view,)), open_store(tmp_path / "online"))
    online.materialize(until=NOW)
    view.table.files[0].unlink()
    found = health(online.catalog, online=online, now=NOW)
    assert codes(found) == ["FH001"]
    assert found.notes[0].startswith("shop.sales was not compared with what is online: ")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "data.mdb").write_bytes(b"x" * 20_000)
    broken = Online(Catalog((view,)), open_store(tmp_path / "bad"))
    found = health(online.catalog, online=broken, now=NOW)
    assert found.notes[0].startswith("Not compared with what is online: The online store ")
