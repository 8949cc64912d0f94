from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Contributions
from proml_lab.errors import UnknownNameError
from proml_lab.explain.shape import MOST_CATEGORIES, by_value, dependence, missing_pushes
from tests.explain.conftest import make_model, make_rows


def contributions(**columns: object) -> Contributions:
    frame = pl.DataFrame({name: values for name, values in columns.items() if name != "push"})
    push = np.asarray(columns["push"], dtype=float)[:, None]
    return Contributions(0.0, push, tuple(frame.columns), frame)


def test_points_are_the_rows_with_a_value_and_the_trend_their_means() -> None:
    found = contributions(x=[2.0, 1.0, None, 1.0, float("nan")], push=[3, 1, 9, 2, 8])
    points, trend = dependence(found, "x")
    assert points.rows() == [(1.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    assert trend is not None
    assert trend.rows() == [(1.0, 1.5), (2.0, 3.0)]
    assert missing_pushes(found, "x") == [9.0, 8.0]


def test_the_trend_follows_a_known_curve() -> None:
    x = np.random.default_rng(0).uniform(0, 1, 4000)
    noise = np.random.default_rng(1).normal(0, 0.1, 4000)
    _, trend = dependence(contributions(x=x, push=x**2 + noise), "x")
    assert trend is not None
    assert trend.height == 20
    assert trend["contribution"].to_numpy() == pytest.approx(
        trend["value"].to_numpy() ** 2, abs=0.03
    )


def test_equal_values_share_a_stretch() -> None:
    x = np.repeat(np.arange(40.0), 25)
    _, trend = dependence(contributions(x=x, push=x), "x")
    assert trend is not None
    assert trend["value"].is_sorted()
    assert trend["value"].n_unique() == trend.height


def test_one_value_has_no_trend() -> None:
    points, trend = dependence(contributions(x=[1.0, 1.0], push=[1, 2]), "x")
    assert points.height == 2
    assert trend is None


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_categories_are_summed_up_by_hand(kind: pl.DataType) -> None:
    values = pl.Series(["a", "b", "a", None, "a"]).cast(kind)
    points, trend = dependence(contributions(x=values, push=[0, 5, 10, 1, 5]), "x")
    assert trend is None
    assert points.rows() == [
        ("a", 5.0, 1.0, 9.0, 3),
        (None, 1.0, 1.0, 1.0, 1),
        ("b", 5.0, 5.0, 5.0, 1),
    ]


def test_only_the_most_frequent_categories_are_drawn() -> None:
    names = [f"c{i}" for i in range(50) for _ in range(i + 1)]
    points, _ = dependence(contributions(x=names, push=np.ones(len(names))), "x")
    assert points.height == MOST_CATEGORIES
    assert points["value"][0] == "c49"


def test_an_unknown_feature_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="no feature 'wind'"):
        dependence(contributions(x=[1.0], push=[1]), "wind")


@pytest.mark.parametrize("feature", ["hour", "wind", "idle", "carrier"])
def test_values_in_stretches_cover_every_row_once(feature: str) -> None:
    rows = make_rows()
    found = make_model().contributions(rows)
    table = by_value(found, feature)
    assert table.columns == ["value", "n_rows", "contribution", "low", "high"]
    assert table["n_rows"].sum() == len(rows)
    pushes = found.values[:, found.features.index(feature)]
    total = (table["n_rows"] * table["contribution"]).sum()
    assert total == pytest.approx(pushes.sum(), abs=1e-9)
    assert (table["low"] <= table["high"]).all()
    gaps = rows.frame[feature].null_count()
    missing = table.filter(value="missing")
    assert missing["n_rows"].sum() == gaps
    assert table.height <= 10 + bool(gaps)


def test_few_values_have_a_row_each() -> None:
    frame = make_rows().frame.with_columns(hour=pl.col("hour") % 3)
    table = by_value(make_model().contributions(frame), "hour")
    assert [float(value) for value in table["value"]] == [0.0, 1.0, 2.0]
    assert table["contribution"].to_list() == pytest.approx([0.0, 0.2, 0.4])


def test_values_of_an_unknown_feature_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="no feature 'hours'"):
        by_value(make_model().contributions(make_rows()), "hours")
