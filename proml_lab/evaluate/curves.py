"""The data behind the pictures of a comparison: tidy frames of at most 500 points a curve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.evaluate.metrics import bins

MOST_POINTS = 500
N_SCORE_BINS = 40
_Z = 1.959963984540054  # two-sided 95 % of a normal


def roc(y: Floats, predictions: Mapping[str, Floats]) -> pl.DataFrame:
    """``model``, ``fpr``, ``tpr``: from (0, 0) to (1, 1), one point for each distinct prediction.

    `y` is (n,) of 0 and 1 with both in it; so for the other curves.
    """
    parts = []
    for name, p in predictions.items():
        hits, falls = _cumulated(y, p)
        fpr, tpr = np.append(0.0, falls / falls[-1]), np.append(0.0, hits / hits[-1])
        kept = _thinned(fpr, tpr)
        parts.append(pl.DataFrame({"model": name, "fpr": fpr[kept], "tpr": tpr[kept]}))
    return pl.concat(parts)


def precision_recall(y: Floats, predictions: Mapping[str, Floats]) -> pl.DataFrame:
    """``model``, ``recall``, ``precision``: highest predictions first, recall from 0 to 1."""
    parts = []
    for name, p in predictions.items():
        hits, falls = _cumulated(y, p)
        precision, recall = hits / (hits + falls), hits / hits[-1]
        precision, recall = np.append(precision[0], precision), np.append(0.0, recall)
        kept = _thinned(recall, precision)
        columns = {"recall": recall[kept], "precision": precision[kept]}
        parts.append(pl.DataFrame({"model": name, **columns}))
    return pl.concat(parts)


def calibration(y: Floats, predictions: Mapping[str, Floats], *, binary: bool) -> pl.DataFrame:
    """``model``, ``bin``, ``predicted``, ``observed`` (means), ``low``, ``high``, ``n``.

    The bins are those of the metric ``calibration``. The 95 % interval of `observed` is Wilson's
    for a binary label, else its mean and 1.96 standard errors.
    """
    parts = []
    for name, p in predictions.items():
        rows = pl.DataFrame({"bin": bins(p), "p": p, "y": y})
        made = rows.group_by("bin").agg(
            predicted=pl.col("p").mean(),
            observed=pl.col("y").mean(),
            error=pl.col("y").std() / pl.len().sqrt(),
            n=pl.len().cast(pl.Int64),
        )
        mean, n = pl.col("observed"), pl.col("n")
        if binary:
            middle = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
            reach = (mean * (1 - mean) / n + (_Z / (2 * n)) ** 2).sqrt() * _Z / (1 + _Z**2 / n)
        else:
            middle, reach = mean, _Z * pl.col("error").fill_null(0.0)
        made = made.sort("bin").select(
            pl.lit(name).alias("model"),
            "bin",
            "predicted",
            "observed",
            pl.min_horizontal(middle - reach, mean).alias("low"),
            pl.max_horizontal(middle + reach, mean).alias("high"),
            "n",
        )
        parts.append(made)
    return pl.concat(parts)


def quantiles(y: Floats, predictions: Mapping[str, Floats], level: float) -> pl.DataFrame:
    """As `calibration`, with `observed` the quantile `level` of the labels in a bin.

    It is the least label up to which lies that share of them; `low` and `high` are the labels
    between whose ranks it lies in 95 % of samples, by the normal form of the binomial.
    """
    rows = []
    for name, p in predictions.items():
        place = bins(p)
        for bin_ in np.unique(place):
            inside = np.sort(y[place == bin_])
            n = len(inside)
            reach = _Z * np.sqrt(n * level * (1 - level))
            ranks = np.ceil(np.array([0, -reach, reach + 1]) + n * level - 1e-9).astype(int)
            observed, low, high = inside[np.clip(ranks - 1, 0, n - 1)].tolist()
            mean = float(p[place == bin_].mean())
            rows.append((name, int(bin_), mean, observed, low, high, n))
    columns = {"model": pl.String, "bin": pl.Int64, "predicted": pl.Float64}
    columns |= dict.fromkeys(("observed", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema={**columns, "n": pl.Int64}, orient="row")


def scores(y: Floats, predictions: Mapping[str, Floats]) -> pl.DataFrame:
    """``model``, ``label`` (0 or 1), ``left``, ``right``, ``share`` of the label's rows."""
    highest = max(float(p.max()) for p in predictions.values())
    edges = np.linspace(0.0, highest if 0 < highest <= 0.5 else 1.0, N_SCORE_BINS + 1)
    parts = []
    for name, p in predictions.items():
        for label in (0, 1):
            counts, _ = np.histogram(p[y == label], edges)
            columns = {"left": edges[:-1], "right": edges[1:], "share": counts / counts.sum()}
            parts.append(pl.DataFrame({"model": name, "label": str(label), **columns}))
    return pl.concat(parts)


def _cumulated(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """(hits, falls) at the end of each run of equal predictions, highest first."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    hits = np.cumsum(y[order])[last]
    return hits, last + 1 - hits


def _thinned(x: Floats, y: Floats) -> npt.NDArray[np.int64]:
    """Positions of points of the curve that lie about evenly along it, both ends among them."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    along = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    wanted = np.linspace(0.0, along[-1], MOST_POINTS)
    kept = np.searchsorted(along, wanted, side="left")
    return np.unique(np.append(np.minimum(kept, len(x) - 1), [0, len(x) - 1]))[-MOST_POINTS:]
