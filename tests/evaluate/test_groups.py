"""Groups of rows: figures against scikit-learn and NumPy, and what counts as worse."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from proml_lab.evaluate.groups import LEAST_EACH, LEAST_ROWS, by_group, said
from proml_lab.evaluate.metrics import METRICS


def rows(n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Labels and predictions that are right on average."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    return (rng.random(n) < p).astype(float), p, rng


def test_figures_are_those_of_the_groups_own_rows() -> None:
    y, p, rng = rows(3000)
    who = pl.Series("who", rng.choice(["a", "b", "c"], 3000, p=[0.5, 0.3, 0.2]))
    found = by_group(y, p, pl.DataFrame([who]), METRICS["auc"], resamples=200, seed=1)
    assert found["group"].to_list() == ["a", "b", "c"]
    wanted = [roc_auc_score(y[who == name], p[who == name]) for name in "abc"]
    assert found["value"].to_list() == pytest.approx(wanted)
    weights = found["n_rows"].to_numpy() / 3000
    apart = np.array(wanted) - weights @ wanted
    assert found["difference"].to_list() == pytest.approx(apart.tolist(), abs=1e-12)
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()
    assert found["worse"].to_list() == [False] * 3


def test_an_interval_is_as_wide_as_the_theory_says() -> None:
    """The brier score is a mean: its standard error is that of NumPy."""
    y, p, rng = rows(4000)
    who = pl.Series("who", rng.choice(["a", "b"], 4000))
    found = by_group(y, p, pl.DataFrame([who]), METRICS["brier"], resamples=500, seed=1)
    for row in found.to_dicts():
        loss = ((y - p) ** 2)[who == row["group"]]
        wide = 2 * 1.96 * loss.std() / np.sqrt(len(loss))
        assert row["high"] - row["low"] == pytest.approx(wide, rel=0.15)


@pytest.mark.parametrize(("metric", "way"), [("auc", -1), ("log_loss", 1)])
def test_a_group_that_is_guessed_is_worse_in_either_direction(metric: str, way: int) -> None:
    y, p, rng = rows(4000)
    who = rng.choice(["good", "bad", "other"], 4000)
    p = np.where(who == "bad", rng.permutation(p), p)
    groups = pl.DataFrame({"who": who, "half": rng.random(4000) < 0.5})
    found = by_group(y, p, groups, METRICS[metric], resamples=200, seed=1)
    worse = found.filter("worse")
    assert worse["group"].to_list() == ["bad"]
    assert worse["difference"][0] * way > 0


def test_chance_makes_no_group_worse() -> None:
    """Many groups that are alike: at 95 % each, one in forty would be called worse."""
    named = 0
    for seed in range(8):
        y, p, rng = rows(8000, seed)
        groups = pl.DataFrame({"who": rng.integers(0, 20, 8000)})
        found = by_group(y, p, groups, METRICS["brier"], resamples=100, seed=seed)
        named += found["worse"].sum()
    assert named <= 1


def test_too_few_rows_have_no_figures() -> None:
    y, p, _ = rows(1000)
    rare = np.zeros(1000)
    rare[: LEAST_EACH - 1] = 1
    who = np.where(np.arange(1000) < LEAST_ROWS - 1, "few", "many")
    found = by_group(y, p, pl.DataFrame({"who": who}), METRICS["auc"], resamples=50, seed=1)
    few = found.filter(group="few").row(0, named=True)
    assert few["n_rows"] == LEAST_ROWS - 1
    assert few["worse"] is None
    assert few["value"] is None
    alone = by_group(rare, p, pl.DataFrame({"who": who}), METRICS["auc"], resamples=50, seed=1)
    assert alone["worse"].to_list() == [None, None]


def test_missing_values_are_a_group_and_bounds_stay_in_range() -> None:
    y = np.tile([0.0, 1.0], 500)
    p = np.where(y > 0, 0.9, 0.1)
    who = pl.Series("who", [None, True, False, True] * 250)
    found = by_group(y, p, pl.DataFrame([who]), METRICS["auc"], resamples=50, seed=1)
    assert found["group"].to_list() == ["true", "(missing)", "false"]
    assert found["n_rows"].to_list() == [500, 250, 250]
    assert found["value"].to_list() == [None] * 3  # each has one label only
    pairs = pl.DataFrame({"who": [None, None, True, True] * 250})
    brier = by_group(y, p, pairs, METRICS["brier"], resamples=50, seed=1)
    assert sorted(brier["group"]) == ["(missing)", "true"]
    assert brier["value"].to_list() == pytest.approx([0.01] * 2)
    assert by_group(y, y, pl.DataFrame({"one": [1] * 1000}), METRICS["auc"], resamples=9, seed=1)[
        "high"
    ].to_list() == [1.0]


def test_names_of_groups() -> None:
    assert [said(value) for value in (None, True, 3, "x")] == ["(missing)", "true", "3", "x"]
