"""What exists already: by formula, by values, by words, each with its reason."""

from __future__ import annotations

import random

import pytest

from proml_lab.contracts import Report
from proml_lab.errors import UnknownNameError
from proml_lab.marketplace.catalog import Catalog
from proml_lab.marketplace.find.similar import SimilarReport, similar
from tests.marketplace.conftest import MakeView, at

N = 200
RNG = random.Random(5)
ROWS: dict[str, list[object]] = {
    "id": [i % 20 for i in range(N)],
    "other": [i % 7 for i in range(N)],
    "time": [at(i) for i in range(N)],
    "a": [RNG.gauss(0, 1) for _ in range(N)],
    "b": [RNG.gauss(0, 1) for _ in range(N)],
    "rare": [RNG.random() < 0.03 for _ in range(N)],
    "text": [RNG.choice("xyz") for _ in range(N)],
    "l": [[1.0]] * N,
}


@pytest.fixture
def catalog(make_view: MakeView) -> Catalog:
    copied = dict(ROWS)
    copied["c"] = [2 * x + 1 for x in ROWS["a"]]  # type: ignore[operator]
    copied["same"] = list(ROWS["a"])
    copied["rare_too"] = [RNG.random() < 0.03 for _ in range(N)]
    copied["words"] = list(ROWS["text"])
    total = {"type": "float", "sql": "a + b", "description": "Sum of the two readings."}
    views = [
        make_view(
            ROWS,
            view="shop.sales",
            features={
                "total": total,
                "a": "float",
                "rare": "boolean",
                "text": "string",
                "week": {"type": "float", "aggregate": "mean", "of": "a", "window": "7d"},
                "listed": {"type": "list[float]", "column": "l"},
            },
        ),
        make_view(
            copied,
            view="shop.copies",
            features={
                "total_too": {"type": "float", "sql": "(b)+a"},
                "total": {**total, "sql": "a * b + c"},
                "scaled": {"type": "float", "column": "c"},
                "same": "float",
                "rare_too": "boolean",
                "words": "string",
            },
        ),
        make_view(ROWS, view="shop.again", features={"sum": {"type": "float", "sql": "b + a"}}),
        make_view(
            ROWS,
            view="other.sales",
            entities=["other"],
            features={"t": {"type": "float", "sql": "a+b"}},
        ),
    ]
    return Catalog(
        (
            *views[:2],
            views[2].model_copy(update={"source": views[0].source}).at(views[0]._root),
            views[3],
        )
    )


def reasons(report: SimilarReport) -> dict[str, str]:
    return dict(report.frame().select("feature", "why").rows())


def test_the_same_formula_and_words(catalog: Catalog) -> None:
    report = similar(catalog, "shop.sales.total")
    found = reasons(report)
    assert found["shop.again.sum"].startswith("the same formula over the same rows")
    assert "the same formula over rows of shop.copies.parquet" in found["shop.copies.total_too"]
    assert found["other.sales.t"] == "the same formula for another entity, other"
    assert found["shop.copies.total"] == "the same name and description"
    assert set(report.frame()["feature"][:2]) == {"shop.again.sum", "shop.copies.total_too"}
    assert report.frame()["score"].is_sorted(descending=True)


def test_the_same_values(catalog: Catalog) -> None:
    found = reasons(similar(catalog, "shop.sales.a"))
    assert found["shop.copies.same"] == "equal values at 100% of moments"
    assert found["shop.copies.scaled"] == "values go together, rank correlation 1.00"
    assert "shop.sales.total" not in found
    assert reasons(similar(catalog, "shop.copies.words")) == {
        "shop.sales.text": "equal values at 100% of moments"
    }


def test_values_that_are_rarely_different_are_not_the_same(catalog: Catalog) -> None:
    assert "shop.copies.rare_too" not in reasons(similar(catalog, "shop.sales.rare"))


def test_the_report_in_its_three_forms(catalog: Catalog) -> None:
    report = similar(catalog, "shop.sales.total", n=2)
    assert isinstance(report, Report)
    assert len(report) == 2
    bundle = report._repr_mimebundle_()
    assert bundle["text/plain"].startswith("2 features like shop.sales.total\n  shop.")
    assert "Values were compared with those of" in bundle["text/plain"]
    assert "<script" not in bundle["text/html"]
    assert len(report.figure().data[0].x) == 2


def test_what_cannot_be_read_is_told(catalog: Catalog) -> None:
    view = catalog.view("shop.copies")
    assert view._root is not None
    (view._root / "shop.copies.parquet").unlink()
    report = similar(catalog, "shop.sales.total")
    assert "the same formula" in reasons(report)["shop.copies.total_too"]
    assert "shop.copies.parquet" in report.unread["shop.copies.total_too"]
    assert "Not compared: shop.copies." in report._repr_mimebundle_()["text/plain"]
    own = similar(catalog, "shop.copies.total_too")
    assert "shop.copies.total_too" in own.unread
    assert own.n_compared == 0


def test_nothing_like_it(catalog: Catalog) -> None:
    report = similar(catalog, "shop.sales.week")
    assert len(report) == 0
    assert report.title == "0 features like shop.sales.week"
    assert len(report.figure().data) == 1


def test_a_feature_that_is_not_there(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no feature 'shop.sales.totl'"):
        similar(catalog, "shop.sales.totl")


def test_of_every_feature_of_the_flights(flights: object) -> None:
    catalog = flights.catalog  # type: ignore[attr-defined]
    found = reasons(similar(catalog, "carrier.history.carrier_arr_delay_3h"))
    assert found == {
        "dest.history.dest_arr_delay_3h": "the same formula for another entity, dest",
    }
