from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as peer

from proml_lab.contracts import METRIC_TASKS
from proml_lab.errors import UnknownNameError, UsageError
from proml_lab.evaluate.metrics import METRICS, asked, bins, defaults, get

BINARY = {
    "auc": peer.roc_auc_score,
    "pr_auc": peer.average_precision_score,
    "log_loss": peer.log_loss,
    "brier": peer.brier_score_loss,
}
VALUES = {
    "rmse": peer.root_mean_squared_error,
    "mae": peer.mean_absolute_error,
    "r2": peer.r2_score,
    "poisson_deviance": peer.mean_poisson_deviance,
}


@pytest.mark.parametrize("name", BINARY)
def test_metrics_of_probabilities_agree_with_sklearn(name: str, scored) -> None:
    y, p = scored
    assert METRICS[name](y, p) == pytest.approx(BINARY[name](y, p), rel=1e-12)


@pytest.mark.parametrize("name", VALUES)
def test_metrics_of_values_agree_with_sklearn(name: str) -> None:
    rng = np.random.default_rng(1)
    p = rng.gamma(2, size=500) + 0.1
    y = rng.poisson(p).astype(float)
    assert METRICS[name](y, p) == pytest.approx(VALUES[name](y, p), rel=1e-12)


@pytest.mark.parametrize("name", [*BINARY, *VALUES, "pinball", "coverage_gap", "calibration"])
def test_counts_stand_for_repeated_rows(name: str) -> None:
    rng = np.random.default_rng(2)
    p = rng.random(200).round(2).clip(0.01, 0.99)
    y = (rng.random(200) < p).astype(float)
    counts = rng.integers(0, 4, (3, 200)).astype(np.uint8)
    found = METRICS[name].over(y, p)(counts)
    for value, n in zip(found, counts, strict=True):
        if name == "calibration":
            gaps = np.repeat(y - p, n)
            cut = np.repeat(bins(p), n)
            wanted = sum(abs(gaps[cut == b].sum()) for b in range(10)) / len(gaps)
        else:
            wanted = METRICS[name](np.repeat(y, n), np.repeat(p, n))
        assert value == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_metrics_of_quantiles(level: float) -> None:
    rng = np.random.default_rng(4)
    y, p = rng.normal(size=(2, 300)).round(1)
    pinball, column = asked("pinball by x", "quantile", quantile=level)
    assert column == "x"
    assert pinball(y, p) == pytest.approx(peer.mean_pinball_loss(y, p, alpha=level), rel=1e-12)
    gap = get("coverage_gap", "quantile").at(level)
    assert gap(y, p) == pytest.approx(abs((y <= p).mean() - level))
    assert get("pinball", "quantile").at(None) is METRICS["pinball"]
    assert get("rmse", "regression").at(level) is METRICS["rmse"]


def test_closed_forms() -> None:
    y = np.array([0.0, 0.0, 1.0, 1.0])
    half = np.full(4, 0.5)
    assert METRICS["auc"](y, half) == 0.5
    assert METRICS["pr_auc"](y, half) == 0.5
    assert METRICS["log_loss"](y, half) == pytest.approx(np.log(2), rel=1e-15)
    assert METRICS["brier"](y, half) == 0.25
    assert METRICS["calibration"](y, half) == 0.0
    assert METRICS["auc"](y, y) == METRICS["pr_auc"](y, y) == 1.0
    assert METRICS["auc"](y, 1 - y) == 0.0
    assert METRICS["calibration"](y, np.array([0.1, 0.2, 0.3, 0.4])) == pytest.approx(0.4)
    assert METRICS["r2"](y, np.full(4, y.mean())) == 0.0


def test_certain_and_wrong_is_finite() -> None:
    y = np.array([0.0, 1.0])
    assert METRICS["log_loss"](y, 1 - y) == pytest.approx(peer.log_loss(y, 1 - y), rel=1e-12)
    assert np.isfinite(METRICS["poisson_deviance"](y, np.zeros(2)))


def test_what_one_class_leaves_undefined_is_nan() -> None:
    y, p = np.ones(3), np.array([0.2, 0.5, 0.7])
    assert np.isnan(METRICS["auc"](y, p))
    assert np.isnan(METRICS["pr_auc"](y, p))
    assert np.isnan(METRICS["r2"](y, p))
    assert np.isfinite(METRICS["log_loss"](y, p))


def test_bins_hold_equally_many_rows_and_keep_ties_together() -> None:
    p = np.random.default_rng(0).permutation(1000) / 1000
    assert np.bincount(bins(p)).tolist() == [100] * 10
    assert np.all(np.diff(bins(p)[np.argsort(p)]) >= 0)
    assert bins(np.full(7, 0.3)).tolist() == [0] * 7
    assert bins(np.array([0.5])).tolist() == [0]


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert len(metric.what) > 10
        assert metric.direction in ("higher", "lower")
    for task in ("binary", "regression", "count", "quantile"):
        assert all(task in get(name, task).tasks for name in defaults(task))


def test_a_metric_may_be_asked_for_by_group() -> None:
    metric, column = asked("auc by carrier", "binary")
    assert (metric.name, column) == ("auc", "carrier")
    assert asked("auc", "binary")[1] is None
    with pytest.raises(UsageError, match="Metric 'auc by ' names no column"):
        asked("auc by ", "binary")


def test_unknown_and_unfit_metrics_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"no metric 'acu'.\nHint: did you mean .*'auc'"):
        get("acu", "binary")
    with pytest.raises(UsageError, match=r"'auc' is for task binary, this is regression"):
        get("auc", "regression")


def test_a_spec_may_name_exactly_the_metrics_that_there_are() -> None:
    assert list(METRICS) == list(METRIC_TASKS)
    assert {name: metric.tasks for name, metric in METRICS.items()} == METRIC_TASKS
    assert all(name == metric.name for name, metric in METRICS.items())
