"""Features ranked for a label: what tells it, what is a copy, what is too good to be true."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from proml_lab.contracts import Report
from proml_lab.errors import ColumnMissingError, DataError, SourceError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.suggest import SuggestReport, suggest
from tests.marketplace.conftest import MakeView, at

N = 1500


@pytest.fixture
def spine() -> pl.DataFrame:
    rng = random.Random(1)
    hidden = [rng.gauss(0, 1) for _ in range(N)]
    return pl.DataFrame(
        {
            "id": range(N),
            "time": [at(1000)] * N,
            "late": [x + rng.gauss(0, 1) > 0 for x in hidden],
            "hidden": hidden,
            "day": [rng.choice(["mo", "tu"]) for _ in range(N)],
        }
    )


@pytest.fixture
def catalog(make_view: MakeView, spine: pl.DataFrame) -> Catalog:
    rng = random.Random(2)
    hidden, late = spine["hidden"].to_list(), spine["late"].to_list()
    rows = {
        "id": spine["id"].to_list(),
        "time": [at(0)] * N,
        "strong": hidden,
        "copied": [x**3 for x in hidden],
        "middling": [x + rng.gauss(0, 2) for x in hidden],
        "noise": [rng.random() for _ in range(N)],
        "constant": [1.0] * N,
        "text": ["a" if y == (rng.random() < 0.8) else "b" for y in late],
        "list": [[1.0]] * N,
        "told": [1.0 if y else None for y in late],
        "outcome": ["yes" if y else "no" for y in late],
        "score": [0.2 * y + rng.random() * 0.3 for y in late],
    }  # fmt: skip
    timed = [name for name in rows if name not in ("id", "time", "list", "score")]
    kinds = {"text": "string", "outcome": "string", "list": "list[float]"}
    features = {name: kinds.get(name, "float") for name in (*timed, "list")}
    history = make_view(rows, view="a.history", features=features)
    static = make_view(rows, view="a.static", event_time=None, features={"score": "float"})
    elsewhere = make_view(
        rows, view="b.other", entities={"shop": "id"}, features={"noise": "float"}
    )
    return Catalog((history, static, elsewhere))


def ranked(report: SuggestReport, column: str) -> dict[str, object]:
    return dict(report.frame().select("feature", column).rows())


@pytest.fixture
def report(catalog: Catalog, spine: pl.DataFrame) -> SuggestReport:
    return suggest(catalog, spine.drop("hidden"), label="late", cutoff="time")


def test_what_tells_more_is_stronger(report: SuggestReport) -> None:
    strength = ranked(report, "strength")
    order = ["outcome", "strong", "middling", "noise"]
    values = [strength[f"a.history.{name}"] for name in order]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    assert strength["a.history.outcome"] == pytest.approx(1, abs=0.01)
    assert strength["a.history.noise"] == pytest.approx(0, abs=0.01)
    assert strength["a.history.strong"] == pytest.approx(strength["a.history.copied"], abs=0.02)


def test_a_copy_adds_nothing(catalog: Catalog, spine: pl.DataFrame) -> None:
    view = catalog.view("a.history")
    features = {name: view.features[name] for name in ("strong", "copied", "middling")}
    few = Catalog((view.model_copy(update={"features": features}),))
    found = suggest(few, spine.drop("hidden", "day"), label="late", cutoff="time").frame()
    assert found["feature"].to_list()[:2] == ["a.history.strong", "a.history.middling"]
    last = found.row(2, named=True)
    assert last["gain"] < 0.05 * last["strength"]
    assert last["copy_of"] == "a.history.strong"


def test_measures_that_people_know(report: SuggestReport) -> None:
    measure, value = ranked(report, "measure"), ranked(report, "value")
    assert measure["a.history.strong"] == "AUC"
    assert 0.7 < value["a.history.strong"] < 0.9  # type: ignore[operator]
    assert measure["a.history.text"] is None


def test_what_is_too_good_is_marked(report: SuggestReport) -> None:
    warning = ranked(report, "warning")
    assert "too good to be true (strength 1.00)" in str(warning["a.history.outcome"])
    assert "too good to be true" in str(warning["a.history.told"])
    assert warning["a.history.strong"] == ""
    assert "nothing says when it was known" in str(warning["a.static.score"])
    assert warning["spine.day"] == ""


def test_what_is_missing_tells_too(catalog: Catalog, spine: pl.DataFrame) -> None:
    leak = spine.with_columns(
        pl.when(pl.col("late") | (pl.col("id") % 9 == 0))
        .then(pl.col("hidden").round(1))
        .alias("gate")
    )
    found = suggest(catalog, leak.select("id", "late", "gate"), label="late")
    assert "whether it is missing tells" in str(ranked(found, "warning")["spine.gate"])


def test_what_is_not_joined_is_told(
    report: SuggestReport, catalog: Catalog, spine: pl.DataFrame
) -> None:
    assert dict(report.unread) == {"b.other": "the spine has no shop"}
    assert "a.history.constant" not in ranked(report, "gain")
    assert "a.history.list" not in ranked(report, "gain")
    without = suggest(catalog, spine, label="late")
    assert without.unread["a.history"] == "it needs a cutoff"
    root = catalog.view("a.history")._root
    assert root is not None
    (root / "a.history.parquet").unlink()
    broken = suggest(catalog, spine, label="late", cutoff="time")
    assert "a.history.parquet" in broken.unread["a.history"]
    assert "Not joined: a.history: " in broken._repr_mimebundle_()["text/plain"]


def test_labels_of_other_kinds(catalog: Catalog, spine: pl.DataFrame) -> None:
    numbers = spine.with_columns(late=pl.col("hidden").exp()).drop("hidden")
    found = suggest(catalog, numbers, label="late", cutoff="time")
    assert ranked(found, "measure")["a.history.strong"] == "rank correlation"
    assert "too good to be true (rank correlation 1.000)" in str(
        ranked(found, "warning")["a.history.strong"]
    )
    three = spine.with_columns(late=pl.col("hidden").round().clip(-1, 1).cast(pl.String))
    several = suggest(catalog, three.drop("hidden"), label="late", cutoff="time")
    assert ranked(several, "measure")["a.history.strong"] is None


def test_the_report_in_its_three_forms(catalog: Catalog, spine: pl.DataFrame) -> None:
    report = suggest(catalog, spine, label="late", cutoff="time", n=3)
    assert isinstance(report, Report)
    assert report.title == "3 of 10 features for late, on 1,500 rows"
    bundle = report._repr_mimebundle_()
    assert bundle["text/plain"].startswith(report.title)
    assert "too good to be true" in bundle["text/html"]
    assert "<svg" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert len(report.figure().data[0].x) == 3


def test_a_path_is_a_spine_too_and_a_sample_is_enough(
    catalog: Catalog, spine: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spine.write_parquet(tmp_path / "spine.parquet")
    monkeypatch.setattr("proml_lab.marketplace.find.suggest.N_ROWS", 500)
    found = suggest(catalog, tmp_path / "spine.parquet", label="late", cutoff="time")
    assert found.n_rows == 500
    assert ranked(found, "strength")["a.history.outcome"] == pytest.approx(1, abs=0.01)
    with pytest.raises(SourceError):
        suggest(catalog, tmp_path / "absent.parquet", label="late")


def test_what_cannot_be_ranked_for(catalog: Catalog, spine: pl.DataFrame) -> None:
    with pytest.raises(ColumnMissingError, match="The spine has no column 'lat'"):
        suggest(catalog, spine, label="lat")
    with pytest.raises(ColumnMissingError, match="The spine has no column 'tim'"):
        suggest(catalog, spine, label="late", cutoff="tim")
    for label in (pl.lit(1), pl.lit(None, pl.Int64), pl.lit([[1.0]])):
        with pytest.raises(DataError, match=r"The label 'late' is .* and cannot be ranked for"):
            suggest(catalog, spine.with_columns(late=label), label="late")


def test_of_the_flights_none_is_suspect(flights: object) -> None:
    workspace = flights
    found = suggest(
        workspace.catalog,  # type: ignore[attr-defined]
        workspace.root / "sources" / "flights.parquet",  # type: ignore[attr-defined]
        label="late",
        cutoff="cutoff",
    )
    assert set(found.frame()["warning"]) == {""}
    assert found.frame()["feature"][0] == "origin.departures.origin_dep_delay_3h"
