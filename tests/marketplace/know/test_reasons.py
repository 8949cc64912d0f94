"""What a look at values leaves behind for a search, and what it says of their health."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.know import kept
from proml_lab.marketplace.know.describe import describe
from proml_lab.marketplace.know.health import health
from proml_lab.marketplace.know.profile import profile
from proml_lab.marketplace.know.reasons import micros, of_age, of_values
from proml_lab.marketplace.view import FeatureView
from tests.marketplace.conftest import START, MakeView, at

NOW = START.replace(tzinfo=UTC) + timedelta(days=30)


def view_of(make_view: MakeView) -> FeatureView:
    rows = {
        "id": [1, 1, 2, 2],
        "time": [at(0), at(1), at(2), at(3)],
        "x": [1.0, 2.0, None, 4.0],
        "y": [None, None, None, 1.0],
        "who": ["a", "b", "a", "a"],
    }
    features = {"x": "float", "y": "float", "who": "string"}
    return make_view(rows, features=features, time_to_live="2d")


def test_a_profile_is_kept_for_searches(make_view: MakeView, tmp_path: Path) -> None:
    view = view_of(make_view)
    catalog = Catalog((view,))
    report = describe(catalog, cache=tmp_path, now=NOW)
    rows = kept.drawn(tmp_path, catalog.names())
    assert rows.keys() == {one.key for one in report.profiles}
    for one in report.profiles:
        row = rows[one.key]
        assert (row.meaning, row.state, row.nulls) == (view.meaning, view.table.state, one.nulls)
        assert one.age is not None
        assert row.newest == micros(NOW - one.age)
        assert row.longest == micros(timedelta(days=2))
        assert row.codes == " ".join(reason.code for reason in of_values(one))
        assert [reason.code for reason in of_age(one, NOW)] == ["FH020"]
    assert rows[f"{view.view}.y"].codes == "FH010"
    assert rows[f"{view.view}.who"].low == "a"
    assert rows[f"{view.view}.who"].high == "b"


def test_so_is_what_the_browser_looks_at(make_view: MakeView, tmp_path: Path) -> None:
    view = view_of(make_view)
    frame = profile(view, cache=tmp_path)
    rows = kept.drawn(tmp_path, [f"{view.view}.x", f"{view.view}.y"])
    assert [row.nulls for row in rows.values()] == frame["nulls"].to_list()[:2]
    assert {row.newest for row in rows.values()} == {micros(frame["newest"][0])}
    describe(Catalog((view,)), cache=tmp_path, now=NOW)
    described = kept.drawn(tmp_path, [f"{view.view}.x"])
    profile(view, cache=tmp_path)
    assert kept.drawn(tmp_path, [f"{view.view}.x"]) == described


def test_marks_are_kept_without_what_depends_on_the_moment(
    make_view: MakeView, tmp_path: Path
) -> None:
    view = view_of(make_view)
    found = health(Catalog((view,)), cache=tmp_path, now=NOW)
    codes = {one.key: {reason.code for reason in one.reasons} for one in found.features}
    assert all("FH020" in some for some in codes.values())
    rows = kept.drawn(tmp_path, codes)
    assert {key: set(row.codes.split()) for key, row in rows.items()} == {
        key: some - {"FH020"} for key, some in codes.items()
    }
