from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as peer

from proml_lab.evaluate import curves
from proml_lab.evaluate.metrics import METRICS


def test_roc_is_that_of_sklearn(scored) -> None:
    y, p = scored
    found = curves.roc(y, {"a": p})
    fpr, tpr, _ = peer.roc_curve(y, p, drop_intermediate=False)
    assert np.allclose(found["fpr"], fpr, atol=1e-15)
    assert np.allclose(found["tpr"], tpr, atol=1e-15)


def test_precision_recall_is_that_of_sklearn(scored) -> None:
    y, p = scored
    found = curves.precision_recall(y, {"a": p})
    precision, recall, _ = peer.precision_recall_curve(y, p)
    assert np.allclose(found["recall"][1:], recall[::-1][1:], atol=1e-15)
    assert np.allclose(found["precision"][1:], precision[::-1][1:], atol=1e-15)
    assert found["precision"][0] == found["precision"][1]


def test_long_curves_are_thinned_and_keep_their_area() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(size=50_000)
    y = (rng.random(50_000) < 1 / (1 + np.exp(-score))).astype(float)
    for frame in (curves.roc(y, {"a": score}), curves.precision_recall(y, {"a": score})):
        assert 400 <= frame.height <= 500
    roc = curves.roc(y, {"a": score})
    assert roc.row(0)[1:] == (0.0, 0.0)
    assert roc.row(-1)[1:] == (1.0, 1.0)
    assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(METRICS["auc"](y, score), abs=2e-3)


def test_calibration_bins_are_those_of_the_metric(scored) -> None:
    y, p = scored
    found = curves.calibration(y, {"a": p}, binary=True)
    assert found["n"].sum() == 500
    gap = ((found["observed"] - found["predicted"]).abs() * found["n"]).sum() / 500
    assert gap == pytest.approx(METRICS["calibration"](y, p), rel=1e-12)
    assert (found["low"] <= found["observed"]).all()
    assert (found["high"] >= found["observed"]).all()


def test_wilson_bounds_match_their_closed_form() -> None:
    y = np.array([1.0, 0.0, 0.0, 0.0] * 5)
    row = curves.calibration(y, {"a": np.full(20, 0.3)}, binary=True).row(0, named=True)
    assert (row["low"], row["high"]) == pytest.approx((0.1118616, 0.4687009), abs=1e-6)


def test_bins_of_values_have_bounds_of_the_mean() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0])
    row = curves.calibration(y, {"a": np.zeros(4)}, binary=False).row(0, named=True)
    reach = 1.959964 * y.std(ddof=1) / 2
    assert (row["low"], row["high"]) == pytest.approx((2.5 - reach, 2.5 + reach), abs=1e-6)
    one = curves.calibration(y[:1], {"a": np.zeros(1)}, binary=False).row(0, named=True)
    assert one["low"] == one["high"] == 1.0


def test_score_shares_add_to_one_for_each_label(scored) -> None:
    y, p = scored
    found = curves.scores(y, {"a": p, "b": np.sqrt(p)})
    sums = found.group_by("model", "label").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * 4)
    assert found["left"].min() == 0
    assert found["right"].max() == 1
    assert curves.scores(y, {"a": p / 10})["right"].max() == p.max() / 10


def test_quantiles_hold_what_lies_below_them() -> None:
    rng = np.random.default_rng(1)
    x = rng.random(20_000)
    y = x + rng.normal(size=20_000)
    p = x + 1.2815515655446004
    found = curves.quantiles(y, {"a": p, "same": np.full(20_000, 2.0)}, 0.9)
    a = found.filter(model="a")
    assert a["n"].to_list() == [2000] * 10
    assert (a["low"] <= a["predicted"]).sum() >= 9
    assert (a["high"] >= a["predicted"]).sum() >= 9
    same = found.filter(model="same").to_dicts()
    assert len(same) == 1
    assert same[0]["observed"] == np.sort(y)[17_999]
    assert np.mean(y <= same[0]["low"]) < 0.9 < np.mean(y <= same[0]["high"])


def test_the_quantile_of_few_labels_is_one_of_them() -> None:
    found = curves.quantiles(np.array([3.0]), {"a": np.array([1.0])}, 0.1).to_dicts()
    assert found == [
        {"model": "a", "bin": 0, "predicted": 1.0, "observed": 3.0, "low": 3.0, "high": 3.0, "n": 1}
    ]
