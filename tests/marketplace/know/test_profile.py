"""Profiles: counts that add up, small, kept by content."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from proml_lab.errors import ColumnMissingError, DataError, SourceError
from proml_lab.marketplace.know.profile import N_BINS, profile
from proml_lab.marketplace.workspace import Workspace
from tests.marketplace.conftest import MakeView, at


def row(found: pl.DataFrame, name: str) -> dict[str, object]:
    return found.row(by_predicate=pl.col("feature") == name, named=True)


def test_static_features_are_described_whole(make_view: MakeView) -> None:
    n = 1000
    view = make_view(
        {
            "id": list(range(n)),
            "x": [float(i) if i % 4 else None for i in range(n)],
            "few": [i % 3 for i in range(n)],
            "s": ["a" if i < 700 else "b" for i in range(n)],
            "yes": [i % 2 == 0 for i in range(n)],
            "when": [at(i) for i in range(n)],
            "none": pl.Series([None] * n, dtype=pl.Float64).to_list(),
            "one": [5.0] * n,
            "nan": [float("nan")] * n,
        },
        event_time=None,
        features={
            "x": "float", "few": "integer", "s": "string", "yes": "boolean", "when": "time",
            "none": "float", "one": "float", "nan": "float",
        },
    )  # fmt: skip
    found = profile(view)
    assert found["n_rows"].to_list() == found["n_asked"].to_list() == [n] * 8
    x = row(found, "x")
    assert (x["nulls"], x["n_distinct"], x["low"], x["high"]) == (0.25, 750, "1", "999")
    assert len(x["bins"]) == len(x["labels"]) == N_BINS
    assert sum(x["bins"]) == 750
    assert x["labels"][0].startswith("below ")
    assert x["labels"][-1].startswith("from ")
    assert row(found, "few")["bins"] == [334, 333, 333]
    assert row(found, "few")["labels"] == ["0", "1", "2"]
    s = row(found, "s")
    assert (s["bins"], s["labels"], s["middle"], s["low"]) == ([700, 300], ["a", "b"], "a", None)
    assert row(found, "yes")["labels"] == ["false", "true"]
    when = row(found, "when")
    assert (when["low"], sum(when["bins"])) == ("2024-03-01 00:00", n)
    assert row(found, "one")["bins"] == [n]
    for name in ("none", "nan"):
        empty = row(found, name)
        assert (empty["nulls"], empty["bins"], empty["low"]) == (1.0, [], None)


def test_windows_and_ages_are_described_as_they_are_used(make_view: MakeView) -> None:
    n = 400
    view = make_view(
        {"id": [i % 4 for i in range(n)], "time": [at(i) for i in range(n)]},
        features={
            "n_1d": {"type": "integer", "aggregate": "count", "window": "1d"},
            "age": {
                "type": "float",
                "sql": "(extract(epoch from cutoff) - extract(epoch from time)) / 3600",
            },
        },
    )
    found = profile(view)
    assert set(row(found, "n_1d")["labels"]) <= {str(i) for i in range(7)}
    assert sum(row(found, "n_1d")["bins"]) == n
    assert (row(found, "age")["low"], row(found, "age")["high"]) == ("0", "3")


def test_an_entity_and_a_feature_may_have_one_name(make_view: MakeView) -> None:
    view = make_view({"id": ["a", "b"]}, event_time=None, features={"id": "string"})
    assert row(profile(view), "id")["bins"] == [1, 1]


def test_results_are_kept_by_content(make_view: MakeView, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    view = make_view({"id": [1], "x": [1.0]}, event_time=None, features={"x": "float"})
    first = profile(view, cache=cache)
    (kept,) = cache.glob("*.parquet")
    stamp = kept.stat().st_mtime_ns
    assert profile(view, cache=cache).equals(first)
    assert kept.stat().st_mtime_ns == stamp
    view = make_view({"id": [1], "x": [2.0]}, event_time=None, features={"x": "float"})
    assert row(profile(view, cache=cache), "x")["low"] == "2"
    kept.write_bytes(b"broken")
    view = make_view({"id": [1], "x": [1.0]}, event_time=None, features={"x": "float"})
    assert profile(view, cache=cache).equals(first)
    assert profile(view, cache=cache).equals(first)


def test_where_nothing_can_be_kept_the_result_is_the_same(
    make_view: MakeView, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    view = make_view({"id": [1], "x": [1.0]}, event_time=None, features={"x": "float"})
    assert profile(view, cache=tmp_path / "file").equals(profile(view))


def test_broken_views_are_refused(make_view: MakeView) -> None:
    view = make_view({"id": [1], "time": [at(0)]}, features={"x": "float"})
    with pytest.raises(ColumnMissingError, match="'x' reads column 'x'"):
        profile(view)
    view = make_view({"id": [None], "time": [at(0)], "x": [1.0]}, features={"x": "float"})
    with pytest.raises(DataError, match=r"no row of shop.sales.parquet has a key and a time"):
        profile(view)
    view.table.files[0].unlink()
    with pytest.raises(SourceError, match="there is no file"):
        profile(view)


def test_the_flights_views_are_small_to_send(flights: Workspace) -> None:
    found = flights.profile("weather.at_origin")
    assert len(found.write_json()) < 16_000
    assert row(found, "visib")["high"] == "10"


@pytest.mark.parametrize("example", ["flights", "movies"])
def test_every_feature_of_the_examples_has_values(
    example: str, request: pytest.FixtureRequest
) -> None:
    workspace: Workspace = request.getfixturevalue(example)
    for view in workspace.catalog.views:
        found = workspace.profile(view.view)
        assert found["feature"].to_list() == [*view.features]
        assert (found["nulls"] < 1).all(), view.view
