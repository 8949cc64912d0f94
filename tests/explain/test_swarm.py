from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from proml_lab.contracts import Contributions
from proml_lab.explain.swarm import BINS, TALLEST, scaled, swarm


def contributions(n: int, seed: int = 0) -> Contributions:
    rng = np.random.default_rng(seed)
    push = rng.normal(size=(n, 2))
    frame = pl.DataFrame({"x": push[:, 0], "carrier": rng.choice(["a", "b"], n)})
    return Contributions(0.0, push, ("x", "carrier"), frame)


def test_no_outlier_is_lost_and_the_size_does_not_grow() -> None:
    found = contributions(30_000)
    found.values[7, 0] = 40.0
    dots = swarm(found, ["x", "carrier"])
    assert dots.filter(pl.col("feature") == "x")["contribution"].max() == 40.0
    assert dots.height <= 2 * BINS * TALLEST
    assert dots["offset"].abs().max() <= 0.5  # type: ignore[operator]


def test_dots_stand_where_their_rows_are() -> None:
    found = contributions(2000)
    dots = swarm(found, ["x"])["contribution"].to_numpy()
    span = np.ptp(found.values[:, 0])
    nearest = np.abs(found.values[:, :1] - dots[None, :]).min(axis=1)
    assert nearest.max() <= span / BINS


def test_lower_values_stand_lower_and_ranks_are_kept() -> None:
    dots = swarm(contributions(5000), ["x"])
    assert dots.select(pl.corr("contribution", "value_scaled", method="spearman")).item() > 0.99
    for _, group in dots.group_by(pl.col("contribution").round(1)):
        assert group["value_scaled"].null_count() == 0
    assert dots["value_scaled"].is_between(0, 1).all()


def test_categories_have_no_colour() -> None:
    assert swarm(contributions(100), ["carrier"])["value_scaled"].null_count() > 10


def test_equal_contributions_are_one_column_of_dots() -> None:
    frame = pl.DataFrame({"x": np.arange(100.0)})
    dots = swarm(Contributions(0.0, np.zeros((100, 1)), ("x",), frame), ["x"])
    assert dots.height == TALLEST
    assert dots["value_scaled"].is_sorted()
    assert dots["offset"].sum() == pytest.approx(0)


def test_missing_values_have_dots_of_their_own() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, None, None]})
    dots = swarm(Contributions(0.0, np.zeros((4, 1)), ("x",), frame), ["x"])
    assert dots["value_scaled"].to_list() == [0.0, 1.0, None, None]


def test_no_features_no_dots() -> None:
    assert swarm(contributions(3), []).height == 0


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([30, 10, 20], [1.0, 0.0, 0.5]),
        ([5.0, 5.0], [0.5, 0.5]),
        ([1.0, None, float("nan"), 3.0], [0.0, np.nan, np.nan, 1.0]),
        ([True, False], [1.0, 0.0]),
        ([datetime(2013, 1, 1), datetime(2014, 1, 1)], [0.0, 1.0]),
        (["a", "b"], [np.nan, np.nan]),
        ([None, None], [np.nan, np.nan]),
    ],
)
def test_ranks(values: list[object], ranks: list[float]) -> None:
    assert scaled(pl.Series(values)) == pytest.approx(np.array(ranks), nan_ok=True)
