"""Metrics of several models on the same rows, with paired intervals and a verdict each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from proml_lab.contracts import Floats
from proml_lab.evaluate.bootstrap import interval, resampled_counts
from proml_lab.evaluate.metrics import Metric

BEST, WORSE, ALIKE = "best", "worse", "no detectable difference"
FIGURES = dict.fromkeys(
    ("value", "low", "high", "difference", "difference_low", "difference_high"), pl.Float64
)
COLUMNS = {
    "model": pl.String,
    "metric": pl.String,
    "group": pl.String,
    "direction": pl.String,
    **FIGURES,
    "verdict": pl.String,
    "n_rows": pl.Int64,
}


def measure(
    y: Floats,
    predictions: Mapping[str, Floats],
    metrics: Sequence[Metric],
    *,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """A row for each metric and model, in the columns `COLUMNS`.

    Parameters
    ----------
    y
        (n,) labels.
    predictions
        Model name to its (n,) predictions for the same rows.
    metrics
        What to compute.
    resamples, seed
        How many times the rows are drawn again, the same ones for every model and metric; with
        0 there are no intervals and no verdicts but ``best``.
    """
    pairs = [(metric, name) for metric in metrics for name in predictions]
    over = [metric.over(y, predictions[name]) for metric, name in pairs]
    once = np.ones((1, len(y)), np.uint8)
    values = np.array([float(function(once)[0]) for function in over])
    draws = np.empty((len(pairs), resamples))
    done = 0
    for counts in resampled_counts(len(y), resamples, seed=seed):
        for row, function in zip(draws, over, strict=True):
            row[done : done + len(counts)] = function(counts)
        done += len(counts)
    rows: list[dict[str, object]] = []
    for i, metric in enumerate(metrics):
        mine = slice(i * len(predictions), (i + 1) * len(predictions))
        found = _side_by_side(list(predictions), metric, values[mine], draws[mine])
        rows += [{**row, "n_rows": len(y)} for row in found]
    return pl.DataFrame(rows, schema=COLUMNS)


def _side_by_side(
    names: Sequence[str], metric: Metric, values: Floats, draws: Floats
) -> list[dict[str, object]]:
    """One row a model: its value, and its difference to the best where there are others."""
    sign = 1.0 if metric.direction == "higher" else -1.0
    best = None
    if len(names) > 1 and np.isfinite(values).any():
        best = int(np.argmax(np.where(np.isfinite(values), sign * values, -np.inf)))
    rows = []
    for i, name in enumerate(names):
        row: dict[str, object] = {"model": name, "metric": metric.name}
        row |= {"direction": metric.direction, "value": _known(values[i])}
        row |= _bounds("", interval(values[i], draws[i]), metric.limits)
        if best is not None and np.isfinite(values[i]):
            difference = values[i] - values[best]
            bounds = interval(difference, draws[i] - draws[best])
            row["difference"] = float(difference)
            row |= _bounds("difference_", bounds, (-np.inf, np.inf))
            row["verdict"] = BEST if i == best else _verdict(bounds, sign)
        rows.append(row)
    return rows


def _verdict(bounds: tuple[float, float] | None, sign: float) -> str | None:
    if bounds is None:
        return None
    return WORSE if max(sign * bounds[0], sign * bounds[1]) < 0 else ALIKE


def _bounds(
    prefix: str, bounds: tuple[float, float] | None, limits: tuple[float, float]
) -> dict[str, object]:
    if bounds is None:
        return {}
    return {f"{prefix}low": max(bounds[0], limits[0]), f"{prefix}high": min(bounds[1], limits[1])}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
