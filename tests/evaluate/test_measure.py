from __future__ import annotations

import numpy as np
import pytest

from proml_lab.evaluate.bootstrap import resampled_counts
from proml_lab.evaluate.measure import COLUMNS, measure
from proml_lab.evaluate.metrics import METRICS

AUC, LOSS = METRICS["auc"], METRICS["log_loss"]


def test_identical_models_differ_by_exactly_nothing(scored) -> None:
    y, p = scored
    names = {"a": p, "b": p.copy()}
    every = [METRICS[m] for m in ("auc", "pr_auc", "log_loss", "brier", "calibration")]
    table = measure(y, names, every, resamples=100, seed=7)
    assert table.filter(model="a")["verdict"].to_list() == ["best"] * 5
    assert table.filter(model="b")["verdict"].to_list() == ["no detectable difference"] * 5
    for column in ("difference", "difference_low", "difference_high"):
        assert table[column].to_list() == [0.0] * 10


def test_a_better_model_is_best_and_the_other_worse(scored) -> None:
    y, p = scored
    table = measure(y, {"noise": 1 - p, "good": p}, [AUC, LOSS], resamples=200, seed=7)
    assert table["verdict"].to_list() == ["worse", "best", "worse", "best"]
    auc, loss = table.filter(model="noise").rows(named=True)
    assert auc["difference_high"] < 0 < loss["difference_low"]


def test_intervals_are_those_of_the_paired_draws(scored) -> None:
    y, p = scored
    other = np.sqrt(p)
    table = measure(y, {"a": p, "b": other}, [METRICS["brier"]], resamples=60, seed=3)
    counts = np.concatenate(list(resampled_counts(len(y), 60, seed=3))).astype(float)
    draws = [counts @ (y - q) ** 2 / len(y) for q in (p, other)]
    gap = draws[1] - draws[0]
    value = table["value"][1] - table["value"][0]
    low, mid, high = np.quantile(gap, [0.025, 0.5, 0.975])
    row = table.row(1, named=True)
    assert row["difference"] == pytest.approx(value, rel=1e-12)
    assert row["difference_low"] == pytest.approx(value + low - mid, rel=1e-9)
    assert row["difference_high"] == pytest.approx(value + high - mid, rel=1e-9)


def test_the_same_seed_gives_the_same_table(scored) -> None:
    y, p = scored
    tables = [measure(y, {"a": p}, [AUC, LOSS], resamples=50, seed=s) for s in (1, 1, 2)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_one_model_has_no_verdict(scored) -> None:
    table = measure(*scored_pair(scored), [AUC], resamples=20, seed=7)
    assert dict(table.schema) == COLUMNS
    assert table.select("difference", "verdict").row(0) == (None, None)


def scored_pair(scored) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    y, p = scored
    return y, {"a": p}


def test_without_resamples_there_are_values_only(scored) -> None:
    y, p = scored
    table = measure(y, {"a": p, "b": 1 - p}, [AUC], resamples=0, seed=7)
    assert table["verdict"].to_list() == ["best", None]
    assert table.select("low", "high", "difference_low").null_count().row(0) == (2, 2, 2)
    assert table["difference"][1] < 0


def test_what_is_undefined_is_null() -> None:
    table = measure(np.ones(5), {"a": np.full(5, 0.5), "b": np.ones(5)}, [AUC], resamples=9, seed=7)
    assert table.select("value", "low", "difference", "verdict").rows() == [(None,) * 4] * 2


def test_bounds_stay_within_what_can_be() -> None:
    rng = np.random.default_rng(0)
    p = np.full(300, 0.5)
    y = (rng.random(300) < 0.5).astype(float)
    table = measure(y, {"a": p}, [METRICS["calibration"]], resamples=300, seed=7)
    assert 0 <= table["low"][0] <= table["value"][0] <= table["high"][0]


def test_verdicts_are_right_as_often_as_they_say() -> None:
    """Two models of the same quality are called different in about 5 % of test sets."""
    rng = np.random.default_rng(5)
    called = 0
    for k in range(120):
        score = rng.normal(size=300)
        y = (rng.random(300) < 1 / (1 + np.exp(-score))).astype(float)
        models = {name: score + rng.normal(size=300) for name in "ab"}
        table = measure(y, models, [AUC], resamples=200, seed=k)
        called += "worse" in table["verdict"]
    assert 0 <= called / 120 <= 0.12
